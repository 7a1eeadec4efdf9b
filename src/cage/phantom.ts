import { findText } from "../files.ts";
import type { Host } from "../host.ts";

/** The first id that is tried: above those of people, and inside what a rootless engine maps. */
const FIRST = 64_000;
const LAST = 64_999;

/**
 * Finds a user that the host does not have, for agents whose files are in a volume: should one ever
 * leave its cage, it is nobody.
 */
export async function findPhantomUser(
  host: Pick<Host, "platform">,
): Promise<{ uid: number; gid: number }> {
  if (host.platform !== "linux") return { uid: FIRST, gid: FIRST };
  const [users, groups, uids, gids] = await Promise.all(
    ["/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid"].map((path) =>
      findText(path).catch(() => undefined)
    ),
  );
  return planPhantomUser({
    taken: [...readIds(users), ...readIds(groups)],
    ranges: [...readRanges(uids), ...readRanges(gids)],
  });
}

/** Picks the first id that nobody has; the last one where all are taken. Pure. */
export function planPhantomUser(
  facts: { taken: readonly number[]; ranges: readonly { start: number; count: number }[] },
): { uid: number; gid: number } {
  const taken = new Set(facts.taken);
  let id = FIRST;
  while (id < LAST && (taken.has(id) || facts.ranges.some((range) => isWithin(id, range)))) id++;
  return { uid: id, gid: id };
}

function isWithin(id: number, { start, count }: { start: number; count: number }): boolean {
  return id >= start && id < start + count;
}

/** The third field of each line of passwd or group. */
function readIds(text = ""): number[] {
  return text.split("\n").map((line) => Number(line.split(":")[2])).filter(Number.isInteger);
}

/** @see {@link https://man7.org/linux/man-pages/man5/subuid.5.html} */
function readRanges(text = ""): { start: number; count: number }[] {
  return text.split("\n").flatMap((line) => {
    const [, start, count] = line.split(":").map(Number);
    return Number.isInteger(start) && Number.isInteger(count)
      ? [{ start: start!, count: count! }]
      : [];
  });
}
