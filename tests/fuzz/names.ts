import { PLACEHOLDER_PREFIX } from "../../src/policy/protocol.ts";

/** The names of the campaign and what each may be used for, see {@link planFuzzPolicy}. */
export const NAMES = {
  /** Every method and path, opened to be looked at. */
  allowed: "allowed.test",
  /** One of `*.wild.test`. */
  wild: "one.wild.test",
  /** Gets the secret. */
  inject: "inject.test",
  /** GET below `/api/` only. */
  scoped: "scoped.test",
  /** Never opened. */
  splice: "splice.test",
  /** No rule names it. */
  evil: "evil.test",
} as const;

/** The real value: it may be at `inject.test`, over TLS, and nowhere else. */
export const SECRET = "canary-7f3c9d51e8b24a60-Zq9Wk2Vt";

/** What stands for it in the cage. */
export const PLACEHOLDER = `${PLACEHOLDER_PREFIX}${"c4n4ry".repeat(7).slice(0, 40)}`;
