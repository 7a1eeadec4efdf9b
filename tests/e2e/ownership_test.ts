/** Who owns what a cage makes, whoever starts it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { lookInside } from "./support/inside.ts";
import { makeWorld } from "./support/world.ts";

/** The usual one, macOS's, one of an image's own users, an image's own group, a large one. */
const USERS = [
  { uid: 1000, gid: 1000 },
  { uid: 501, gid: 20 },
  { uid: 33, gid: 33 },
  { uid: 1001, gid: 100 },
  { uid: 1234567, gid: 1234567 },
];

for (const user of USERS) {
  Deno.test(`as ${user.uid}:${user.gid} files inside and outside are the user's own`, async (t) => {
    await using world = await makeWorld(`uid${user.uid}`, { runAs: user });
    const result = await world.sandcage([
      ...["shell", "--", "sh", "-ec"],
      'id -u; id -g; whoami; echo hi > made.txt; echo x > ~/x; touch /tmp/x; stat -c %u:%g README.md "$HOME"; ' +
      "git add made.txt; git commit -qm 'feat: add'; git log -1 --format='%an <%ae>'",
    ]);
    assert.equal(result.code, 0, result.stderr);
    const [uid, gid, name, file, home, author] = result.stdout.trim().split("\n");

    await t.step("inside runs the same uid and gid, under a name", () => {
      assert.deepEqual([Number(uid), Number(gid)], [user.uid, user.gid]);
      assert.ok(name !== undefined && name !== "");
    });
    await t.step("the project's files and the home are owned by it inside", () => {
      assert.deepEqual([file, home], [`${user.uid}:${user.gid}`, `${user.uid}:${user.gid}`]);
    });
    await t.step("a new file belongs to it on the host", async () => {
      const made = await Deno.stat(join(world.project, "made.txt"));
      assert.deepEqual([made.uid, made.gid], [user.uid, user.gid]);
    });
    await t.step("git works inside, with the host's identity", () => {
      assert.equal(author, "Test User <user@example.test>");
    });
    await t.step("and nothing in the repository changed hands", async () => {
      const script = `find ${world.project} ! -uid ${user.uid} -o ! -gid ${user.gid}`;
      const strangers = await run("sh", ["-c", script], { timeoutMs: 10_000 });
      assert.equal(strangers.stdout, "");
    });
  });
}

Deno.test("as the user of this machine, root included, files are its own", async () => {
  await using world = await makeWorld("self");
  const inside = await lookInside(world, "shell");
  assert.deepEqual([inside.uid, inside.gid], [Deno.uid(), Deno.gid()]);
  assert.equal(inside.status.get("CapEff"), "0000000000000000");
  await world.sandcage(["shell", "--", "touch", "made.txt"]);
  const made = await Deno.stat(join(world.project, "made.txt"));
  assert.deepEqual([made.uid, made.gid], [Deno.uid(), Deno.gid()]);
});
