import { UserError } from "../errors.ts";
import type { Config } from "../config/schema.ts";
import { formatPath } from "../project/root.ts";
import type { Difference } from "../transfer/classify.ts";
import { openCourier } from "../transfer/courier.ts";
import { denoFs } from "../transfer/deno_fs.ts";
import { lookAt } from "../transfer/look.ts";
import { readRootRules } from "../transfer/root_rules.ts";
import type { CageRoot, CopyCage, Courier } from "../transfer/types.ts";
import { createIgnoreMatcher } from "../tree/ignore_rules.ts";
import type { CopyRecord } from "./record.ts";
import { openCopySite } from "./site.ts";
import type { CageContext } from "../cage/prepare.ts";

/** What differs in one directory of a cage, in numbers of paths. */
export type PendingDir = {
  name: string;
  /** What was made or changed inside since both sides were equal, and did not come out. */
  inner: number;
  /** What was deleted inside. */
  deleted: number;
  /** What the host changed since, and did not go in. */
  host: number;
  /** What both changed, each in its own way. */
  conflicts: number;
};

/**
 * Compares a cage's directories with the host, as `diff` does.
 *
 * @param options.only Name of the one directory that is looked at.
 * @throws {UserError} If one of the sides cannot be read.
 */
export async function observePending(
  copy: CopyRecord,
  context: CageContext,
  options: { only?: string } = {},
): Promise<PendingDir[]> {
  const { cage, config } = await openCopySite(copy, context);
  await using courier = await openCourier(cage, { signal: context.signal });
  const pending: PendingDir[] = [];
  for (const root of cage.roots) {
    if (options.only !== undefined && root.name !== options.only) continue;
    const differences = await compare(root, { cage, courier, config, context });
    pending.push({ name: root.name, ...countChanges(differences) });
  }
  return pending;
}

async function compare(
  root: CageRoot,
  options: { cage: CopyCage; courier: Courier; config: Config; context: CageContext },
): Promise<readonly Difference[]> {
  const { cage, courier, config, context: { host } } = options;
  try {
    const { differences } = await lookAt({
      cage,
      courier,
      root,
      target: root.hostPath,
      rules: await readRootRules(root, { host, config, direction: "out" }),
      fs: denoFs(),
      platform: host.platform,
    });
    // What must not be read inside is no change that waits to go in.
    const text = config.workspace.hide.map((pattern) => `${pattern}\n`).join("");
    const isHidden = createIgnoreMatcher([{ base: "", text, origin: "workspace.hide" }]);
    return differences.filter(({ path, side, host }) =>
      side !== "host" || isHidden(path, { directory: host?.kind === "dir" }) === undefined
    );
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
    throw new UserError(`Cannot compare ${root.name}: ${formatPath(root.hostPath)} is not there`, {
      hint: "Bring the directory back; its files inside can come out elsewhere with --output-dir",
      cause,
    });
  }
}

/** Counts differences by who made them. Pure. */
export function countChanges(differences: readonly Difference[]): Omit<PendingDir, "name"> {
  const counts = { inner: 0, deleted: 0, host: 0, conflicts: 0 };
  for (const { side, change, inner } of differences) {
    if (side === "both") counts.conflicts++;
    else if (side === "host") counts.host++;
    else if (change === "deleted" || inner === undefined) counts.deleted++;
    else counts.inner++;
  }
  return counts;
}

function isAbsent(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound) return true;
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
