import type { GuardedCase } from "../internet/guarded_suite.ts";
import { CALL_CASES } from "./calls.ts";
import { CHANGE_CASES } from "./change.ts";
import { INSIDE_CASES } from "./inside.ts";
import { CROWD_CASES } from "./crowd.ts";
import { FAILURE_CASES } from "./failure.ts";
import { FRAME_CASES } from "./frames.ts";
import { HELLO_CASES } from "./hellos.ts";
import { MULTIPLEXED_CASES } from "./multiplexed.ts";
import { MACHINE_CASES } from "./machine.ts";
import { NAME_CASES } from "./names.ts";
import { PATH_CASES } from "./paths.ts";
import { PROXY_CASES } from "./proxy.ts";
import { REACH_CASES } from "./reach.ts";
import { REQUEST_CASES } from "./requests.ts";
import { TUNNEL_CASES } from "./tunnels.ts";
import { UPGRADE_CASES } from "./upgrades.ts";
import { WEB_CASES } from "./web.ts";

/** Every case of the network, in the order of reports. */
export const NETWORK_CASES: readonly GuardedCase[] = [
  ...REACH_CASES,
  ...INSIDE_CASES,
  ...CALL_CASES,
  ...CHANGE_CASES,
  ...FRAME_CASES,
  ...MACHINE_CASES,
  ...NAME_CASES,
  ...PROXY_CASES,
  ...TUNNEL_CASES,
  ...REQUEST_CASES,
  ...PATH_CASES,
  ...WEB_CASES,
  ...FAILURE_CASES,
  ...HELLO_CASES,
  ...UPGRADE_CASES,
  ...MULTIPLEXED_CASES,
  ...CROWD_CASES,
].toSorted((a, b) => a.id.localeCompare(b.id));
