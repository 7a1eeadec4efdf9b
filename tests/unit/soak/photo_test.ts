import assert from "node:assert/strict";
import {
  addDifferences,
  ASPECTS,
  comparePhotos,
  EMPTY_PHOTO,
  formatDifferences,
  keepCommon,
} from "../../soak/photo.ts";

Deno.test("comparePhotos() names what came, in every aspect, and nothing that went", () => {
  for (const aspect of ASPECTS) {
    const before = { ...EMPTY_PHOTO, [aspect]: ["stays", "goes"] };
    const after = { ...EMPTY_PHOTO, [aspect]: ["comes", "stays"] };
    assert.deepEqual(comparePhotos(before, after), [{ aspect, item: "comes" }]);
  }
});

Deno.test("comparePhotos() counts: one more of a kind is one more", () => {
  const before = { ...EMPTY_PHOTO, "state file": ["x", "x"] };
  const after = { ...EMPTY_PHOTO, "state file": ["x", "x", "x", "x"] };
  const more = comparePhotos(before, after);
  assert.deepEqual(formatDifferences(more), ["state file x, 2 times"]);
  assert.deepEqual(comparePhotos(after, before), []);
});

Deno.test("comparePhotos() of a photo and itself is empty", () => {
  const photo = { ...EMPTY_PHOTO, container: ["a", "b"], process: ["1 x", "1 x"] };
  assert.deepEqual(comparePhotos(photo, photo), []);
});

Deno.test("keepCommon() drops what only one look saw, and keeps counts", () => {
  const [one, two] = [{ aspect: "process", item: "1" }, { aspect: "process", item: "2" }] as const;
  assert.deepEqual(keepCommon([one, two], [two]), [two]);
  assert.deepEqual(keepCommon([one, one], [one]), [one]);
  assert.deepEqual(keepCommon([one], [{ aspect: "socket", item: "1" }]), []);
});

Deno.test("addDifferences() makes a photo in which they are known", () => {
  const photo = { ...EMPTY_PHOTO, container: ["a"] };
  const more = [{ aspect: "container", item: "a" }, { aspect: "volume", item: "v" }] as const;
  const sum = addDifferences(photo, more);
  assert.deepEqual([sum.container, sum.volume], [["a", "a"], ["v"]]);
  assert.deepEqual(photo.container, ["a"]);
  assert.deepEqual(comparePhotos(photo, sum), more);
});
