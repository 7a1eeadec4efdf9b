import { acpActivity } from "./activities/acp.ts";
import { agentActivity } from "./activities/agents.ts";
import { copyActivity } from "./activities/copy.ts";
import { gatewayActivity } from "./activities/gateway.ts";
import { launchActivity } from "./activities/launch.ts";
import { configActivity, lookActivity, verifyActivity } from "./activities/looks.ts";
import { promoteActivity } from "./activities/promote.ts";
import { killActivity, sessionActivity } from "./activities/sessions.ts";
import type { Activity } from "./activity.ts";

/** All of them. Those with residents come first: what lives longest is watched longest. */
export const ACTIVITIES: readonly Activity[] = [
  gatewayActivity,
  promoteActivity,
  acpActivity,
  sessionActivity,
  killActivity,
  copyActivity,
  launchActivity,
  agentActivity,
  verifyActivity,
  configActivity,
  lookActivity,
];
