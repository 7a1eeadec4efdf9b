import type { PolicyDocument } from "./document.ts";

/** The compiled, immutable rules of one document. Filled in by the policy work; opaque to callers. */
export type Policy = { readonly document: PolicyDocument };
