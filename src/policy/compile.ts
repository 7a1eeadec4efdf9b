import type { PolicyDocument } from "./document.ts";

/** The compiled, immutable rules of one document; opaque, see decide.ts. */
export type Policy = { readonly document: PolicyDocument };

/** Compiles a document, or says everything that is wrong with it. */
export function compilePolicy(
  _document: PolicyDocument,
): { ok: true; policy: Policy } | { ok: false; problems: string[] } {
  return { ok: false, problems: [] };
}
