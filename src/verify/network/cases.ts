import type { GuardedCase } from "../internet/guarded_suite.ts";
import { INSIDE_CASES } from "./inside.ts";
import { NAME_CASES } from "./names.ts";
import { PATH_CASES } from "./paths.ts";
import { PROXY_CASES } from "./proxy.ts";
import { REACH_CASES } from "./reach.ts";
import { REQUEST_CASES } from "./requests.ts";
import { THEFT_CASES } from "./theft.ts";
import { TUNNEL_CASES } from "./tunnels.ts";
import { WEB_CASES } from "./web.ts";

/** Every case of the network, in the order of reports. */
export const NETWORK_CASES: readonly GuardedCase[] = [
  ...REACH_CASES,
  ...INSIDE_CASES,
  ...NAME_CASES,
  ...PROXY_CASES,
  ...TUNNEL_CASES,
  ...REQUEST_CASES,
  ...THEFT_CASES,
  ...PATH_CASES,
  ...WEB_CASES,
].toSorted((a, b) => a.id.localeCompare(b.id));
