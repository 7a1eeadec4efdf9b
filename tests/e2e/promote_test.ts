/** Cages whose commits land on the user's branch by themselves. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { exists } from "./support/files.ts";
import {
  arrives,
  commit,
  git,
  makePromoteWorld,
  must,
  openInside,
  start,
  status,
  until,
} from "./support/promote_world.ts";

Deno.test("commits land on the branch under the user's name, merges kept", async () => {
  await using world = await makePromoteWorld("promland");
  await world.write(".env", "KEY=secret\n");
  await world.write(".sandcage.yml", "version: 1\n");
  await world.write("run.sh", "#!/bin/sh\n");
  await Deno.chmod(join(world.project, "run.sh"), 0o755);
  await git(world, "add -A");
  await git(world, "commit -qm secret");
  await world.write("README.md", "# not committed\n");
  await git(world, "stash -q");
  await world.write("draft.txt", "mine\n");
  const started = await start(world);
  assert.match(started.stderr, /user\/work at [0-9a-f]{12}/);

  // Who the agent is, what it has not, and that nothing tells of the user or the tool.
  const proved = await must(world.sandcage(["start", "--selftest"]));
  assert.match(proved.stdout, /^ok +nothing names you, your paths or the tool$/m);
  assert.match(proved.stdout, /^ok +C04 nothing inside names you, your machine or the tool$/m);
  assert.match(proved.stdout, /^ok +C16 /m);
  const traces = await must(world.sandcage([
    ...["shell", "--", "sh", "-c"],
    "grep -rIsl 'sand[c]age' /etc /opt /run /usr/local /home /work /var /tmp; " +
    "find / -xdev -iname '*sand[c]age*' 2>/dev/null; hostname; env; " +
    "cat /proc/self/mountinfo /etc/hosts; tr '\\0' '\\n' < /proc/1/environ",
  ]));
  assert.doesNotMatch(traces.stdout, /sandcage|Test User|user@example/i);
  assert.ok(!traces.stdout.includes(world.root), "no path of the host");

  // As the agent, through sandcage.
  const line = "ls -A; git log --format='%s %an'; git remote; " + commit("first.txt");
  const seen = await must(world.sandcage(["shell", "--", "sh", "-ec", line]));
  assert.doesNotMatch(seen.stdout, /\.env|\.sandcage|draft|secret|Test User/);
  assert.match(seen.stdout, /run\.sh/);
  assert.match(seen.stdout, /Initial commit [A-Z][a-z]+ [A-Z][a-z]+\n/);
  await arrives(world, "first.txt");
  assert.equal(
    await git(world, "log -1 --format=%an|%ae|%cn|%s"),
    "Test User|user@example.test|Test User|first.txt\n",
  );

  const inside = await openInside(world);
  await world.write("user.txt", "the user's\n");
  await git(world, "add user.txt");
  await git(world, "commit -qm the_user's");
  await inside(
    `git switch -qc side; ${commit("side.txt")}; git switch -q main; ${commit("main.txt")}; ` +
      "git merge -q --no-ff -m 'merge side' side",
  );
  await arrives(world, "side.txt");
  await arrives(world, "main.txt");
  await until("all has landed", async () => (await status(world)).state === "idle");
  assert.equal(await git(world, "rev-list --merges --count HEAD"), "1\n");
  assert.equal(await git(world, "status --porcelain"), "?? draft.txt\n");
  assert.equal(await git(world, "log --format=%an"), "Test User\n".repeat(7));
  assert.ok(await exists(join(world.project, ".env")), "what stayed outside is still there");
  await git(world, "fsck --strict");
  const log = await must(world.sandcage(["log"]));
  assert.match(log.stdout, /landed: 1 commit landed on "user\/work": 1 file, now at [0-9a-f]{12}/);
  await must(world.sandcage(["clear"]));
});

Deno.test("what stands in the way pauses, another branch holds; both resolve by themselves", async () => {
  await using world = await makePromoteWorld("promwait");
  await start(world);
  const inside = await openInside(world);
  await world.write(".gitignore", "ignored.txt\n");
  await git(world, "add .gitignore");
  await git(world, "commit -qm rules");
  for (const file of ["untracked.txt", "ignored.txt"]) {
    await world.write(file, "mine\n");
    const before = await git(world, "rev-parse HEAD");
    await inside(commit(file, "theirs"));
    await until(`${file} is in the way`, async () => (await status(world)).state === "paused");
    const paused = await status(world);
    assert.deepEqual([paused.pending, paused.paths], [1, [file]]);
    const told = await must(world.sandcage(["promote", "--once"]), 5);
    assert.match(told.stdout, new RegExp(`"${file}" is not in git`));
    assert.equal(await world.read(file), "mine\n");
    assert.equal(await git(world, "rev-parse HEAD"), before);
    await Deno.remove(join(world.project, file));
    await arrives(world, file);
    assert.equal(await world.read(file), "theirs\n");
  }
  await git(world, "switch -q main");
  const main = await git(world, "rev-parse main");
  await inside(commit("held.txt"));
  await until("another branch", async () => (await status(world)).state === "held");
  const held = await status(world);
  assert.equal(held.pending, 1);
  assert.match(held.next, /git switch user\/work/);
  assert.equal(await exists(join(world.project, "held.txt")), false);
  const dry = await must(world.sandcage(["promote", "--dry-run"]), 5);
  assert.match(dry.stdout, /is on "main"/);
  await git(world, "switch -q user/work");
  await arrives(world, "held.txt");
  assert.equal(await git(world, "rev-parse main"), main);
  await must(world.sandcage(["clear"]));
});

Deno.test("what brings commits out survives kill -9; stop, clear and destroy lose nothing", async () => {
  await using world = await makePromoteWorld("promkill");
  await start(world);
  const inside = await openInside(world);
  const { id } = await status(world);
  const held = join(world.state, "cages", id, "held", "promote.json");
  Deno.kill(JSON.parse(await Deno.readTextFile(held)).pid, "SIGKILL");
  await inside(commit("killed.txt"));
  // A look starts it again.
  assert.equal((await status(world)).cage, "running");
  await arrives(world, "killed.txt");
  await inside(`mkdir -p ~/.cache; echo kept > ~/.cache/kept; ${commit("last.txt")}`);
  await must(world.sandcage(["stop"]));
  assert.ok(await exists(join(world.project, "last.txt")), "stop brings out the last commit");
  assert.equal(await exists(held), false, "nothing looks any more");
  assert.equal((await status(world)).cage, "stopped");
  await must(world.sandcage(["stop"]));

  await start(world);
  const again = await openInside(world);
  assert.equal(await again("cat ~/.cache/kept; cat last.txt"), "kept\nlast.txt");
  await again("echo draft > draft.txt");
  const refused = await must(world.sandcage(["clear"]), 5);
  assert.match(refused.stderr, /1 path inside that is in no commit/);
  const kept = await must(world.sandcage(["destroy", "--yes"]), 5);
  assert.match(kept.stderr, /1 path inside that is in no commit/);
  await must(world.sandcage(["clear", "--discard-pending"]));
  assert.equal(await git(world, "for-each-ref refs/sandcage"), "");
  assert.equal(await exists(join(world.state, "cages", id)), false);
  const volumes = await docker([
    "volume",
    "ls",
    "--quiet",
    "--filter",
    `label=${LABEL.cage}=${id}`,
  ]);
  assert.equal(volumes, "");
  await must(world.sandcage(["clear"]));

  // Another branch, without anything set up again; nothing of the first cage is there.
  await git(world, "switch -qc user/next");
  await start(world);
  const next = JSON.parse((await must(world.sandcage(["status", "--json"]))).stdout);
  assert.deepEqual([next.branch, next.pending], ["user/next", 0]);
  const anew = await openInside(world);
  assert.equal(
    await anew("ls; git log --format=%s; ls ~/.cache/kept 2>&1 | grep -c 'No such'"),
    "README.md\nkilled.txt\nlast.txt\nInitial commit\n1",
  );
  await must(world.sandcage(["clear"]));
});

Deno.test("history that is rewritten inside never rewrites the branch; it comes as one of its own", async () => {
  await using world = await makePromoteWorld("promrewrite");
  await start(world);
  const inside = await openInside(world);
  await inside(commit("one.txt"));
  await arrives(world, "one.txt");
  const before = await git(world, "rev-parse HEAD");
  await inside("git commit -q --amend -m 'another one'");
  await until("it is rewritten", async () => (await status(world)).state === "paused");
  assert.match((await status(world)).text, /never rewritten/);
  const offered = await must(world.sandcage(["promote", "--to", "review/one"]));
  assert.match(offered.stdout, /1 commit on the branch "review\/one"/);
  assert.equal(await git(world, "log -1 --format=%an|%s review/one"), "Test User|another one\n");
  assert.equal(await git(world, "rev-parse HEAD"), before);
  assert.equal(await git(world, "status --porcelain"), "");
  // Once that is merged it goes on by itself.
  assert.match((await status(world)).next, /git switch user\/work && git merge review\/one;/);
  await git(world, "merge -q --no-edit review/one");
  await until("it goes on", async () => (await status(world)).state === "idle");
  await inside(commit("two.txt"));
  await arrives(world, "two.txt");
  assert.equal(
    await git(world, "log --first-parent --format=%s -3"),
    "two.txt\nMerge branch 'review/one' into user/work\none.txt\n",
  );
  await must(world.sandcage(["clear"]));
});

Deno.test("what is planted in the repository inside runs nothing on the host", async () => {
  await using world = await makePromoteWorld("promplant");
  await start(world);
  const inside = await openInside(world);
  // The same path on both sides; another run has another one, and no name of ours is in it.
  const canary = `/tmp/canary-${Deno.pid}`;
  await inside(
    `for hook in post-index-change reference-transaction post-merge pre-push; do ` +
      `printf '#!/bin/sh\\necho $0 >> ${canary}\\n' > .git/hooks-$hook; done; mkdir -p .git/hooks; ` +
      `cp .git/hooks-* .git/hooks/; chmod +x .git/hooks/*; ` +
      `git config core.fsmonitor 'touch ${canary}'; git config core.sshCommand 'touch ${canary}'; ` +
      `git config filter.x.smudge 'touch ${canary}'; git config filter.x.clean 'touch ${canary}'; ` +
      `git config uploadpack.packObjectsHook 'touch ${canary}; exec'; ` +
      `echo '* filter=x' > .gitattributes; echo '[include]' >> .git/config; ` +
      `mkdir -p .vscode; echo '{}' > .vscode/tasks.json; ${commit("planted.txt")}`,
  );
  await arrives(world, "planted.txt");
  const now = await status(world);
  assert.deepEqual(now.review.map(({ path }) => path), [".gitattributes", ".vscode/tasks.json"]);
  assert.equal(await exists(canary), false);
  // The agent takes its repository away: said, and nothing moves.
  const before = await git(world, "rev-parse HEAD");
  await inside("rm -rf .git");
  await until("there is no repository", async () => (await status(world)).state === "failed");
  assert.match((await status(world)).text, /no repository inside any more/);
  assert.equal(await git(world, "rev-parse HEAD"), before);
  assert.equal(await git(world, "status --porcelain"), "");
  await must(world.sandcage(["clear", "--discard-pending"]));
});
