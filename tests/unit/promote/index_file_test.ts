import assert from "node:assert/strict";
import { join } from "node:path";
import { parseIndex, patchIndexTimes } from "../../../src/promote/index_file.ts";
import { openLandingWorld } from "../support/landing_world.ts";

const FILES = {
  "a": "a",
  "a.b": "ab",
  "deep/er/one": "1",
  "deep/er/one-two": "12",
  "deep/x": "x",
  ["long-".repeat(40)]: "long",
  "ünï": "u",
};

for (const version of [2, 3, 4]) {
  Deno.test(`an index of version ${version} is read and patched as git reads it`, async () => {
    await using world = await openLandingWorld(FILES);
    const { user, run } = world;
    await run(user, "update-index", `--index-version=${version}`);
    // An extended flag is what makes version 3 differ.
    await world.write(user, { "later": "l" });
    await run(user, "add", "-N", "later");
    const path = join(user, ".git/index");
    const listed = (await run(user, "ls-files", "-s", "-z")).split("\0").filter((line) =>
      line !== ""
    );
    const wanted = new Map(listed.map((line): [string, string] => {
      const [facts, name] = line.split("\t") as [string, string];
      return [name, facts];
    }));
    const bytes = await Deno.readFile(path);
    const { entries, isPartial } = parseIndex(bytes, new Set(wanted.keys()));
    assert.equal(isPartial, false);
    assert.deepEqual(
      new Map(
        [...entries].map((
          [name, { mode, oid, stage }],
        ) => [name, `${mode.toString(8)} ${oid} ${stage}`]),
      ),
      wanted,
    );
    assert.deepEqual([...entries].filter(([, one]) => one.isIntent).map(([name]) => name), [
      "later",
    ]);
    assert.deepEqual(parseIndex(bytes, new Set(["deep", "b"])).entries, new Map());

    const { stat } = entries.get("deep/er/one")!;
    patchIndexTimes(
      bytes,
      new Map([
        ["deep/er/one", { ...stat, ctimeS: 12345, ctimeNs: 6 }],
        ["deep/x", { ...entries.get("deep/x")!.stat, ctimeS: 1, ino: 1 }],
      ]),
    );
    await Deno.writeFile(path, bytes);
    const told = await run(user, "ls-files", "--debug");
    assert.match(told, /deep\/er\/one\n {2}ctime: 12345:6\n/);
    assert.doesNotMatch(told, /ctime: 1:0/);
    // git checks the checksum here.
    assert.equal(await run(user, "fsck", "--strict"), "");
    await Deno.writeFile(path, bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1));
    await assert.rejects(run(user, "fsck", "--strict"));
  });
}

Deno.test("an index that ends early is refused at once, however many entries it says it has", () => {
  for (const version of [2, 3, 4]) {
    for (const length of [20, 70, 82, 94, 200, 1000]) {
      for (const filling of [0, 0x61, 0xff]) {
        const index = new Uint8Array(12 + length).fill(filling);
        index.set(new TextEncoder().encode("DIRC"));
        const view = new DataView(index.buffer);
        view.setUint32(4, version);
        view.setUint32(8, 0xffffffff);
        const startedMs = performance.now();
        assert.throws(
          () => parseIndex(index, new Set(["a"])),
          /no index of git: an entry has no end/,
        );
        assert.ok(performance.now() - startedMs < 10_000);
      }
    }
  }
});

Deno.test("what is no index is refused", () => {
  assert.throws(() => parseIndex(new Uint8Array(10), new Set()), /no index/);
  const other = new Uint8Array(40);
  other.set(new TextEncoder().encode("DIRC"));
  other[7] = 5;
  assert.throws(() => parseIndex(other, new Set()), /version 5/);
});
