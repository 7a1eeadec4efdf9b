import type { Case } from "./case.ts";
import { CONFIG_CASES } from "./config/cases.ts";
import { CONTAINER_CASES } from "./container/cases.ts";

/** Every case, in the order of reports. */
export const CASES: readonly Case[] = [...CONTAINER_CASES, ...CONFIG_CASES];
