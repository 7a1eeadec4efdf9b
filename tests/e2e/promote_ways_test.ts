/** Cages whose commits land by themselves: signed, beside the branch, from an address, as asked for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { exists } from "./support/files.ts";
import {
  arrives,
  commit,
  git,
  makePromoteWorld,
  must,
  openInside,
  SLOW_MS,
  start,
  status,
  until,
} from "./support/promote_world.ts";
import { openTerminal } from "./support/tmux.ts";
import { makeWorld, type World } from "./support/world.ts";

/** Has the user's git sign with a key of ssh that was made a moment ago. */
async function makeSigner(world: World): Promise<void> {
  const key = join(world.home, "key");
  const made = await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key], {
    timeoutMs: 30_000,
  });
  assert.equal(made.code, 0, made.stderr);
  const signers = join(world.home, "signers");
  await Deno.writeTextFile(
    signers,
    `user@example.test ${await Deno.readTextFile(`${key}.pub`)}`,
  );
  for (
    const line of [
      "gpg.format ssh",
      `user.signingkey ${key}`,
      `gpg.ssh.allowedSignersFile ${signers}`,
    ]
  ) await git(world, `config --global ${line}`);
}

/** What brings the commits of a cage out. */
async function findPromoter(world: World, id: string): Promise<number> {
  const record = join(world.state, "cages", id, "held", "promote.json");
  return JSON.parse(await Deno.readTextFile(record)).pid;
}

Deno.test("signed, with side branches and ignore files, by a process that is suspended and ended", async (t) => {
  await using world = await makePromoteWorld(
    "promways",
    '[promotion]\nsign = true\nbranches = ["fix/*"]\n',
  );
  await makeSigner(world);
  await world.write(".gitignore", "node_modules\n.sandcage.local.yml\n");
  await git(world, "add -A");
  await git(world, "commit -qm rules");
  await start(world);
  const inside = await openInside(world);
  const { id } = await status(world);
  const onBranch = (file: string) => git(world, `show user/work:${file}`);

  await t.step("commits carry a signature of the user's key that git takes", async () => {
    await inside(commit("signed.txt"));
    await arrives(world, "signed.txt");
    assert.equal(await git(world, "log -1 --format=%G?|%an"), "G|Test User\n");
    await git(world, "verify-commit HEAD");
    const all = await inside(
      "git log --format='%G?%an'; git config --get-all user.signingkey || true",
    );
    assert.doesNotMatch(all, /^G|Test User|key/m);
  });

  await t.step("an ignore file lands, and keeps the line that never went in", async () => {
    assert.equal(await inside("cat .gitignore"), "node_modules");
    await inside("echo dist >> .gitignore; git commit -qam 'ignore dist'");
    const want = "node_modules\n.sandcage.local.yml\ndist\n";
    await until("it has landed", async () => await onBranch(".gitignore") === want);
    await until("all is still", async () => (await status(world)).state === "idle");
    assert.equal(await world.read(".gitignore"), want);
    assert.equal(await git(world, "status --porcelain"), "");
  });

  await t.step("a side branch comes out as a branch, others stay inside", async () => {
    await inside(
      `git switch -qc fix/it; ${commit("side.txt")}; git switch -qc other; ` +
        `${commit("other.txt")}; git switch -q main`,
    );
    const home = `refs/heads/sandcage/${id}/`;
    const format = "--format=%(refname)|%(authorname)|%(subject)";
    await until(
      "it is out",
      async () =>
        await git(world, `for-each-ref ${format} ${home}`) ===
          `${home}fix/it|Test User|side.txt\n`,
    );
    await until("it is told", async () => (await status(world)).sides.length > 0);
    assert.deepEqual((await status(world)).sides, [
      { name: "fix/it", branch: `sandcage/${id}/fix/it` },
    ]);
    assert.equal(await exists(join(world.project, "side.txt")), false);
  });

  await t.step("a suspended process lands what came meanwhile; there is one of it", async () => {
    const pid = await findPromoter(world, id);
    Deno.kill(pid, "SIGSTOP");
    await inside(commit("asleep.txt"));
    Deno.kill(pid, "SIGCONT");
    await arrives(world, "asleep.txt");
    const log = join(world.root, "second.log");
    await must(world.sandcage(["promote-daemon", id, "--log", log]));
    assert.equal(await findPromoter(world, id), pid, "a second one leaves at once");
  });

  await t.step("SIGTERM brings out what there is; the next look starts it again", async () => {
    const pid = await findPromoter(world, id);
    await inside(commit("last.txt"));
    Deno.kill(pid, "SIGTERM");
    const record = join(world.state, "cages", id, "held", "promote.json");
    await until("it has ended", async () => !await exists(record));
    assert.equal(await onBranch("last.txt"), "last.txt\n", "what was there has landed");
    await inside(commit("after.txt"));
    assert.equal((await status(world)).cage, "running");
    await arrives(world, "after.txt");
    assert.notEqual(await findPromoter(world, id), pid);
  });

  await t.step("clear names what stays inside, and nothing that came out", async () => {
    const kept = await must(world.sandcage(["clear"]), 5);
    assert.match(kept.stderr, /1 commit inside on other branches/);
    await must(world.sandcage(["clear", "--discard-pending"]));
    assert.equal(await git(world, "for-each-ref refs/sandcage"), "");
    assert.match(await git(world, `log -1 --format=%s sandcage/${id}/fix/it`), /side\.txt/);
  });
});

