import assert from "node:assert/strict";
import { planCopyMap, planCopyRoots } from "../../../src/acp/copy_places.ts";
import { checkDirectory } from "../../../src/acp/roots.ts";

const ROOTS = [
  { name: "project", hostPath: "/home/u/my api" },
  { name: "lib", hostPath: "/home/u/my api/vendor/lib" },
];
const realPath = (path: string) => path.replace(/^\/link(?=\/|$)/, "/home/u/my api");

const ROWS: [string, string, string][] = [
  ["the project", "/home/u/my api", "/work/project"],
  ["a file of it", "/home/u/my api/src/a.ts", "/work/project/src/a.ts"],
  ["the nearer of two directories", "/home/u/my api/vendor/lib/x", "/work/lib/x"],
  ["a file URI with escapes", "file:///home/u/my%20api/a%2Bb", "file:///work/project/a%2Bb"],
  ["what only begins like it", "/home/u/my apiary", "/home/u/my apiary"],
  ["prose", "see /home/u/my api", "see /home/u/my api"],
];

for (const [name, outside, inside] of ROWS) {
  Deno.test(`planCopyMap() maps ${name} both ways`, () => {
    const map = planCopyMap(ROOTS, { platform: "linux", realPath });
    assert.equal(map(outside, "inward"), inside);
    assert.equal(map(inside, "outward"), outside);
  });
}

Deno.test("planCopyMap() follows links of the host on the way in", () => {
  const map = planCopyMap(ROOTS, { platform: "linux", realPath });
  assert.equal(map("/link/src", "inward"), "/work/project/src");
  assert.equal(map("/etc", "inward"), "/etc");
});

Deno.test("planCopyMap() maps paths of Windows", () => {
  const map = planCopyMap([{ name: "project", hostPath: "C:\\api" }], {
    platform: "windows",
    realPath,
  });
  assert.equal(map("C:\\api\\src", "inward"), "/work/project/src");
  assert.equal(map("/work/project/src", "outward"), "C:\\api\\src");
});

Deno.test("a session opens in a directory of the cage and nowhere else", () => {
  const check = (directory: string) =>
    checkDirectory(directory, { roots: planCopyRoots(ROOTS, "linux"), realPath });
  assert.equal(check("/work/lib/src"), undefined);
  assert.match(check("/work") ?? "", /is not in the cage, which has \/home\/u\/my api,/);
  assert.match(check("/etc") ?? "", /is not in the cage/);
});
