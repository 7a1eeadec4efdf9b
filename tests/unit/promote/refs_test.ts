import assert from "node:assert/strict";
import { join } from "node:path";
import { createGit } from "../../../src/promote/git.ts";
import { readRefs } from "../../../src/promote/refs.ts";
import { gitIn } from "../support/history.ts";
import { makeTemp } from "../support/workspace.ts";

const NAMES = ["refs/heads/main", "refs/heads/side", "refs/sandcage/c/in/main", "refs/heads/none"];
const WHO = ["-c", "user.name=U", "-c", "user.email=u@example.com"];

Deno.test("readRefs() tells what git tells, wherever a ref is kept", async () => {
  await using temp = await makeTemp();
  const { path } = temp;
  await gitIn(path, ["init", "-q", "-b", "main"]);
  await gitIn(path, [...WHO, "commit", "-q", "--allow-empty", "-m", "one"]);
  const gitDir = join(path, ".git");
  const env = { PATH: Deno.env.get("PATH")! };
  let asked = 0;
  const git = createGit({ gitDir, worktree: path, env });
  const counted = {
    ...git,
    read: (...call: Parameters<typeof git.read>) => (asked++, git.read(...call)),
  };
  const check = async (what: string, options: { asks: number; at?: typeof git }) => {
    asked = 0;
    const told = await gitIn(path, ["for-each-ref", "--format=%(refname) %(objectname)"]);
    const want = told.trim().split("\n").map((line) => line.split(" "))
      .filter(([name]) => NAMES.includes(name!));
    const refs = await readRefs(options.at ?? counted, NAMES);
    assert.deepEqual(Object.fromEntries(refs), Object.fromEntries(want), what);
    assert.equal(asked, options.asks, `git was asked: ${what}`);
  };
  await check("a branch", { asks: 0 });
  await gitIn(path, ["update-ref", "refs/sandcage/c/in/main", "HEAD"]);
  await gitIn(path, ["pack-refs", "--all"]);
  await check("packed", { asks: 0 });
  await gitIn(path, [...WHO, "commit", "-q", "--allow-empty", "-m", "two"]);
  await check("packed, and newer beside it", { asks: 0 });
  await gitIn(path, ["update-ref", "refs/heads/none/below", "HEAD"]);
  await check("a directory of refs is none", { asks: 0 });
  await gitIn(path, ["symbolic-ref", "refs/heads/side", "refs/heads/main"]);
  await check("a ref that is another one's name", { asks: 1 });
  await gitIn(path, ["worktree", "add", "-q", "--detach", join(path, "beside")]);
  await gitIn(path, ["symbolic-ref", "--delete", "refs/heads/side"]);
  const at = createGit({ gitDir: join(gitDir, "worktrees/beside"), env });
  await check("a working tree beside the first", { asks: 0, at });
});

Deno.test("readRefs() fails where there is no repository", async () => {
  await using temp = await makeTemp();
  const git = createGit({ gitDir: temp.path, env: { PATH: Deno.env.get("PATH")! } });
  await assert.rejects(readRefs(git, NAMES), /Cannot read the state of promotion/);
});
