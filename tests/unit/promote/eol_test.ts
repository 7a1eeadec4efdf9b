import assert from "node:assert/strict";
import { join } from "node:path";
import { openLandingWorld, settle } from "../support/landing_world.ts";

/** Ends of lines that no rule of this file system would have written. */
const MIXED = "one\r\ntwo\nthree\r\n";

for (
  const [name, attributes, config] of [
    ["a rule for CRLF", "*.txt text eol=crlf\n", {}],
    ["a rule for LF", "*.txt text eol=lf\n", {}],
    ["no rule, and CRLF for all by configuration", "", { "core.autocrlf": "true" }],
    ["no rule at all", "", {}],
  ] as const
) {
  Deno.test(`mixed line ends land byte for byte and are nobody's change: ${name}`, async () => {
    await using world = await openLandingWorld({
      "was.txt": MIXED,
      "kept.txt": MIXED,
      "lf.txt": "a\nb\n",
    });
    const { user, run, inner } = world;
    // The repository has the bytes as they are; the rule comes later, as it does in real ones.
    if (attributes !== "") {
      await world.write(inner, { ".gitattributes": attributes });
      await world.commit({ "only-the-rule": "" });
      assert.equal((await world.land()).kind, "landed");
    }
    for (const [key, value] of Object.entries(config)) await run(user, "config", key, value);
    // A checkout of the user writes them as the rule has it.
    await Deno.remove(join(user, ".git/index"));
    await run(user, "reset", "-q", "--hard");
    await writeBlobs(world, {
      "was.txt": MIXED + "more\n",
      "new.txt": MIXED,
      "lf.txt": "a\nb\nc\n",
    });
    const landed = await world.land();
    assert.equal(landed.kind, "landed", JSON.stringify(landed));
    const written = await Deno.readTextFile(join(user, "new.txt"));
    // As git itself writes it.
    await run(user, "worktree", "add", "-q", "--detach", join(world.root, "plain"));
    assert.equal(written, await Deno.readTextFile(join(world.root, "plain/new.txt")));
    assert.equal(
      await Deno.readTextFile(join(user, "lf.txt")),
      await Deno.readTextFile(join(world.root, "plain/lf.txt")),
    );
    // git compares files as new as its index by their content: those of line ends that are not those
    // of the rule look modified right after its own checkout, too. No more than those may do so.
    const modified = await run(user, "status", "--porcelain");
    assert.ok(["", " M new.txt\n M was.txt"].includes(modified), modified);
    assert.equal(attributes === "" ? modified : "", "");

    // Another landing over files that git takes for modified once their times change: they are not.
    for (const path of ["was.txt", "new.txt", "lf.txt"]) {
      const bytes = await Deno.readFile(join(user, path));
      await Deno.remove(join(user, path));
      await Deno.writeFile(join(user, path), bytes);
    }
    await writeBlobs(world, { "was.txt": "x\r\n", "new.txt": "y\r\n", "lf.txt": "z\n" });
    assert.equal((await world.land()).kind, "landed");
    // One byte more, and it is the user's.
    await Deno.writeTextFile(join(user, "was.txt"), "!", { append: true });
    await writeBlobs(world, { "was.txt": "y\r\n" });
    const waiting = await world.land();
    assert.ok(waiting.kind === "paused" && waiting.reason === "collision");
    assert.deepEqual(waiting.paths, ["was.txt"]);
  });
}

Deno.test("mixed line ends are as they were after a landing that was taken back", async () => {
  await using world = await openLandingWorld({ "was.txt": "a\n" });
  await writeBlobs(world, { ".gitattributes": "*.txt text eol=crlf\n", "was.txt": MIXED });
  assert.equal((await world.land()).kind, "landed");
  await writeBlobs(world, { "was.txt": "x\r\n" });
  const before = await world.observe();
  const at = (moment: string) => {
    if (moment === "moved") throw new Error("disk full");
  };
  await assert.rejects(world.land({ at }), /disk full/);
  await settle(world);
  assert.deepEqual(await world.observe(), before);
  assert.equal(before["was.txt"], "f:one\r\ntwo\r\nthree\r\n");
  assert.equal((await world.land()).kind, "landed");
});

/** Commits bytes as they are, whatever the rules of this machine are. */
async function writeBlobs(
  world: Awaited<ReturnType<typeof openLandingWorld>>,
  files: Record<string, string>,
): Promise<void> {
  const { inner, run, write } = world;
  for (const [path, text] of Object.entries(files)) {
    await write(inner, { [path]: text });
    const oid = await run(inner, "hash-object", "-w", "--no-filters", "--", path);
    await run(inner, "update-index", "--add", "--cacheinfo", `100644,${oid},${path}`);
  }
  await run(inner, "commit", "-q", "-m", "bytes");
  await world.take();
}
