/** Names that a cage has twice and the host's file system takes for one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { findUnfit } from "../../../src/transfer/in_the_way.ts";
import { applySalvage, scanWork } from "../../../src/transfer/salvage.ts";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import type { TreeFs } from "../../../src/tree/fs.ts";
import { foldingFs } from "../support/folding_fs.ts";
import { createLocalCourier } from "../support/local_courier.ts";

const FILE = { kind: "file", mode: 0o644, size: 0, mtimeMs: 0, ctimeMs: 0 } as const;

function candidates(...paths: string[]) {
  return paths.map((path) => ({ path, inner: { ...FILE, path } }));
}

Deno.test("findUnfit() refuses the second of two names that are one here, Linux included", () => {
  const all = candidates("README", "Src/a", "readme", "src/b");
  const found = findUnfit(all, { platform: "linux", folds: true });
  assert.deepEqual(found.map(({ path }) => path), ["readme", "src/b"]);
  assert.deepEqual(findUnfit(all, { platform: "linux", folds: false }), []);
});

Deno.test("findUnfit() does not mind what only the host has twice", () => {
  const all = ["a", "A"].map((path) => ({ path, host: { ...FILE, path } }));
  assert.deepEqual(findUnfit(all, { platform: "linux", folds: true }), []);
});

/** Salvages two pairs of twins to a file system; what is written down of it then. */
async function salvageTwins(fs: TreeFs) {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-twins-" }));
  try {
    const [work, target] = [join(dir, "work"), join(dir, "target")];
    for (const path of ["work/Src", "work/src", "target"]) {
      await Deno.mkdir(join(dir, path), { recursive: true });
    }
    for (const path of ["README", "readme", "Src/a", "src/a", "src/b"]) {
      await Deno.writeTextFile(join(work, path), `of ${path}\n`);
    }
    const local = createLocalCourier(work);
    const courier = {
      ...local,
      async *repositories() {},
    };
    const tree = await scanWork(courier);
    const cage = { name: "web" };
    const { left } = await applySalvage({ cage, courier, tree, target, fs, platform: "linux" });
    const texts = new Map<string, string>();
    for (const path of ["README", "readme", "Src/a", "src/a", "src/b"]) {
      const text = await Deno.readTextFile(join(target, path)).catch(() => undefined);
      if (text !== undefined) texts.set(path, text);
    }
    return { left, texts: Object.fromEntries(texts) };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("salvage brings the first of two names that are one here, and tells of the other", async () => {
  const { left, texts } = await salvageTwins(foldingFs());
  assert.deepEqual(texts, { "README": "of README\n", "Src/a": "of Src/a\n" });
  const reason = "this file system takes its name for another one's";
  assert.deepEqual(left, ["readme", "src", "src/a", "src/b"].map((path) => ({ path, reason })));
});

Deno.test("salvage brings both where case counts", async () => {
  const { left, texts } = await salvageTwins(denoFs());
  assert.deepEqual(left, []);
  assert.equal(Object.keys(texts).length, 5);
});
