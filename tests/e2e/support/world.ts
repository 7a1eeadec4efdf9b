import { exists } from "./files.ts";
import { keepFacts, takeFacts } from "./facts.ts";
import { type EngineState, removeCageOf } from "../../../tools/engine_state.ts";
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ProcessResult, run } from "../../../src/engine/process.ts";
import {
  findProgram,
  type Program,
  type RunAs,
  type Running,
  sandcage,
  type SandcageOptions,
  spawnSandcage,
} from "./sandcage.ts";

/** One test's own host: a home, a state directory and a project, all under one temporary folder. */
export type World = AsyncDisposable & {
  root: string;
  /** The user's home on the host. */
  home: string;
  /** SANDCAGE_HOME. */
  state: string;
  /** The project, a git repository unless told otherwise. Its name carries the run's id. */
  project: string;
  env: Record<string, string>;
  runAs: RunAs | undefined;
  /** Runs sandcage in the project. */
  sandcage(args: readonly string[], options?: Partial<SandcageOptions>): Promise<ProcessResult>;
  /** Starts sandcage in the project and leaves it running. */
  spawn(args: readonly string[], options?: Partial<SandcageOptions>): Running;
  /** Everything a terminal driver needs to type the command itself. */
  options(change?: Partial<SandcageOptions>): SandcageOptions;
  /** Writes the user's config anew, as {@link WorldOptions.config} and its network say. */
  configure(config: string): Promise<void>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
};

/** What differs from an ordinary world. */
export type WorldOptions = {
  /** User config, TOML. `home = "project"` is always set, so that no real home is touched. */
  config?: string;
  /** Lines of the config's `[network]`. Defaults to `mode = "open"`: most tests look elsewhere. */
  network?: string;
  /** Without it the project is no git repository. Defaults to true. */
  git?: boolean;
  /** Base name of the project. */
  projectName?: string;
  runAs?: { uid: number; gid: number };
  /** Shared home volumes, for the tests of exactly that. */
  sharedHome?: boolean;
  /** Nothing is known of engine and machine, as at a user's first command. */
  cold?: boolean;
};

/** Id of this run of the tests, in the name of everything it makes. */
export const RUN_ID = Deno.env.get("SANDCAGE_E2E_RUN") ?? `e2e${crypto.randomUUID().slice(0, 8)}`;

/** Folder all worlds of this run live in; world-readable, unlike a private home. */
export const RUN_ROOT = Deno.env.get("SANDCAGE_E2E_ROOT") ?? `/tmp/sandcage-${RUN_ID}`;

// The runner removes its own folder; a test file run by hand has one of its own.
if (Deno.env.get("SANDCAGE_E2E_ROOT") === undefined) {
  globalThis.addEventListener("unload", () => {
    if (statSync(RUN_ROOT, { throwIfNoEntry: false })) {
      Deno.removeSync(RUN_ROOT, { recursive: true });
    }
  });
}

/** What the commands of this run found out about engine and machine, for the next world. */
const FACTS = join(RUN_ROOT, "facts");

/** Makes a world; disposing it removes its containers, its home volumes and its folder. */
export async function makeWorld(name: string, options: WorldOptions = {}): Promise<World> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const root = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: `${name}-` });
  await Deno.chmod(root, 0o755);
  const paths = {
    root,
    home: join(root, "home"),
    state: join(root, "state"),
    project: join(root, "work", options.projectName ?? `${RUN_ID}-${name}`),
  };
  await Deno.mkdir(paths.home, { recursive: true });
  await Deno.mkdir(paths.state, { mode: 0o700 });
  if (options.cold !== true) await takeFacts(FACTS, paths.state);
  await Deno.mkdir(paths.project, { recursive: true });
  const shared = options.sharedHome === true ? "" : 'home = "project"\n';
  const configure = (config: string) =>
    Deno.writeTextFile(
      join(paths.state, "config.toml"),
      `version = 1\n${shared}${config}\n[network]\n${options.network ?? 'mode = "open"'}\n`,
    );
  await configure(options.config ?? "");
  await Deno.writeTextFile(
    join(paths.home, ".gitconfig"),
    "[user]\n\tname = Test User\n\temail = user@example.test\n[init]\n\tdefaultBranch = main\n",
  );
  if (options.git !== false) await initRepository(paths.project, paths.home);
  const runAs = options.runAs === undefined ? undefined : await prepareUser(root, options.runAs);
  return assemble({ ...paths, configure }, runAs);
}

