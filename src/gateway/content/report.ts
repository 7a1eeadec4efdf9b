import type { InspectAction } from "../../policy/document.ts";
import { BlockedError, type Finding } from "../context.ts";

/** Takes what was found; throws what blocks. */
export type Report = (finding: Finding | null) => void;

/** Tells each finding that does not block once; the first that does ends the request. */
export function createReport(onFlag: (finding: Finding) => void): Report {
  const told = new Set<string>();
  return (finding) => {
    if (finding === null) return;
    if (finding.action === "block") throw new BlockedError(finding);
    if (told.has(finding.detail)) return;
    told.add(finding.detail);
    onFlag(finding);
  };
}

/** A finding as strict as its inspector is set; `null` when that is off. */
export function toFinding(action: InspectAction, about: Omit<Finding, "action">): Finding | null {
  return action === "off" ? null : { action, ...about };
}
