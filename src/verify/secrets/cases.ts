import { COMING_BACK_CASES } from "./coming_back.ts";
import type { SecretCase } from "./given.ts";
import { GOING_OUT_CASES } from "./going_out.ts";
import { KEPT_CASES } from "./kept.ts";
import { LEAVING_CASES } from "./leaving.ts";
import { REFUSED_CASES } from "./refused.ts";
import { STRANGER_CASES } from "./strangers.ts";
import { THEFT_CASES } from "./theft.ts";

/** Every case of secrets, in the order of reports. */
export const SECRET_CASES: readonly SecretCase[] = [
  ...KEPT_CASES,
  ...GOING_OUT_CASES,
  ...COMING_BACK_CASES,
  ...LEAVING_CASES,
  ...REFUSED_CASES,
  ...STRANGER_CASES,
  ...THEFT_CASES,
].toSorted((a, b) => a.id.localeCompare(b.id));
