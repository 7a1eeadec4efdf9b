import assert from "node:assert/strict";
import {
  formatCheckpointName,
  missingCheckpoint,
  restoreCheckpoint,
} from "../../../src/copy/checkpoint.ts";
import { matchVolume } from "../../../src/copy/salvage.ts";
import type { ManagedObject } from "../../../src/cage/inventory.ts";

const NOW = new Date("2026-11-21T15:04:05.678Z");

Deno.test("formatCheckpointName() is the time, and never a name that is taken", () => {
  const name = "2026-11-21-150405";
  assert.equal(formatCheckpointName(NOW, { taken: [] }), name);
  assert.equal(formatCheckpointName(NOW, { taken: [name, `${name}-2`] }), `${name}-3`);
  const prefix = "before-restore-";
  assert.equal(formatCheckpointName(NOW, { taken: [name], prefix }), prefix + name);
});

Deno.test("restoreCheckpoint() keeps what is there before it changes anything", async () => {
  const calls: string[] = [];
  const one = (name: string) => ({ name, takenAt: "", bytes: 0, entries: 0 });
  const courier = {
    checkpoints: () => Promise.resolve([one("a")]),
    checkpoint: (name: string) => Promise.resolve(one((calls.push(`keep ${name}`), name))),
    restore: (name: string) => Promise.resolve(void calls.push(`restore ${name}`)),
  };
  const saved = await restoreCheckpoint(courier, "a", { now: NOW });
  assert.deepEqual(calls, ["keep before-restore-2026-11-21-150405", "restore a"]);
  assert.equal(saved.name, "before-restore-2026-11-21-150405");
  calls.length = 0;
  await assert.rejects(restoreCheckpoint(courier, "b", { now: NOW }), { exit: 2, code: "usage" });
  assert.deepEqual(calls, []);
});

Deno.test("missingCheckpoint() names what there is", () => {
  assert.equal(missingCheckpoint("x", ["a", "b"]).hint, "There are: a, b");
  assert.match(missingCheckpoint("x", []).hint!, /sandcage checkpoint$/);
});

const volume = (cage: string, role: "work" | "checkpoints" = "work"): ManagedObject => {
  const title = `sandcage-${role}-${cage}`;
  return { kind: "volume", id: title, title, cage, role };
};
const VOLUMES = [
  volume("web-111111"),
  volume("web-222222"),
  volume("api-333333"),
  volume("api-333333", "checkpoints"),
];

for (
  const [word, title] of [
    ["sandcage-work-web-111111", "sandcage-work-web-111111"],
    ["web-222222", "sandcage-work-web-222222"],
    ["api", "sandcage-work-api-333333"],
    ["web", undefined],
    ["sandcage-checkpoints-api-333333", undefined],
    ["none", undefined],
  ] as const
) {
  Deno.test(`matchVolume() finds ${title ?? "nothing"} for ${word}`, () => {
    assert.equal(matchVolume(VOLUMES, word)?.title, title);
  });
}
