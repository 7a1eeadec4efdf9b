import assert from "node:assert/strict";
import { listPatches, readPatches } from "../../../src/transfer/patches.ts";
import { scanWork } from "../../../src/transfer/salvage.ts";
import type { TreeItem } from "../../../src/tree/entry.ts";

function item(path: string, kind: "file" | "dir" | "link" = "file"): TreeItem {
  return { path, kind, mode: 0o644, size: 1, mtimeMs: 0, ctimeMs: 0 };
}

function scanOf(items: readonly TreeItem[]) {
  return {
    async *scan() {
      yield items;
      await Promise.resolve();
    },
  };
}

Deno.test("listPatches() takes what git names, and nothing that was put beside it", async () => {
  const files = await listPatches(
    scanOf([
      item("0001-feat-one.patch"),
      item("0002-.patch"),
      item("0003-link.patch", "link"),
      item("0004-dir.patch", "dir"),
      item("0004-dir.patch/0001-x.patch"),
      item(".envrc"),
      item("0005-x.patch.sh"),
      item("0006-a b.patch"),
      item("12345-later.patch"),
    ]),
    ".patches",
  );
  assert.deepEqual(files.map(({ path }) => path), [
    "0001-feat-one.patch",
    "0002-.patch",
    "12345-later.patch",
  ]);
});

Deno.test("readPatches() says which one is too large to print", async () => {
  const file = { ...item("0001-x.patch"), kind: "file", size: 1 << 30 } as const;
  const read = () => {
    throw new Error("nothing is asked for");
  };
  const files = await listPatches(scanOf([file]), "");
  await assert.rejects(readPatches({ read }, { root: "", files }), /0001-x\.patch.*too large/);
});

Deno.test("scanWork() has everything but what is sandcage's own while it works", async () => {
  const { entries, problems } = await scanWork(scanOf([
    item(".patches", "dir"),
    item(".patches/0001-x.patch"),
    item(".sandcage-restore-1", "dir"),
    item(".patchesque"),
    { path: "pipe", problem: "special file" },
    item("project", "dir"),
    item("project/.patches"),
  ]));
  assert.deepEqual(entries.map(({ path }) => path), [".patchesque", "project", "project/.patches"]);
  assert.deepEqual(problems, [{ path: "pipe", problem: "special file" }]);
});
