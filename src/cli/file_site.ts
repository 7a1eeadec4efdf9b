import { dirname, resolve } from "node:path";
import { requireFilled } from "../copy/locate.ts";
import { openCopySite } from "../copy/site.ts";
import { refusePromoted } from "../promote/cage/site.ts";
import type { Config } from "../config/schema.ts";
import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { openCourier } from "../transfer/courier.ts";
import { denoFs } from "../transfer/deno_fs.ts";
import { type Look, lookAt } from "../transfer/look.ts";
import { readRootRules } from "../transfer/root_rules.ts";
import { lockTransfer, openTarget } from "../transfer/target.ts";
import { listTrackedIgnored } from "../transfer/tracked_ignored.ts";
import type { CageRoot, CopyCage, Courier } from "../transfer/types.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Recovery } from "../tree/recover.ts";
import type { CommandContext } from "./context.ts";
import { chooseCopyCage } from "./copy_choice.ts";
import { findMeant } from "./suggest.ts";

/** Which files of which cage a command is about, as it stands on its line. */
export type FileWords = {
  /** Name of the cage; by default the one of the project. */
  cage?: string | undefined;
  path?: string | undefined;
  /** Name of one directory; by default the project. */
  dir?: string | undefined;
  all: boolean;
  /** Another directory of the host than where the files came from. */
  outputDir?: string | undefined;
};

/** A cage whose files nobody else carries meanwhile. */
export type FileSite = AsyncDisposable & {
  cage: CopyCage;
  config: Config;
  courier: Courier;
  roots: readonly CageRoot[];
  fs: TreeFs;
};

/** A directory of a cage and one of the host, held and compared. */
export type FileRoot = Disposable & {
  root: CageRoot;
  target: string;
  look: Look;
  /** Files that the host's repository tracks and its ignore rules match. */
  tracked: readonly string[];
  /** Removes directories that were made for it, as far as nothing is in them: nothing came. */
  unmake(): Promise<void>;
};

/**
 * Opens the cage that a command is about.
 *
 * @throws {UserError} If there is none, or somebody else carries its files.
 */
export async function openFileSite(words: FileWords, context: CommandContext): Promise<FileSite> {
  const { host, io, signals } = context;
  const copy = requireFilled(await chooseCopyCage(words, host));
  refusePromoted(copy, "diff, export and sync");
  const { cage, config } = await openCopySite(copy, {
    host,
    io,
    ...(context.engineContext === undefined ? {} : { engineContext: context.engineContext }),
    ...(signals === undefined ? {} : { signal: signals.signal }),
  });
  const roots = chooseRoots(cage, words);
  const lock = await lockTransfer(cage);
  // Its program takes its time to start: the rules of the host are read meanwhile.
  const courier = await openCourier(cage, { signal: signals?.signal, begins: true })
    .catch((error) => {
      lock[Symbol.dispose]();
      throw error;
    });
  for (const { root, recovery } of lock.recovered) sayRecovery(recovery, { io, target: root });
  return {
    cage,
    config,
    courier,
    roots,
    fs: denoFs(),
    async [Symbol.asyncDispose]() {
      await courier[Symbol.asyncDispose]();
      lock[Symbol.dispose]();
    },
  };
}

/**
 * Chooses the directories that a command line means. Pure.
 *
 * @throws {UserError} If it names none that there is.
 */
export function chooseRoots(
  cage: Pick<CopyCage, "name" | "roots">,
  words: Pick<FileWords, "dir" | "all" | "outputDir">,
): readonly CageRoot[] {
  const { dir, all, outputDir } = words;
  if (all && dir !== undefined) throw usage("--dir and --all contradict each other", "Give one");
  if (all && outputDir !== undefined && cage.roots.length > 1) {
    throw usage("--output-dir takes the files of one directory", "Choose it with --dir");
  }
  if (all) return cage.roots;
  if (dir === undefined) return cage.roots.slice(0, 1);
  const found = cage.roots.find(({ name }) => name === dir);
  if (found !== undefined) return [found];
  const names = cage.roots.map(({ name }) => name);
  const meant = findMeant(dir, names);
  throw usage(
    `The cage "${cage.name}" has no directory ${JSON.stringify(dir)}`,
    meant === undefined ? `It has: ${names.join(", ")}` : `Did you mean "${meant}"?`,
  );
}

