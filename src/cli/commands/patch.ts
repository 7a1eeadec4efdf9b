import { join, resolve } from "node:path";
import { makePatches, PATCHES_ROOT, type PatchSet, rememberTaken } from "../../copy/patch.ts";
import type { CopyRecord } from "../../copy/record.ts";
import { EXIT, UserError } from "../../errors.ts";
import { formatPath } from "../../project/root.ts";
import { listPatches, type PatchFile, readPatches, writePatches } from "../../transfer/patches.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { type FileSite, openFileSite } from "../file_site.ts";
import { formatCount } from "../output.ts";

/** Which commits, and where they go. */
export type PatchOptions = {
  cage?: string | undefined;
  path?: string;
  /** Ref or commit inside; by default the commit the cage began with. */
  base?: string | undefined;
  outputDir?: string | undefined;
  stdout: boolean;
};

/** Where patches go by default, below the current directory. */
const PATCHES_DIR = ".sandcage-patches";

/** `sandcage patch`: the commits of a cage as patches for `git am`; nothing is applied. */
export async function runPatch(options: PatchOptions, context: CommandContext): Promise<number> {
  const { host, io, signals } = context;
  if (options.stdout && options.outputDir !== undefined) {
    throw usage("--output-dir and --stdout contradict each other", "Give one");
  }
  const copy = await chooseCopyCage(options, host);
  await using site = await openFileSite({ ...options, outputDir: undefined, all: true }, context);
  const about = { ...context, ...(signals === undefined ? {} : { signal: signals.signal }) };
  try {
    using step = io.progress(`Making patches in ${copy.name}`);
    const patches = await makePatches(copy, { base: options.base, context: about });
    step.done();
    if (patches.kind === "nothing") {
      io.talk(`There is nothing to make patches of: ${describeNothing(patches, options)}`);
      return EXIT.ok;
    }
    if (patches.kind !== "made") throw patchError(patches, copy, options);
    const files = await listPatches(site.courier, PATCHES_ROOT);
    const isKept = options.stdout
      ? await print(files, { site, options, context })
      : await keep(files, { site, options, context });
    warnAboutRest(patches, copy, context);
    if (isKept && patches.isWhole) {
      await rememberTaken(copy, patches.head, { stateDir: host.stateDir });
    }
    return EXIT.ok;
  } finally {
    await site.courier.remove("", [PATCHES_ROOT]);
  }
}

type Work = { site: FileSite; options: PatchOptions; context: CommandContext };

/** On a terminal, with nothing in it that acts on one: then nobody has them yet. */
async function print(
  files: readonly PatchFile[],
  { site, context: { host, io } }: Work,
): Promise<boolean> {
  const patches = await readPatches(site.courier, { root: PATCHES_ROOT, files });
  if (!host.tty.stdout) {
    // Patches are not always text.
    for (const bytes of patches) writeBytes(bytes);
    return true;
  }
  for (const bytes of patches) {
    const lines = new TextDecoder().decode(bytes).split("\n");
    io.out(lines.map((line) => visibleText(line)).join("\n"));
  }
  return false;
}

function writeBytes(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function keep(
  files: readonly PatchFile[],
  { site, options, context: { host, io } }: Work,
): Promise<boolean> {
  const { cage, courier, fs } = site;
  const own = join(host.cwd, PATCHES_DIR);
  const dir = options.outputDir === undefined
    ? join(own, cage.name)
    : resolve(host.cwd, options.outputDir);
  await Deno.mkdir(dir, { recursive: true });
  // They are nobody's work tree: git and sync pass them by.
  if (options.outputDir === undefined) await ignoreAll(own);
  const { written, present } = await writePatches({
    cage,
    courier,
    root: PATCHES_ROOT,
    files,
    dir,
    fs,
    platform: host.platform,
  });
  io.out([...written, ...present].sort().map((name) => join(dir, name)).join("\n"));
  const known = present.length === 0 ? "" : `, ${present.length} of them there already`;
  io.talk(
    `${files.length === 1 ? "1 patch" : `${files.length} patches`} in ${
      formatPath(dir)
    }${known}; to apply them: git am ${join(dir, "*.patch")}`,
  );
  return true;
}

async function ignoreAll(dir: string): Promise<void> {
  try {
    await Deno.writeTextFile(join(dir, ".gitignore"), "*\n", { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

function warnAboutRest(
  { merges, elsewhere }: Extract<PatchSet, { kind: "made" }>,
  { name }: CopyRecord,
  { io }: CommandContext,
): void {
  if (merges > 0) {
    io.warn(
      `${formatCount(merges, "merge")} in between: how conflicts were settled there is in no patch`,
    );
  }
  if (elsewhere > 0) {
    io.warn(`${formatCount(elsewhere, "commit")} of other branches in ${name} not among them`);
  }
}

function describeNothing(
  patches: Extract<PatchSet, { kind: "nothing" }>,
  { base }: PatchOptions,
): string {
  switch (patches.reason) {
    case "no repository":
      return "there is no repository inside";
    case "no commit":
      return "there is no commit inside";
    case "not ahead":
      return `no commit is ahead of ${base ?? "what the cage began with"}` +
        (patches.merges > 0 ? `, but for ${formatCount(patches.merges, "merge")}` : "");
    default:
      return patches.reason satisfies never;
  }
}

function patchError(
  patches: Extract<PatchSet, { kind: "bad base" | "failed" }>,
  { name }: CopyRecord,
  { base }: PatchOptions,
): UserError {
  if (patches.kind === "failed") {
    return new UserError(`git in "${name}" cannot make patches: ${visibleText(patches.reason)}`, {
      hint: `Look at the repository there: sandcage shell --name ${name}\n` +
        `Or take it out as it is: sandcage salvage ${name}`,
    });
  }
  const refs = patches.refs.map((ref) => visibleText(ref)).join(", ");
  const there = refs === "" ? "no branch and no tag" : refs;
  return base === undefined
    ? usage(
      `The commit that "${name}" began with is not there any more`,
      `Name a base: --base with one of ${there}`,
    )
    : usage(`The base ${JSON.stringify(base)} is no commit in "${name}"`, `There are: ${there}`);
}

function usage(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}
