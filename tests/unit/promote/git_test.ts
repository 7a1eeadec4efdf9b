import assert from "node:assert/strict";
import { join } from "node:path";
import { pause } from "../../../src/pause.ts";
import { createGit } from "../../../src/promote/git.ts";
import { planGitArgs, planGitEnv } from "../../../src/promote/git_plan.ts";
import { gitIn } from "../support/history.ts";
import { makeTemp } from "../support/workspace.ts";

const ENV = {
  PATH: Deno.env.get("PATH"),
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

Deno.test("planGitEnv() leaves out what points git elsewhere, traces and asks", () => {
  const env = planGitEnv({
    PATH: "/bin",
    HOME: "/home/u",
    GIT_DIR: "/other",
    GIT_INDEX_FILE: "/other",
    GIT_TRACE: "1",
    GIT_EXTERNAL_DIFF: "evil",
    GIT_SSH_COMMAND: "evil",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "core.hooksPath",
    GIT_CONFIG_PARAMETERS: "'core.x=y'",
    GIT_CONFIG_GLOBAL: "/dev/null",
    SSH_ASKPASS: "evil",
    LANGUAGE: "de",
    LC_ALL: "de_DE.UTF-8",
    absent: undefined,
  }, { GIT_INDEX_FILE: "/mine" });
  assert.deepEqual(env, {
    PATH: "/bin",
    HOME: "/home/u",
    GIT_CONFIG_GLOBAL: "/dev/null",
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_INDEX_FILE: "/mine",
  });
});

Deno.test("planGitArgs() puts a call's own settings last, where they win", () => {
  const args = planGitArgs({ gitDir: "/r/.git", worktree: "/r" }, ["fetch"], {
    config: ["protocol.ext.allow=always"],
  });
  assert.deepEqual(args.slice(0, 4), [
    "--no-pager",
    "--literal-pathspecs",
    "--git-dir=/r/.git",
    "--work-tree=/r",
  ]);
  assert.ok(args.indexOf("protocol.ext.allow=never") < args.indexOf("protocol.ext.allow=always"));
  assert.equal(args.at(-1), "fetch");
});

Deno.test("a call gives bytes in and out", async () => {
  await using temp = await makeTemp();
  await gitIn(temp.path, ["init", "-q"]);
  const git = createGit({ gitDir: join(temp.path, ".git"), env: ENV });
  const stdin = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256);
  const id = await git.read(["hash-object", "-w", "--stdin"], { what: "Cannot write", stdin });
  const name = new TextDecoder().decode(id).trim();
  assert.deepEqual(await git.read(["cat-file", "blob", name], { what: "Cannot read" }), stdin);
});

Deno.test("a call that fails says the problem, the place and git's words", async () => {
  await using temp = await makeTemp();
  const gitDir = join(temp.path, "none");
  const git = createGit({ gitDir, env: ENV });
  await assert.rejects(git.read(["rev-parse", "HEAD"], { what: "Cannot read the branch" }), {
    name: "UserError",
    message: `Cannot read the branch in ${gitDir}: not a git repository: '${gitDir}'`,
  });
});

Deno.test("what git says acts on no terminal", async () => {
  await using temp = await makeTemp();
  await gitIn(temp.path, ["init", "-q"]);
  const git = createGit({ gitDir: join(temp.path, ".git"), env: ENV });
  const error = await git.read(["rev-parse", "--verify", "\x1b[31m"], { what: "Cannot read" })
    .catch((error) => error);
  assert.ok(error instanceof Error);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(error.message, /\x1b/);
});

Deno.test("a machine without git is told so", async () => {
  await assert.rejects(createGit({ gitDir: "/none", env: { PATH: "/none" } }).run(["version"]), {
    message: "Cannot promote commits: there is no git on this machine",
  });
});

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test("the deadline ends git and all it has started", onLinux, async () => {
  await using temp = await makeTemp();
  await gitIn(temp.path, ["init", "-q"]);
  const git = createGit({ gitDir: join(temp.path, ".git"), env: ENV });
  const pids = join(temp.path, "pids");
  const script = `!echo $$ > ${pids}; sleep 600 & echo $! >> ${pids}; trap "" TERM; wait; wait`;
  // A machine that does much else may not have started all of it by the first deadline.
  let started: string[] = [];
  for (let timeoutMs = 300; started.length < 2; timeoutMs *= 4) {
    const result = await git.run(["slow"], {
      config: [`alias.slow=${script}`],
      timeoutMs,
      group: "own",
    });
    assert.deepEqual([result.timedOut, result.code === 0], [true, false]);
    const text = await Deno.readTextFile(pids).catch(() => "");
    started = text.split("\n").slice(0, -1);
    for (const pid of started) await waitForEnd(Number(pid));
  }
});

/** Who was killed takes a moment to go. */
async function waitForEnd(pid: number): Promise<void> {
  const untilMs = Date.now() + 30_000;
  while (isRunning(pid)) {
    assert.ok(Date.now() < untilMs, `${pid} runs still`);
    await pause(5);
  }
}

/** Does the process run? One that has ended and is not waited for does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

Deno.test("a call that is aborted ends at once, with the reason", async () => {
  const abort = new AbortController();
  const git = createGit({ gitDir: "/none", env: ENV });
  const call = git.run(["cat-file", "--batch"], { signal: abort.signal, stdin: endless(abort) });
  await assert.rejects(call, /stopped/);
});

function* endless(abort: AbortController): Generator<Uint8Array> {
  yield new Uint8Array(0);
  abort.abort(new Error("stopped"));
}

Deno.test(
  "nothing of the repository runs: hooks, monitors, pagers and programs of its config",
  onLinux,
  async () => {
    await using temp = await makeTemp();
    const canary = join(temp.path, "canary");
    const dir = join(temp.path, "repo");
    await Deno.mkdir(dir);
    await gitIn(dir, ["init", "-q"]);
    const fire = join(temp.path, "fire");
    await Deno.writeTextFile(fire, `#!/bin/sh\necho "$0 $@" >> ${canary}\n`, { mode: 0o755 });
    for (
      const key of [
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
        "core.editor",
        "credential.helper",
      ]
    ) {
      await gitIn(dir, ["config", key, fire]);
    }
    for (
      const hook of ["post-index-change", "reference-transaction", "post-checkout", "post-merge"]
    ) {
      await Deno.copyFile(fire, join(dir, ".git", "hooks", hook));
      await Deno.chmod(join(dir, ".git", "hooks", hook), 0o755);
    }
    const git = createGit({ gitDir: join(dir, ".git"), worktree: dir, env: ENV });
    const what = "Cannot";
    await Deno.writeTextFile(join(dir, "file"), "x");
    await git.read(["add", "file"], { what });
    const tree = new TextDecoder().decode(await git.read(["write-tree"], { what })).trim();
    const who = ["-c", "user.name=u", "-c", "user.email=u@x"];
    const commit = await git.read([...who, "commit-tree", "-m", "x", tree], { what });
    const id = new TextDecoder().decode(commit).trim();
    await git.read(["update-ref", "HEAD", id], { what });
    await git.read(["read-tree", "-m", "-u", id], { what });
    await git.read(["status"], { what });
    await git.read(["log", "-p"], { what });
    await assert.rejects(Deno.stat(canary), Deno.errors.NotFound);
    // They would have.
    await gitIn(dir, ["status"]);
    assert.match(await Deno.readTextFile(canary), /fire/);
  },
);
