import type { Case } from "./case.ts";
import { CONFIG_CASES } from "./config/cases.ts";
import { CONTAINER_CASES } from "./container/cases.ts";
import { NETWORK_CASES } from "./network/cases.ts";
import { WORKSPACE_CASES } from "./workspace/cases.ts";

/** Every case, in the order of reports. */
export const CASES: readonly Case[] = [
  ...NETWORK_CASES,
  ...CONTAINER_CASES,
  ...WORKSPACE_CASES,
  ...CONFIG_CASES,
];
