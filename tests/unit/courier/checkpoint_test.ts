/** Checkpoints on directories of this machine: taken, damaged, brought back. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as fc from "fast-check";
import {
  type CheckpointSite,
  forgetCheckpoint,
  listCheckpoints,
  restoreCheckpoint,
  takeCheckpoint,
} from "../../../src/courier/checkpoint.ts";

/** A volume of work with two files in it, and one of checkpoints. */
function makeSite(): Disposable & CheckpointSite {
  const dir = Deno.makeTempDirSync({ prefix: "sandcage-checkpoint-" });
  const places = { work: `${dir}/work`, checkpoints: `${dir}/checkpoints` };
  fs.mkdirSync(`${places.work}/project`, { recursive: true });
  fs.mkdirSync(places.checkpoints);
  fs.writeFileSync(`${places.work}/project/a.txt`, "first\n".repeat(500));
  fs.writeFileSync(`${places.work}/project/b.txt`, "second\n");
  return {
    places,
    lease: { token: "00ff", release() {} },
    isLive: () => true,
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

function show({ places }: CheckpointSite): Record<string, string> {
  const paths = fs.readdirSync(places.work, { recursive: true, encoding: "utf8" }).sort();
  const isFile = (path: string) => fs.lstatSync(`${places.work}/${path}`).isFile();
  return Object.fromEntries(
    paths.map((path) => [
      path,
      isFile(path) ? fs.readFileSync(`${places.work}/${path}`, "utf8") : "",
    ]),
  );
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "a checkpoint comes back, and what is said of it does not tell its hash",
  ignore,
  fn() {
    using site = makeSite();
    const before = show(site);
    const taken = takeCheckpoint("one", site);
    assert.deepEqual(Object.keys(taken), ["name", "takenAt", "bytes", "entries"]);
    assert.deepEqual(listCheckpoints(site.places), [taken]);
    fs.writeFileSync(`${site.places.work}/project/a.txt`, "other");
    assert.deepEqual(restoreCheckpoint("one", site), taken);
    assert.deepEqual(show(site), before);
  },
});

Deno.test({
  name: "a checkpoint with one byte changed anywhere is refused, and the work is as it was",
  ignore,
  fn() {
    using site = makeSite();
    const { bytes } = takeCheckpoint("one", site);
    fs.writeFileSync(`${site.places.work}/project/a.txt`, "later");
    const now = show(site);
    const archive = `${site.places.checkpoints}/one.tar`;
    const whole = fs.readFileSync(archive);
    fc.assert(
      fc.property(fc.nat({ max: bytes - 1 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bent = new Uint8Array(whole);
        bent[at]! ^= by;
        fs.writeFileSync(archive, bent);
        assert.throws(() => restoreCheckpoint("one", site), (error: Error & { hint?: string }) => {
          assert.match(error.message, /^The checkpoint "one" is damaged: /);
          assert.match(error.hint!, /as they were.*sandcage checkpoints --remove one/);
          return true;
        });
        assert.deepEqual(show(site), now);
      }),
    );
    fs.writeFileSync(archive, whole);
    restoreCheckpoint("one", site);
  },
});

/** What else can happen to the two files of a checkpoint. */
const damages: [string, (paths: { archive: string; record: string }) => void, RegExp][] = [
  ["cut short", ({ archive }) => fs.truncateSync(archive, 700), /it ends early/],
  [
    "cut at its end",
    ({ archive }) => fs.truncateSync(archive, fs.statSync(archive).size - 512),
    /./,
  ],
  ["longer than it was", ({ archive }) => fs.appendFileSync(archive, "\0"), /not what was written/],
  ["empty", ({ archive }) => fs.truncateSync(archive, 0), /it ends early/],
  ["gone", ({ archive }) => fs.rmSync(archive), /its files are gone/],
  ["without a whole record", ({ record }) => fs.truncateSync(record, 9), /its record is not whole/],
  ["with a record of something else", ({ record }) => fs.writeFileSync(record, "[]"), /record/],
];
for (const [name, damage, message] of damages) {
  Deno.test({
    name: `a checkpoint that is ${name} is refused, listed, and can be removed`,
    ignore,
    fn() {
      using site = makeSite();
      takeCheckpoint("one", site);
      fs.writeFileSync(`${site.places.work}/project/a.txt`, "later");
      const now = show(site);
      const { checkpoints } = site.places;
      damage({ archive: `${checkpoints}/one.tar`, record: `${checkpoints}/one.json` });
      assert.throws(() => restoreCheckpoint("one", site), message);
      assert.deepEqual(show(site), now);
      assert.deepEqual(listCheckpoints(site.places).map(({ name }) => name), ["one"]);
      forgetCheckpoint("one", site);
      assert.deepEqual(fs.readdirSync(checkpoints), []);
    },
  });
}

Deno.test({
  name: "a checkpoint of an earlier version, without a hash, comes back",
  ignore,
  fn() {
    using site = makeSite();
    const before = show(site);
    takeCheckpoint("one", site);
    const path = `${site.places.checkpoints}/one.json`;
    const { sha256: _, ...old } = JSON.parse(fs.readFileSync(path, "utf8"));
    fs.writeFileSync(path, JSON.stringify(old));
    fs.rmSync(`${site.places.work}/project/a.txt`);
    restoreCheckpoint("one", site);
    assert.deepEqual(show(site), before);
  },
});
