import type { GuardedCase } from "../internet/guarded_suite.ts";
import { NAME_CASES } from "./names.ts";
import { PROXY_CASES } from "./proxy.ts";
import { REACH_CASES } from "./reach.ts";

/** Every case of the network, in the order of reports. */
export const NETWORK_CASES: readonly GuardedCase[] = [
  ...REACH_CASES,
  ...NAME_CASES,
  ...PROXY_CASES,
].toSorted((a, b) => a.id.localeCompare(b.id));
