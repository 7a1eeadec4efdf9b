import { join } from "node:path";
import { createGit, type Git } from "../../../src/promote/git.ts";
import { landCommits, type Landed, type LandOptions } from "../../../src/promote/land.ts";
import { recoverLanding } from "../../../src/promote/recover.ts";
import type { Pin } from "../../../src/promote/types.ts";

/** A user's repository, a clone in which commits are made as an agent makes them, and what lands. */
export type LandingWorld = AsyncDisposable & {
  root: string;
  /** The user's working tree. */
  user: string;
  /** Where commits come from. */
  inner: string;
  pin: Pin;
  git: Git;
  options: LandOptions;
  /** Runs git in a directory and gives what it says, without the line end; throws if it fails. */
  run(dir: string, ...args: string[]): Promise<string>;
  /** Writes files of the user, or removes those that are `undefined`. */
  write(
    dir: string,
    files: Readonly<Record<string, string | Uint8Array | undefined>>,
  ): Promise<void>;
  /** Commits everything inside and brings the objects over; gives the id. */
  commit(files: Readonly<Record<string, string | Uint8Array | undefined>>): Promise<string>;
  /** Brings what inside is at over, and gives the id. */
  take(): Promise<string>;
  /** Lands what inside is at. */
  land(options?: Partial<LandOptions>): Promise<Landed>;
  /** Every byte of the user's working tree, index and branches, `.git` itself left out. */
  observe(): Promise<Record<string, string>>;
};

/** Opens a world in which the user has committed some files. */
export async function openLandingWorld(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<LandingWorld> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-landing-" }));
  const { user, inner, run, write } = toolsAt(root);
  await Deno.mkdir(user);
  await run(user, "init", "-q", "-b", "main");
  await write(user, files);
  await run(user, "add", "-A", "-f");
  await run(user, "commit", "-q", "--allow-empty", "-m", "first");
  await run(root, "clone", "-q", user, inner);
  return worldAt(root, await run(user, "rev-parse", "HEAD"));
}

/** Opens another world that is as one is now. */
export async function copyLandingWorld(world: LandingWorld): Promise<LandingWorld> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-landing-" }));
  const copied = await new Deno.Command("cp", { args: ["-a", `${world.root}/.`, root] }).output();
  if (!copied.success) throw new Error("The world cannot be copied");
  const copy = worldAt(root, world.pin.base);
  await copy.run(copy.user, "update-index", "-q", "--refresh");
  return copy;
}

function toolsAt(root: string): Pick<LandingWorld, "user" | "inner" | "run" | "write"> {
  const env = testEnv(root);
  return {
    user: join(root, "user"),
    inner: join(root, "inner"),
    run: (dir, ...args) => runGit(env, { dir, args }),
    async write(dir, entries) {
      for (const [path, content] of Object.entries(entries)) {
        await writeOne(join(dir, path), content);
      }
    },
  };
}

function worldAt(root: string, base: string): LandingWorld {
  const { user, inner, run, write } = toolsAt(root);
  const pin: Pin = {
    cage: "demo-1",
    worktree: user,
    gitDir: join(user, ".git"),
    commonDir: join(user, ".git"),
    branch: "refs/heads/main",
    base,
    snapshot: base,
    innerBranch: "main",
  };
  const git = createGit({ gitDir: pin.gitDir, worktree: user, env: testEnv(root) });
  const landOptions: LandOptions = {
    git,
    pin,
    stateDir: join(root, "state"),
    platform: "linux",
  };
  const world: LandingWorld = {
    root,
    user,
    inner,
    pin,
    git,
    options: landOptions,
    run,
    write,
    async take() {
      await run(user, "fetch", "-q", inner, "HEAD:refs/test/taken", "-f");
      return await run(inner, "rev-parse", "HEAD");
    },
    async commit(entries) {
      await write(inner, entries);
      await run(inner, "add", "-A", "-f");
      await run(inner, "commit", "-q", "--allow-empty", "-m", "inside");
      return await world.take();
    },
    async land(more = {}) {
      const to = await world.take();
      const from = await run(user, "rev-parse", pin.branch);
      return await landCommits({ from, to, inner: to }, { ...landOptions, ...more });
    },
    async observe() {
      const seen: Record<string, string> = {};
      readTree(user, "", seen);
      seen[".git/HEAD"] = await Deno.readTextFile(join(pin.gitDir, "HEAD"));
      seen["refs/heads"] = await run(user, "for-each-ref", "refs/heads", "refs/sandcage/*/done");
      seen["index"] = await run(user, "ls-files", "-s");
      return seen;
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(root, { recursive: true });
    },
  };
  return world;
}

/** Settles what an interrupted landing left. */
export async function settle(world: LandingWorld): Promise<void> {
  const wait = await recoverLanding(world.options);
  if (wait !== undefined) throw new Error(`It waits: ${wait.text}`);
}

/** An environment in which git reads no settings but the repository's own. */
export function testEnv(home: string): Record<string, string> {
  return {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
    GIT_AUTHOR_NAME: "Ada",
    GIT_AUTHOR_EMAIL: "ada@example.com",
    GIT_COMMITTER_NAME: "Ada",
    GIT_COMMITTER_EMAIL: "ada@example.com",
  };
}

/** Runs git as a user does, with hooks and all. */
export async function runGit(
  env: Record<string, string>,
  { dir, args }: { dir: string; args: readonly string[] },
): Promise<string> {
  const command = new Deno.Command("git", {
    args: ["-C", dir, ...args],
    env,
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  if (code === 0) return new TextDecoder("latin1").decode(stdout).replace(/\n$/, "");
  throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function writeOne(path: string, content: unknown): Promise<void> {
  if (content === undefined) return await Deno.remove(path, { recursive: true });
  await Deno.mkdir(join(path, ".."), { recursive: true });
  if (content instanceof Uint8Array) await Deno.writeFile(path, content);
  else await Deno.writeTextFile(path, String(content));
}

function readTree(root: string, path: string, seen: Record<string, string>): void {
  for (const entry of Deno.readDirSync(join(root, path))) {
    if (path === "" && entry.name === ".git") continue;
    const at = join(path, entry.name);
    if (entry.isSymlink) seen[at] = `-> ${Deno.readLinkSync(join(root, at))}`;
    else if (entry.isDirectory) readTree(root, at, seen);
    else {
      const isExecutable = (Deno.statSync(join(root, at)).mode! & 0o100) !== 0;
      const bytes = Deno.readFileSync(join(root, at));
      seen[at] = (isExecutable ? "x:" : "f:") + new TextDecoder("latin1").decode(bytes);
    }
  }
}
