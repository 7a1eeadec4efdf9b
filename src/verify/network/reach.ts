import type { GuardedCase } from "../internet/guarded_suite.ts";

/** What reaches an address. */
export const REACH_CASES: readonly GuardedCase[] = [];
