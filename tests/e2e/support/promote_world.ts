import assert from "node:assert/strict";
import { join } from "node:path";
import { type ProcessResult, run } from "../../../src/engine/process.ts";
import { LABEL } from "../../../src/names.ts";
import { docker } from "../../../tools/engine_state.ts";
import { exists, waitFor } from "./files.ts";
import { makeWorld, type World } from "./world.ts";

/** Building the images of the first cage takes longer than anything else. */
export const SLOW_MS = 400_000;

/** A world whose project is promoted, at a branch of the user's. */
export async function makePromoteWorld(name: string, config = ""): Promise<World> {
  const world = await makeWorld(name, {
    network: 'mode = "none"',
    config: `[workspace]\nmode = "promote"\n[services.shell]\nenabled = true\n${config}`,
  });
  await git(world, "switch -qc user/work");
  return world;
}

/** The result of a command that must end with a code. */
export async function must(running: Promise<ProcessResult>, code = 0): Promise<ProcessResult> {
  const result = await running;
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`);
  return result;
}

/** Runs git as the user in the project; `_` in a word stands for a blank. */
export async function git(world: World, line: string): Promise<string> {
  const env = { HOME: world.home, GIT_CONFIG_NOSYSTEM: "1" };
  const args = line.split(" ").map((word) => word.replaceAll("_", " "));
  const result = await run("git", args, { cwd: world.project, env, timeoutMs: 30_000 });
  assert.equal(result.code, 0, `git ${line}: ${result.stderr}`);
  return result.stdout;
}

/** Starts the cage of a world's project, made when there is none. */
export function start(world: World): Promise<ProcessResult> {
  return must(world.sandcage(["start", "--service", "shell"], { timeoutMs: SLOW_MS }));
}

/** What `status --json` says. */
export type Status = {
  id: string;
  cage: string;
  state: string;
  pending: number;
  paths: string[];
  next: string;
  text: string;
  review: { path: string }[];
  sides: { name: string; branch?: string; problem?: string }[];
  problems: string[];
};

/** Asks how the cage stands. */
export async function status(world: World): Promise<Status> {
  return JSON.parse((await must(world.sandcage(["status", "--json"]))).stdout);
}

/** The container that `start` left running. */
export async function findContainer(id: string): Promise<string> {
  const filters = [`label=${LABEL.cage}=${id}`, `label=${LABEL.role}=agent`, "status=running"];
  const found = await docker([
    ...["ps", "--quiet"],
    ...filters.flatMap((filter) => ["--filter", filter]),
  ]);
  return found.trim().split("\n")[0]!;
}

/** A shell in what `start` left running, as the agent. */
export async function openInside(world: World): Promise<(line: string) => Promise<string>> {
  const container = await findContainer((await status(world)).id);
  return (line) => docker(["exec", "--workdir", "/work/project", container, "sh", "-ec", line]);
}

/** A line of shell that commits one file. */
export function commit(file: string, text = file): string {
  return `printf '%s\\n' '${text}' > ${file}; git add -A; git commit -qm '${text}'`;
}

/** Waits for a state. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await waitFor(what, async () => await isSo() ? true : undefined);
}

/** A file has landed when its commit is on the branch and the index is free: it comes before both. */
export async function arrives(world: World, file: string): Promise<void> {
  await until(`${file} is on the host`, async () => {
    const { code } = await run("git", ["cat-file", "-e", `refs/heads/user/work:${file}`], {
      cwd: world.project,
      env: { HOME: world.home, GIT_CONFIG_NOSYSTEM: "1" },
      timeoutMs: 30_000,
    });
    return code === 0 && await exists(join(world.project, file)) &&
      !await exists(join(world.project, ".git", "index.lock"));
  });
}
