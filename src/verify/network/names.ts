import type { GuardedCase } from "../internet/guarded_suite.ts";

/** What asks for a name. */
export const NAME_CASES: readonly GuardedCase[] = [];
