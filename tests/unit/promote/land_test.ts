import assert from "node:assert/strict";
import { join } from "node:path";
import { denoFiles } from "../../../src/promote/host_files.ts";
import { openLandingWorld, settle } from "../support/landing_world.ts";

Deno.test("commits land in branch, files and index, and git status is clean", async () => {
  await using world = await openLandingWorld({
    "kept": "kept",
    "changed": "old",
    "gone/deep/file": "gone",
    "file-to-dir": "f",
    "dir-to-file/a": "a",
    "script": "run",
  });
  await world.run(world.inner, "rm", "-q", "gone/deep/file", "file-to-dir", "dir-to-file/a");
  await world.write(world.inner, {
    changed: "new",
    "added/deep/er": "added",
    "file-to-dir/inside": "i",
    "dir-to-file": "d",
    "name with\nnewline": "n",
    "ünï": "u",
  });
  await Deno.chmod(join(world.inner, "script"), 0o755);
  await Deno.symlink("../kept", join(world.inner, "added/link"));
  const to = await world.commit({});
  const landed = await world.land();
  assert.equal(landed.kind, "landed");
  assert.equal(await world.run(world.user, "rev-parse", "HEAD"), to);
  assert.equal(await world.run(world.user, "status", "--porcelain"), "");
  assert.equal(await world.run(world.user, "diff-files", "--name-only"), "");
  assert.equal(
    await world.run(world.user, "for-each-ref", "refs/sandcage"),
    [
      `${to} commit\trefs/sandcage/demo-1/done/main`,
      `${to} commit\trefs/sandcage/demo-1/out/main`,
    ].join("\n"),
  );
  const seen = await world.observe();
  assert.equal(seen["script"], "x:run");
  assert.equal(seen["added/link"], "-> ../kept");
  assert.equal("gone/deep/file" in seen, false);
  assert.deepEqual(
    [...Deno.readDirSync(join(world.user, ".git"))].filter(({ name }) =>
      name.includes("sandcage") || name.endsWith(".lock")
    ),
    [],
  );
  await settle(world);
});

Deno.test("names that are no UTF-8 come, change and go", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, run } = world;
  const shell = async (dir: string, script: string) => {
    const command = new Deno.Command("sh", { args: ["-c", script], cwd: dir, stderr: "null" });
    const { stdout } = await command.output();
    return new TextDecoder("latin1").decode(stdout);
  };
  const odd = String.raw`"$(printf 'd\377/x\376')"`;
  await shell(world.inner, `mkdir "$(printf 'd\\377')"; echo one > ${odd}`);
  await world.commit({});
  assert.equal((await world.land()).kind, "landed");
  assert.equal(await shell(user, `cat ${odd}`), "one\n");
  await shell(world.inner, `echo two > ${odd}; chmod +x ${odd}`);
  await world.commit({});
  await shell(user, `echo mine > ${odd}`);
  const waiting = await world.land();
  assert.ok(waiting.kind === "paused" && waiting.reason === "collision");
  assert.deepEqual(waiting.paths, ["d\\xff/x\\xfe"]);
  assert.equal(await shell(user, `cat ${odd}`), "mine\n");
  await shell(user, `echo one > ${odd}`);
  assert.equal((await world.land()).kind, "landed");
  assert.equal(await shell(user, `cat ${odd}; test -x ${odd} && echo runs`), "two\nruns\n");
  assert.equal(await run(user, "status", "--porcelain"), "");
  await shell(world.inner, `rm ${odd}`);
  await world.commit({});
  assert.equal((await world.land()).kind, "landed");
  assert.equal(await shell(user, "ls"), "a\n");
  assert.equal(await run(user, "status", "--porcelain"), "");
});

Deno.test("names that are no UTF-8 wait where the system has no calls for them", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const script = String.raw`echo one > "$(printf 'x\376')"`;
  await new Deno.Command("sh", { args: ["-c", script], cwd: world.inner }).output();
  await world.commit({ b: "b" });
  const before = await world.observe();
  const waiting = await world.land({ files: denoFiles() });
  assert.ok(waiting.kind === "landed" || waiting.reason === "refused");
  assert.equal(waiting.kind, "paused");
  assert.deepEqual(await world.observe(), before);
});

Deno.test("files land by the calls of every system, in a working tree beside the first", async () => {
  await using world = await openLandingWorld({ a: "a", "gone/x": "x", "link": "l" });
  const { user, root, run, pin } = world;
  await run(user, "switch", "-q", "-c", "other");
  const beside = join(root, "beside");
  await run(user, "worktree", "add", "-q", beside, "main");
  await run(user, "pack-refs", "--all");
  await world.write(world.inner, { a: "b", "new/y": "y", "gone/x": undefined, link: undefined });
  await Deno.symlink("a", join(world.inner, "link"));
  const to = await world.commit({});
  const gitDir = join(user, ".git/worktrees/beside");
  const landed = await world.land({
    files: denoFiles(),
    pin: { ...pin, worktree: beside, gitDir },
    git: world.git.in({ gitDir, worktree: beside }),
  });
  assert.equal(landed.kind, "landed", JSON.stringify(landed));
  assert.equal(await run(beside, "rev-parse", "HEAD"), to);
  assert.equal(await run(beside, "status", "--porcelain"), "");
  assert.equal(await Deno.readTextFile(join(beside, "new/y")), "y");
  assert.equal(await Deno.readLink(join(beside, "link")), "a");
  assert.equal(await run(user, "status", "--porcelain"), "");
});

Deno.test("a directory of the user's that came in the moment of the landing stays, with what comes in it", async () => {
  await using world = await openLandingWorld({ a: "a" });
  await world.commit({ "new/deep/file": "f", "new/other": "o" });
  const mkdir = () => {
    Deno.mkdirSync(join(world.user, "new"));
    Deno.writeTextFileSync(join(world.user, "new/mine"), "m");
  };
  const landed = await world.land({ at: inTheMoment(mkdir) });
  assert.equal(landed.kind, "landed", JSON.stringify(landed));
  const { "new/mine": mine, "new/deep/file": deep, "new/other": other } = await world.observe();
  assert.deepEqual([mine, deep, other], ["f:m", "f:f", "f:o"]);
  assert.equal(await world.run(world.user, "status", "--porcelain"), "?? new/mine");
});

Deno.test("a link of the user's that came in that moment is not followed, and all is as it was", async () => {
  await using world = await openLandingWorld({ a: "a" });
  await world.commit({ a: "b", "new/deep/file": "f" });
  const elsewhere = join(world.root, "elsewhere");
  await Deno.mkdir(elsewhere);
  const link = join(world.user, "new");
  const waiting = await world.land({ at: inTheMoment(() => Deno.symlinkSync(elsewhere, link)) });
  assert.ok(waiting.kind === "paused" && waiting.reason === "collision", JSON.stringify(waiting));
  assert.deepEqual([...Deno.readDirSync(elsewhere)], []);
  assert.deepEqual([await Deno.readLink(link), (await world.observe()).a], [elsewhere, "f:a"]);
});

/** Acts once everything is decided and before the first file moves. */
function inTheMoment(act: () => void): (moment: string) => void {
  return (moment) => moment === "journal" ? act() : undefined;
}
