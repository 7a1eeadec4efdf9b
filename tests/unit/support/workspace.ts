import { join } from "node:path";
import assert from "node:assert/strict";
import type { Host } from "../../../src/host.ts";

/** A temporary directory by its canonical path, removed with everything in it when disposed. */
export async function makeTemp(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-test-" }));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** A host that touches nothing of the real user's. */
export function testHost(host: Pick<Host, "home" | "cwd"> & Partial<Host>): Host {
  return {
    platform: "linux",
    arch: "x86_64",
    env: {},
    stateDir: join(host.home, ".sandcage"),
    user: { name: "u", uid: 1000, gid: 1000 },
    tty: { stdin: false, stdout: false, stderr: false },
    ...host,
  };
}

/** Runs git without any of the user's configuration and answers what it prints. */
export async function git(cwd: string, args: readonly string[]): Promise<string> {
  const result = await new Deno.Command("git", {
    args: ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main", ...args],
    cwd,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(result.success, `git ${args.join(" ")}: ${decode(result.stderr)}`);
  return decode(result.stdout);
}

/** Makes a repository with one commit and answers its path. */
export async function makeRepository(path: string): Promise<string> {
  await Deno.mkdir(path, { recursive: true });
  await git(path, ["init", "-q"]);
  await git(path, ["commit", "-q", "--allow-empty", "-m", "first"]);
  return path;
}
