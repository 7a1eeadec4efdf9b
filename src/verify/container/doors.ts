import type { Finding } from "../case.ts";
import type { ContainerViews } from "./facts.ts";

/**
 * Errors that a caller gets only after the kernel has let it through: the door is open, what was
 * asked for behind it is nonsense on purpose.
 */
const THROUGH = new Set(["ok", "EINVAL", "EFAULT", "ESTALE", "EBUSY", "ENOEXEC", "EBADF"]);

/** Whether the kernel let a try through. Pure. */
export function isThrough(outcome: string | undefined): boolean {
  return outcome !== undefined && THROUGH.has(outcome);
}

/**
 * Judges doors that must be closed to the agent and to root inside: of those the control could open
 * on this kernel, none may have opened. Pure.
 */
export function judgeDoors(
  doors: readonly string[],
  { agent, root, open }: ContainerViews,
): Finding {
  const provable = doors.filter((door) => isThrough(open.tries[door]));
  const evidence = doors.flatMap((door) => [
    ...formatOpen(door, { who: "the agent", outcome: agent.tries[door] }),
    ...formatOpen(door, { who: "root inside", outcome: root.tries[door] }),
  ]);
  return {
    held: evidence.length === 0,
    control: provable.length > 0,
    seen: `${doors.length} tried twice, ${provable.length} of them open to the control`,
    evidence,
  };
}

function formatOpen(
  door: string,
  { who, outcome }: { who: string; outcome: string | undefined },
): string[] {
  if (outcome === undefined) return [`${door} was not tried as ${who}`];
  return isThrough(outcome) ? [`${door} is open to ${who} (${outcome})`] : [];
}