/** Makes a git repository with one commit. */
export async function initRepository(path: string, home: string): Promise<void> {
  await Deno.writeTextFile(join(path, "README.md"), "# A project\n");
  for (const args of [["init", "-q"], ["add", "."], ["commit", "-qm", "chore: begin"]]) {
    const result = await run("git", ["-C", path, ...args], {
      env: { HOME: home, GIT_CONFIG_NOSYSTEM: "1" },
      timeoutMs: 30_000,
    });
    if (result.code !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
  }
}

type Paths = Pick<World, "root" | "home" | "state" | "project" | "configure">;

function assemble(
  paths: Paths,
  prepared: { runAs: RunAs; program: Program } | undefined,
): World {
  const env: Record<string, string> = {
    HOME: paths.home,
    SANDCAGE_HOME: paths.state,
    DENO_DIR: join(RUN_ROOT, prepared === undefined ? "deno" : `deno-${prepared.runAs.uid}`),
    DENO_NO_UPDATE_CHECK: "1",
    LANG: "C.UTF-8",
    NO_COLOR: "1",
    ...passedOn(),
  };
  const options = (change: Partial<SandcageOptions> = {}): SandcageOptions => ({
    cwd: paths.project,
    ...prepared,
    ...change,
    env: { ...env, ...change.env },
  });
  const running: Running[] = [];
  return {
    ...paths,
    env,
    runAs: prepared?.runAs,
    options,
    async sandcage(args, change) {
      const result = await sandcage(args, options(change));
      await keepTranscript(basename(paths.root), { args, result });
      return result;
    },
    spawn(args, change) {
      const child = spawnSandcage(args, options(change));
      running.push(child);
      child.ended.then(({ code, stderr }) =>
        keepTranscript(basename(paths.root), { args, result: { code, stdout: "", stderr } })
      );
      return child;
    },
    write: (file, text) => Deno.writeTextFile(join(paths.project, file), text),
    read: (file) => Deno.readTextFile(join(paths.project, file)),
    async [Symbol.asyncDispose]() {
      // What a failed test left running goes first; a test that passed ended its own.
      for (const child of running) await child.end("SIGKILL");
      await keepFacts(FACTS, paths.state);
      const left: EngineState = await removeCageOf(paths.root);
      await Deno.remove(paths.root, { recursive: true });
      if (left.containers.length > 0) {
        throw new Error(`Containers outlived their test: ${left.containers.join(", ")}`);
      }
    },
  };
}

/** Adds a command and its answer to the world's transcript; the runner drops those of a green run. */
async function keepTranscript(
  name: string,
  { args, result }: { args: readonly string[]; result: Omit<ProcessResult, "timedOut"> },
): Promise<void> {
  const dir = Deno.env.get("SANDCAGE_E2E_ARTEFACTS");
  if (dir === undefined) return;
  const text = `$ sandcage ${args.join(" ")}\n${result.stdout}\n--- stderr\n${result.stderr}\n` +
    `--- ended with ${result.code}\n\n`;
  await Deno.writeTextFile(join(dir, `${name}.log`), text, { append: true });
}

/** What reaches an engine and a registry from this machine, and nothing else of its environment. */
function passedOn(): Record<string, string> {
  const engine = ["HOST", "CONTEXT", "CONFIG", "TLS_VERIFY", "CERT_PATH"].map((n) => `DOCKER_${n}`);
  const names = [...engine, "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
  const all = [...names, ...proxies, ...proxies.map((name) => name.toLowerCase())];
  return Object.fromEntries(
    all.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Gives a world to another user: its files, the engine's socket, a program it can read. */
async function prepareUser(
  root: string,
  user: { uid: number; gid: number },
): Promise<{ runAs: RunAs; program: Program }> {
  const program = await shareProgram();
  await Deno.mkdir(join(RUN_ROOT, `deno-${user.uid}`), { recursive: true });
  for (const path of [root, join(RUN_ROOT, `deno-${user.uid}`)]) {
    const owned = await run("chown", ["-R", `${user.uid}:${user.gid}`, path], {
      timeoutMs: 30_000,
    });
    if (owned.code !== 0) throw new Error(`chown: ${owned.stderr} (these tests need root)`);
  }
  const socket = (await Deno.stat("/var/run/docker.sock")).gid;
  return { runAs: { ...user, groups: socket === null ? [] : [socket] }, program };
}

/** Copies deno and the bundle to where every user may read them; once for each run. */
async function shareProgram(): Promise<Program> {
  const shared = join(RUN_ROOT, "program");
  const found = findProgram();
  const program = { deno: join(shared, "deno"), entry: join(shared, "dist", "main.js") };
  if (await exists(program.entry)) return program;
  const staging = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "program-" });
  for (const [from, to] of [[found.deno, "deno"], [dirname(found.entry), "dist"]] as const) {
    const copied = await run("cp", ["-r", from, join(staging, to)], { timeoutMs: 60_000 });
    if (copied.code !== 0) throw new Error(`cp: ${copied.stderr}`);
  }
  await Deno.chmod(staging, 0o755);
  // Another test file may have been quicker: a rename onto its folder fails, and that one is used.
  await Deno.rename(staging, shared).catch(() => Deno.remove(staging, { recursive: true }));
  return program;
}
