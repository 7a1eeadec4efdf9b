import type { GuardedCase } from "../internet/guarded_suite.ts";

/** What goes through the proxy. */
export const PROXY_CASES: readonly GuardedCase[] = [];
