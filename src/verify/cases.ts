import { ACP_CASES } from "./acp/cases.ts";
import type { Case } from "./case.ts";
import { CONFIG_CASES } from "./config/cases.ts";
import { CONTAINER_CASES } from "./container/cases.ts";
import { NETWORK_CASES } from "./network/cases.ts";
import { PROMOTION_CASES } from "./promotion/cases.ts";
import { SECRET_CASES } from "./secrets/cases.ts";
import { WORKSPACE_CASES } from "./workspace/cases.ts";

/** Every case, in the order of reports. */
export const CASES: readonly Case[] = [
  ...NETWORK_CASES,
  ...SECRET_CASES,
  ...CONTAINER_CASES,
  ...WORKSPACE_CASES,
  ...PROMOTION_CASES,
  ...ACP_CASES,
  ...CONFIG_CASES,
];