/**
 * Holds a directory of the host, brings to its end what was cut in it, and compares it with the one
 * inside.
 *
 * @throws {UserError} If it is not there, or somebody else changes it.
 */
export async function openFileRoot(
  site: FileSite,
  root: CageRoot,
  options: {
    context: CommandContext;
    words: Pick<FileWords, "outputDir">;
    direction: "in" | "out";
    includeCache: boolean;
    protect: readonly string[];
    /** Makes the other directory when it is not there. Defaults to false. */
    makes?: boolean;
  },
): Promise<FileRoot> {
  const { context, words } = options;
  const { host } = context;
  const wanted = words.outputDir === undefined ? root.hostPath : resolve(host.cwd, words.outputDir);
  await requireDirectory(
    root.hostPath,
    "The files of the cage came from there; to carry them elsewhere: --output-dir",
  );
  const made = options.makes === true && wanted !== root.hostPath ? await makeDirs(wanted) : [];
  if (wanted !== root.hostPath) {
    await requireDirectory(wanted, `Make it first: mkdir ${formatPath(wanted)}`);
  }
  const target = await openTarget(site.cage, wanted, { fs: site.fs });
  try {
    // git is asked meanwhile; it never fails.
    const listed = listTrackedIgnored(root.hostPath, { env: host.env });
    const rules = await readRootRules(root, { ...options, host, config: site.config });
    const look = await lookAt({
      cage: site.cage,
      courier: site.courier,
      root,
      target: target.root,
      rules,
      fs: site.fs,
      platform: host.platform,
    });
    return {
      root,
      target: target.root,
      look,
      tracked: await listed,
      unmake: () => removeEmpty(made),
      [Symbol.dispose]: () => target[Symbol.dispose](),
    };
  } catch (error) {
    target[Symbol.dispose]();
    throw error;
  }
}

function sayRecovery(
  recovery: Recovery,
  { io, target }: Pick<CommandContext, "io"> & { target: string },
): void {
  switch (recovery.kind) {
    case "none":
      return;
    case "finished":
      io.talk(`An export to ${formatPath(target)} that was cut is brought to its end`);
      for (const { path, copy } of recovery.kept) {
        const instead = copy === undefined
          ? ""
          : `; what came from the cage is ${formatPath(copy)}`;
        io.warn(`Changed since and left as it is: ${formatPath(path)}${instead}`);
      }
      return;
    case "undone":
      io.warn(
        `An export to ${formatPath(target)} that was cut could not be finished and was taken back` +
          (recovery.copy === undefined ? "" : `; what came is in ${formatPath(recovery.copy)}`),
      );
      return;
    default:
      recovery satisfies never;
  }
}

/** Makes a directory with those above it; answers with what was not there, the deepest first. */
async function makeDirs(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let dir = path; !await isThere(dir); dir = dirname(dir)) missing.push(dir);
  await Deno.mkdir(path, { recursive: true });
  return missing;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // Whatever it is, making it says so.
    return true;
  }
}

async function removeEmpty(dirs: readonly string[]): Promise<void> {
  for (const dir of dirs) {
    try {
      await Deno.remove(dir);
    } catch {
      // Somebody put something there meanwhile, and what is above it stays, too.
      return;
    }
  }
}

async function requireDirectory(path: string, hint: string): Promise<void> {
  const stat = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  });
  if (stat?.isDirectory === true) return;
  throw usage(`There is no directory ${formatPath(path)}`, hint);
}

function usage(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}
