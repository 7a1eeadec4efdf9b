import { dirname, join } from "node:path";
import type { PreparedCage } from "../../cage/prepare.ts";
import type { Config } from "../../config/schema.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ProcessResult } from "../../engine/process.ts";
import { CONFIG_FILE } from "../../names.ts";
import { pause } from "../../pause.ts";
import { makeInapplicable, type OpenSuite } from "../case.ts";
import { listSessionContainers, removeMade } from "../made.ts";
import { formatEngineConfig, makeSelf, planPlace, type SelfPlace } from "../self.ts";
import { type HostTree, observeHostTree } from "./landing.ts";
import script from "./mounted.sh" with { type: "text" };
import { judgeMounted, type Mounted } from "./mounted_judge.ts";
import { type MountedProject, planMountedProject, SAVED } from "./mounted_project.ts";

/** Upper bounds of what is tried inside, and of the end after a mask was lost, in milliseconds. */
const TRY_MS = 60_000;
const END_MS = 10_000;

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 50;

/**
 * Opens a session in a project of its own that hides and protects some of its files, and lets its
 * agent and root inside do their worst.
 *
 * @param root Where to make it.
 */
export async function openMounted(cage: PreparedCage, root: string): Promise<OpenSuite> {
  const { engine } = cage;
  if (!await engine.isLocal()) {
    return makeInapplicable("this engine mounts nothing of this machine");
  }
  const place = planPlace(join(root, "mounted"));
  await using stack = new AsyncDisposableStack();
  await makePlace(place, cage);
  stack.defer(() => removeMade(place, engine));
  const mounted = await play(place, engine);
  const owned = stack.move();
  return {
    check: () => Promise.resolve(judgeMounted(mounted)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Removes what a run has made on the engine below a directory. */
export async function clearMounted(root: string, engine: Engine): Promise<void> {
  await removeMade(planPlace(join(root, "mounted")), engine);
}

async function makePlace(place: SelfPlace, { config, engine }: PreparedCage): Promise<void> {
  const project = planMountedProject(engine.capabilities.flavor);
  await Deno.mkdir(place.cwd, { recursive: true });
  await Deno.mkdir(place.stateDir, { mode: 0o700 });
  await Deno.writeTextFile(
    join(place.stateDir, CONFIG_FILE.user),
    formatConfig(project, config),
  );
  for (const [path, text] of Object.entries(project.files)) {
    await makeReadable(dirname(path), place);
    await Deno.writeTextFile(join(place.cwd, path), text);
    await Deno.chmod(join(place.cwd, path), 0o644);
  }
  for (const [path, target] of Object.entries(project.links)) {
    await Deno.symlink(target, join(place.cwd, path));
  }
}

/** Whatever the umask here is: root inside, who may not pass over rights, could read what it finds. */
async function makeReadable(dir: string, { cwd }: SelfPlace): Promise<void> {
  await Deno.mkdir(join(cwd, dir), { recursive: true });
  for (let at = dir; at !== "."; at = dirname(at)) await Deno.chmod(join(cwd, at), 0o755);
  await Deno.chmod(cwd, 0o755);
}

function formatConfig({ hide, readonly }: MountedProject, config: Config): string {
  return 'home = "project"\n[network]\nmode = "none"\n' +
    `[workspace]\nmode = "mount"\ngit = "protected"\nhide = ${JSON.stringify(hide)}\n` +
    `readonly = ${JSON.stringify(readonly)}\n` +
    formatEngineConfig(config);
}

async function play(place: SelfPlace, engine: Engine): Promise<Mounted> {
  const before = await observeProject(place);
  const session = follow(makeSelf(place)(["shell", "--", "sh", "-c", script, "sh", "agent"]));
  try {
    const agent = await readSeen(place, session);
    const root = await tryAsRoot(place, engine);
    const during = await observeProject(place);
    await saveAnew(place);
    const quit = new AbortController();
    await Promise.race([session.ended, pause(END_MS, quit.signal)]);
    quit.abort();
    await endSession(place);
    const { code, stderr } = await session.ended;
    return {
      read: { "the agent": agent, "root inside": root },
      before,
      during,
      after: await observeProject(place),
      end: { code, said: stderr },
    };
  } finally {
    await endSession(place);
    await session.ended.catch(() => {});
  }
}

/** A command that runs, and how it ended once it has. */
type Followed = { ended: Promise<ProcessResult>; result?: ProcessResult };

function follow(ended: Promise<ProcessResult>): Followed {
  const followed: Followed = { ended };
  ended.then((result) => followed.result = result, () => {});
  return followed;
}

/** Waits for what the agent could read. */
async function readSeen({ cwd }: SelfPlace, session: Followed): Promise<string> {
  const deadline = Date.now() + TRY_MS;
  for (;;) {
    const { result } = session;
    const seen = await Deno.readTextFile(join(cwd, "seen")).catch(() => undefined);
    if (seen !== undefined) return seen;
    if (result !== undefined) {
      throw new Error(`The session ended with ${result.code} too early\n${result.stderr.trim()}`);
    }
    if (Date.now() > deadline) throw new Error("The agent has not tried everything in time");
    await pause(LOOK_MS);
  }
}

async function tryAsRoot({ cwd }: SelfPlace, engine: Engine): Promise<string> {
  const [container] = await listSessionContainers(cwd, engine);
  if (container === undefined) throw new Error("The session has no container");
  const result = await engine.docker([
    ...["exec", "--interactive", "--user", "0:0", container, "sh", "-s", "--", "root"],
  ], { stdin: script, timeoutMs: TRY_MS });
  // How its last attempt ended is its exit code.
  return result.stdout;
}

/** Saves a hidden file as editors do: the mask goes with the file that was under it. */
async function saveAnew({ cwd }: SelfPlace): Promise<void> {
  const path = join(cwd, SAVED.path);
  await Deno.writeTextFile(`${path}.new`, SAVED.text);
  await Deno.rename(`${path}.new`, path);
}

/** Has the agent go where nothing else does. */
async function endSession({ cwd }: SelfPlace): Promise<void> {
  await Deno.writeTextFile(join(cwd, "stop"), "");
}

/** The project with what is git's in it. */
async function observeProject({ cwd }: SelfPlace): Promise<HostTree> {
  const [work, git] = await Promise.all([cwd, join(cwd, ".git")].map(observeHostTree));
  return new Map([
    ...work!,
    ...[...git!].map(([path, entry]) => [`.git/${path}`, entry] as const),
  ]);
}
