import { join } from "node:path";
import { run } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir } from "../files.ts";
import { INSIDE } from "../names.ts";
import { comparePaths, type TreeEntry, withExecutable } from "../tree/entry.ts";
import { createTarWriter } from "../tree/tar_write.ts";
import { denoFs } from "../transfer/deno_fs.ts";
import { cloneRepository } from "./clone.ts";
import { parseRepositoryAddress } from "./url.ts";
import { type DotfilesPlan, planDotfiles } from "./dotfiles_plan.ts";
import { planAccess } from "../cage/home_files.ts";
import { type CageContext, findHome, type PreparedCage } from "../cage/prepare.ts";
import { cageDir } from "../cage/store.ts";

/** The cage whose home gets them. */
export type DotfilesCage = Pick<PreparedCage, "id" | "engine" | "images" | "user" | "wanted">;

/** Where the repository itself lies in the home: install scripts expect to stand in it. */
const REPOSITORY = ".dotfiles";

/** Says in the home which script the next start runs; read by images/agent/cage-desk. */
const INSTALL_MARK = ".cache/cage/dotfiles-install";

/** Most that a home gets, in bytes and in entries: configuration, not an archive. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ENTRIES = 20_000;

/** How long a home may take to be written, in milliseconds. */
const WRITE_MS = 120_000;

/**
 * Brings a dotfiles repository into the home of a cage: cloned on the host with its newest state
 * alone, without `.git`, copied in, its install script kept for the first start. The clone is removed
 * again.
 *
 * @throws {UserError} If it cannot be cloned, is too large, or the home cannot be written.
 */
export async function applyDotfiles(
  cage: DotfilesCage,
  url: string,
  { context }: { context: CageContext },
): Promise<DotfilesPlan> {
  const { host, io, signal } = context;
  const address = parseRepositoryAddress(url, { cwd: host.cwd });
  const parent = cageDir(host.stateDir, cage.id);
  await ensurePrivateDir(parent);
  const clone = await Deno.makeTempDir({ dir: parent, prefix: "dotfiles-" });
  try {
    const root = join(clone, "repository");
    await cloneRepository(address, root, { git: { host, run }, io, signal, depth: 1 });
    const entries = listEntries(root);
    const plan = planDotfiles(entries);
    using step = io.progress("Copying dotfiles into the home");
    await writeHome(cage, packHome(root, { entries, plan }));
    step.done(formatDone(plan));
    for (const path of plan.clashes) io.warn(`Two packages of the dotfiles bring ~/${path}`);
    return plan;
  } finally {
    await Deno.remove(clone, { recursive: true }).catch(() => {});
  }
}

function formatDone({ layout, packages, copies, install }: DotfilesPlan): string {
  const what = layout === "stow" ? `packages ${packages.join(", ")}` : `${copies.length} files`;
  return install === undefined ? what : `${what}; ${install} runs at the first start`;
}

/** Everything in a clone but git's own, in the order of streams. */
function listEntries(root: string): TreeEntry[] {
  const fs = denoFs();
  const entries: TreeEntry[] = [];
  let bytes = 0;
  const visit = (dir: string) => {
    for (const name of fs.list(join(root, dir))) {
      // What is no text has no name in a stream.
      if (typeof name !== "string" || name === ".git") continue;
      const path = dir === "" ? name : `${dir}/${name}`;
      const stat = fs.lstat(join(root, path));
      if (stat === undefined || stat.kind === "other") continue;
      const { kind, mode, size, mtimeMs, ctimeMs } = stat;
      bytes += kind === "file" ? size : 0;
      entries.push({
        path,
        kind,
        mode: kind === "file" ? withExecutable(0o644, (mode & 0o100) !== 0) : 0o755,
        size: kind === "file" ? size : 0,
        mtimeMs: Math.floor(mtimeMs),
        ctimeMs,
        ...(kind === "link" ? { target: fs.readLink(join(root, path)) } : {}),
      });
      if (entries.length > MOST_ENTRIES || bytes > MOST_BYTES) throw tooLarge();
      if (kind === "dir") visit(path);
    }
  };
  visit("");
  return entries.sort((a, b) => comparePaths(a.path, b.path));
}

/** The stream a home is made of: the repository, its files at their places, the mark. */
function packHome(
  root: string,
  { entries, plan }: { entries: readonly TreeEntry[]; plan: DotfilesPlan },
): Uint8Array<ArrayBuffer> {
  const tar = createTarWriter();
  const parts: Uint8Array[] = [];
  const known = new Map(entries.map((entry) => [entry.path, entry]));
  const add = (entry: TreeEntry, content: Uint8Array) => {
    parts.push(
      tar.header({ ...entry, size: content.length }),
      content,
      tar.padding(content.length),
    );
  };
  const contentOf = ({ path, kind }: TreeEntry) =>
    kind === "file" ? Deno.readFileSync(join(root, path)) : new Uint8Array();
  add(directory(REPOSITORY), new Uint8Array());
  for (const entry of entries) {
    add({ ...entry, path: `${REPOSITORY}/${entry.path}` }, contentOf(entry));
  }
  for (const { from, to } of plan.copies) {
    const entry = known.get(from)!;
    add({ ...entry, path: to }, contentOf(entry));
  }
  if (plan.install !== undefined) {
    for (const path of [".cache", ".cache/cage"]) add(directory(path), new Uint8Array());
    const text = new TextEncoder().encode(`${plan.install}\n`);
    add({ ...directory(INSTALL_MARK), kind: "file", mode: 0o600 }, text);
  }
  parts.push(tar.end());
  const packed = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

function directory(path: string): TreeEntry {
  return { path, kind: "dir", mode: 0o755, size: 0, mtimeMs: Date.now(), ctimeMs: 0 };
}

async function writeHome(cage: DotfilesCage, stream: Uint8Array): Promise<void> {
  const home = { volume: findHome(cage), image: cage.images.final.ref, user: cage.user };
  const script = 'exec tar --extract --file=- --directory="$1" --no-same-owner';
  const access = planAccess(home, { script, args: [INSIDE.home] });
  const result = await cage.engine.docker(access, { stdin: stream, timeoutMs: WRITE_MS });
  if (result.code === 0) return;
  throw new UserError(`Cannot copy the dotfiles into the home: ${result.stderr.trim()}`, {
    hint: "Run: sandcage doctor",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

function tooLarge(): UserError {
  return new UserError(
    `The dotfiles are larger than ${MOST_BYTES / 1024 / 1024} MiB or ${MOST_ENTRIES} files`,
    { hint: "Give a repository with configuration alone in attach.dotfiles", exit: EXIT.config },
  );
}
