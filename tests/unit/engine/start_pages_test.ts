import assert from "node:assert/strict";
import { findUnchanged, releaseStartPages } from "../../../src/engine/start_pages.ts";

const mapping = (head: string, anonymous: number) =>
  [head, "Size:  64 kB", "Rss:  32 kB", `Anonymous:          ${anonymous} kB`, ""].join("\n");

const ROWS: [name: string, head: string, anonymous: number, isFound: boolean][] = [
  ["code", "1000-3000 r-xp 00000000 fe:00 7    /usr/bin/deno", 0, true],
  ["constants", "1000-3000 r--p 00000000 fe:00 7    /usr/bin/deno", 0, true],
  ["addresses that the loader wrote", "1000-3000 r--p 00000000 fe:00 7    /usr/bin/deno", 4, false],
  ["variables", "1000-3000 rw-p 00000000 fe:00 7    /usr/bin/deno", 0, false],
  ["memory shared with others", "1000-3000 r--s 00000000 fe:00 7    /usr/bin/deno", 0, false],
  ["another file", "1000-3000 r-xp 00000000 fe:00 8    /usr/lib/libc.so.6", 0, false],
  [
    "a file whose name goes on",
    "1000-3000 r-xp 00000000 fe:00 7   /usr/bin/deno (deleted)",
    0,
    false,
  ],
  ["memory of no file", "1000-3000 r-xp 00000000 00:00 0 ", 0, false],
];

for (const [name, head, anonymous, isFound] of ROWS) {
  Deno.test(`of ${name}, ${isFound ? "the pages can go" : "no page goes"}`, () => {
    const other = mapping("4000-5000 rw-p 00000000 00:00 0 [heap]", 8);
    for (const smaps of [mapping(head, anonymous) + other, other + mapping(head, anonymous)]) {
      const found = findUnchanged(smaps, "/usr/bin/deno");
      assert.deepEqual(found, isFound ? [{ start: 0x1000n, length: 0x2000n }] : []);
    }
  });
}

Deno.test({
  name: "a process is smaller after its start pages went, and goes on",
  ignore: Deno.build.os !== "linux",
  fn() {
    const before = readFileKib();
    releaseStartPages();
    assert.ok(readFileKib() < before, "file-backed memory");
    assert.equal(JSON.stringify([..."abc"].map((text) => text.toUpperCase())), '["A","B","C"]');
  },
});

/** Memory that holds files. */
function readFileKib(): number {
  return Number(/^RssFile:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]);
}