Deno.test("init --promote asks at a terminal, and what it wrote is what start does", async () => {
  await using world = await makeWorld("prominit", {
    network: 'mode = "none"',
    config: '[workspace]\nmode = "copy"\n[services.shell]\nenabled = true\n',
  });
  await using terminal = await openTerminal(world);
  await terminal.type("sandcage init --promote");
  for (
    const [question, answer] of [
      [/Name on promoted commits \[Test User\]:/, "Ada Example"],
      [/Mail on promoted commits \[user@example\.test\]:/, ""],
      [/Languages, .*:/, ""],
      [/Debian packages:/, ""],
    ] as const
  ) {
    await terminal.expect(question);
    await terminal.type(answer);
  }
  await terminal.expect(/Start-up commands, .*ends:/);
  await terminal.type("touch /tmp/ready");
  await terminal.expect(/next:/);
  await terminal.type("");
  await terminal.expect(/Write \.sandcage\.yml\?/);
  await terminal.type("y");
  await terminal.expect(/Next: sandcage start/);
  assert.match(await world.read(".sandcage.yml"), /^workspace: \{ mode: promote \}$/m);
  assert.equal(
    await world.read(".sandcage.local.yml"),
    'version: 1\npromotion:\n  name: "Ada Example"\n  email: "user@example.test"\n',
  );
  // git does not see the local file, and nobody asks again for what was answered.
  assert.equal(await git(world, "status --porcelain"), "?? .sandcage.yml\n");
  await terminal.type("sandcage start --service shell");
  await terminal.expect(/Attach to it: sandcage attach/, SLOW_MS);
  const inside = await openInside(world);
  assert.equal(await inside("ls -A; ls /tmp/ready"), ".git\nREADME.md\n/tmp/ready");
  await inside(commit("one.txt"));
  await until("it landed", async () => await exists(join(world.project, "one.txt")));
  await until("all is still", async () => (await status(world)).state === "idle");
  assert.equal(await git(world, "log -1 --format=%an|%ae main"), "Ada Example|user@example.test\n");
  await terminal.type("sandcage visit");
  await terminal.expect(/C-a d: leave/);
  await terminal.press("C-a");
  await terminal.press("d");
  await terminal.expect(/host\$ *\s*$/);
  // What landed, and what lands while somebody looks on.
  await terminal.type("sandcage log -f");
  await terminal.expect(/landed: 1 commit landed on "main"/);
  await inside(commit("two.txt", "second"));
  const tip = async () => (await git(world, "log -1 --format=%s|%h --abbrev=12 main")).trim();
  await until("it landed", async () => (await tip()).startsWith("second|"));
  await terminal.expect(new RegExp(`now at ${(await tip()).split("|")[1]}`));
  await terminal.press("C-c");
  await terminal.expect(/host\$ *\s*$/);
  await must(world.sandcage(["clear"]));
});

Deno.test("commits of a cage from an address land in its clone, those of another project there", async () => {
  await using world = await makePromoteWorld("promurl");
  const origin = join(world.root, "origin");
  await git(world, `clone -q --bare . ${origin}`);
  await must(world.sandcage(
    ["create", `file://${origin}`, "--service", "shell", "--no-attach", "--name", "far"],
    { timeoutMs: SLOW_MS, cwd: world.home },
  ));
  await must(world.sandcage(["start", "far"], { timeoutMs: SLOW_MS, cwd: world.home }));
  const asked = await must(world.sandcage(["status", "far", "--json"], { cwd: world.home }));
  const { id, branch } = JSON.parse(asked.stdout);
  assert.equal(branch, "user/work");
  const clone = join(world.state, "cages", id, "repo");
  const line = `git remote; ${commit("one.txt")}`;
  const said = await must(world.sandcage(["shell", "--name", "far", "--", "sh", "-ec", line]));
  assert.equal(said.stdout, "", "the repository inside leads nowhere");
  await until("it landed", async () => await exists(join(clone, "one.txt")));
  // A cage of the project beside it: each keeps to its own.
  await start(world);
  const inside = await openInside(world);
  await inside(commit("beside.txt"));
  await arrives(world, "beside.txt");
  assert.equal(await exists(join(clone, "beside.txt")), false);
  assert.equal(await exists(join(world.project, "one.txt")), false);
  await must(world.sandcage(["clear"]));
  await must(world.sandcage(["stop", "far"], { cwd: world.home }));
  const at = async (args: string[]) => {
    const result = await run("git", ["-C", clone, ...args], {
      env: { HOME: world.home },
      timeoutMs: 30_000,
    });
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  assert.equal(await at(["log", "-1", "--format=%an|%s"]), "Test User|one.txt\n");
  assert.equal(await at(["status", "--porcelain"]), "");
  // It is in the clone alone until the user pushes it.
  const kept = await must(world.sandcage(["destroy", "far", "-y"], { cwd: world.home }), 5);
  assert.match(kept.stderr, /1 commit not pushed in the clone/);
  await at(["push", "-q", "origin", "user/work"]);
  await must(world.sandcage(["destroy", "far", "-y"], { cwd: world.home }));
});
