import type { Config } from "../config/schema.ts";
import { baseFile, findBase } from "../transfer/base.ts";
import { openCourier } from "../transfer/courier.ts";
import { denoFs } from "../transfer/deno_fs.ts";
import { fillCage } from "../transfer/fill.ts";
import type { HostRules } from "../transfer/host_rules.ts";
import { formatBytes, formatTransfer } from "../transfer/progress.ts";
import { readRootRules } from "../transfer/root_rules.ts";
import { findTrackedIgnored } from "../transfer/tracked_ignored.ts";
import type { CageRoot, CopyCage, Courier } from "../transfer/types.ts";
import { createIgnoreMatcher, type IgnoreMatcher } from "../tree/ignore_rules.ts";
import type { RuleSource } from "../tree/rules.ts";
import { readSmallFile } from "../tree/small_file.ts";
import { fillRepository } from "./repository.ts";
import type { HostGit } from "../cage/host_git.ts";
import type { CageContext } from "../cage/prepare.ts";

/** What came into a cage of one directory. */
export type FilledRoot = CageRoot & {
  files: number;
  bytes: number;
  /** What stayed on the host, each with the reason. */
  leftOut: readonly string[];
  /** Paths that could not come in. */
  failed: readonly string[];
  /** Files that git tracks and its ignore rules kept outside all the same. */
  tracked: readonly string[];
};

/** What directories are filled with. */
export type FillContext = {
  courier: Courier;
  config: Pick<Config, "workspace">;
  context: CageContext;
};

/**
 * Fills a new cage: its directories, then a repository of its own.
 *
 * @returns What came in, and the commit that the repository begins with.
 */
export async function fillNewCage(
  cage: CopyCage,
  options: {
    config: Pick<Config, "workspace">;
    context: CageContext;
    git: HostGit;
    hasRepository: boolean;
  },
): Promise<{ filled: FilledRoot[]; baseCommit: string | undefined }> {
  const { config, context, git } = options;
  await using courier = await openCourier(cage, { signal: context.signal });
  const filled: FilledRoot[] = [];
  for (const root of cage.roots) {
    filled.push(await fillRoot(cage, root, { courier, config, context }));
  }
  if (!options.hasRepository) return { filled, baseCommit: undefined };
  using step = context.io.progress("Copying the history of its branch");
  const project = cage.roots[0]!;
  const rules = await readRules(project, { config, context });
  const isLeftOut = readMatcher(cage, project, rules);
  const failed = filled[0]!.failed;
  const baseCommit = await fillRepository(cage, {
    git,
    courier,
    isLeftOut: (path) =>
      isLeftOut(path, { directory: false }) !== undefined ||
      failed.some((other) => path === other || path.startsWith(`${other}/`)),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  step.done(baseCommit?.slice(0, 12) ?? "no commit yet");
  return { filled, baseCommit };
}

/** Copies one directory of the host into a cage, and remembers it as what both have in common. */
export async function fillRoot(
  cage: CopyCage,
  root: CageRoot,
  options: FillContext,
): Promise<FilledRoot> {
  const { courier, context } = options;
  const rules = await readRules(root, options);
  using step = context.io.progress(`Copying ${root.name}`);
  const { files, bytes, problems } = await fillCage(cage, root, {
    courier,
    rules,
    fs: denoFs(),
    platform: context.host.platform,
    onProgress: (state) => step.update(formatTransfer(state)),
  });
  step.done(`${files === 1 ? "1 file" : `${files} files`}, ${formatBytes(bytes)}`);
  const isLeftOut = readMatcher(cage, root, rules);
  const { env } = context.host;
  const [left, tracked] = await Promise.all([
    listLeftOut(root, isLeftOut),
    findTrackedIgnored(root.hostPath, { env, isLeftOut }),
  ]);
  const told = problems.map(({ path, problem }) => `${path} (${problem})`);
  return {
    ...root,
    files,
    bytes,
    leftOut: shorten([...left, ...told]),
    failed: problems.map(({ path }) => path),
    tracked,
  };
}

function readRules(
  root: CageRoot,
  { config, context: { host } }: Pick<FillContext, "config" | "context">,
): Promise<HostRules> {
  return readRootRules(root, { host, config, direction: "in" });
}

/** The rules that a directory was filled with, those of its own `.gitignore` files included. */
function readMatcher(
  cage: Pick<CopyCage, "dir">,
  root: CageRoot,
  { before, after }: HostRules,
): IgnoreMatcher {
  const fs = denoFs();
  using base = findBase(baseFile(cage.dir, { root }));
  const nested = (base?.ignoreFiles ?? []).flatMap((dir): RuleSource[] => {
    const origin = dir === "" ? ".gitignore" : `${dir}/.gitignore`;
    const text = readSmallFile(`${root.hostPath}/${origin}`, { fs, mostBytes: MOST_RULE_BYTES });
    return text === undefined ? [] : [{ base: dir, text, origin }];
  });
  return createIgnoreMatcher([...before, ...nested, ...after]);
}

/** A `.gitignore` that is larger is no such file. */
const MOST_RULE_BYTES = 4 << 20;

/** What is at the top of a directory and did not come in: the most a line can tell. */
async function listLeftOut(root: CageRoot, matcher: IgnoreMatcher): Promise<string[]> {
  const left: string[] = [];
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(root.hostPath))) {
    if (name === ".git") continue;
    const source = matcher(name, { directory: isDirectory });
    if (source !== undefined) left.push(`${name} (${source.origin})`);
  }
  return left.sort();
}

const MOST_LEFT_OUT = 8;

function shorten(words: readonly string[]): string[] {
  if (words.length <= MOST_LEFT_OUT) return [...words];
  return [...words.slice(0, MOST_LEFT_OUT), `and ${words.length - MOST_LEFT_OUT} more`];
}
