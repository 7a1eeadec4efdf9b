import assert from "node:assert/strict";
import fc from "fast-check";
import {
  mapPath,
  PATHS_OF_AGENT,
  PATHS_OF_CLIENT,
  planPathEdits,
} from "../../../src/acp/mapping.ts";
import { createScanner } from "../../../src/acp/scan.ts";
import { CLIENT_NAMES, judgeClient } from "../../../src/acp/guard.ts";
import { createGate } from "../../../src/acp/gate.ts";
import { planMappedGate } from "../../../src/acp/windows.ts";
import { applyEdits, type Verdict } from "../../../src/acp/verdict.ts";
import { planWanted } from "../../../src/acp/wanted.ts";

for (
  const [outside, inside] of [
    ["C:\\Users\\me\\api", "/c/Users/me/api"],
    ["D:\\", "/d"],
    ["C:\\a b\\ü.txt", "/c/a b/ü.txt"],
    ["file:///C:/Users/me/a%20b.txt", "file:///c/Users/me/a%20b.txt"],
  ] as const
) {
  Deno.test(`${outside} is ${inside} inside`, () => {
    assert.equal(mapPath(outside, "inward"), inside);
    assert.equal(mapPath(inside, "outward"), outside);
  });
}

for (
  const [text, inside] of [
    ["c:/mixed\\slashes", "/c/mixed/slashes"],
    ["\\\\?\\C:\\long", "/c/long"],
    ["file:///c%3A/x", "file:///c/x"],
    ["file://localhost/C:/x", "file:///c/x"],
    ["relative\\path", "relative\\path"],
    ["https://example.com/C:/x", "https://example.com/C:/x"],
    ["see C:\\x", "see C:\\x"],
    ["Cx:\\y", "Cx:\\y"],
  ] as const
) {
  Deno.test(`${text} becomes ${inside} on its way in`, () => {
    assert.equal(mapPath(text, "inward"), inside);
  });
}

for (const path of ["/home/agent/.claude", "/tmp/x", "/work", "file:///tmp/x", "/", "/C/x"]) {
  Deno.test(`${path} is nowhere outside and stays`, () => {
    assert.equal(mapPath(path, "outward"), path);
  });
}

Deno.test("a path of Windows comes back as it was", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !/[\\/:*?"<>|\0]/.test(text));
  fc.assert(
    fc.property(fc.constantFrom(..."ACDZ"), fc.array(name, { minLength: 1 }), (drive, names) => {
      const path = `${drive}:\\${names.join("\\")}`;
      assert.equal(mapPath(mapPath(path, "inward"), "outward"), path);
    }),
  );
});

function map(message: string, direction: "inward" | "outward"): string {
  const wanted = direction === "inward" ? PATHS_OF_CLIENT : PATHS_OF_AGENT;
  const scanner = createScanner(planWanted(wanted));
  const bytes = new TextEncoder().encode(message);
  scanner.feed(bytes);
  const edits = planPathEdits(scanner.seen(), direction);
  return new TextDecoder().decode(applyEdits(bytes, edits));
}

Deno.test("an editor's paths are mapped, its prose and every other byte are not", () => {
  const message = (at: (path: string) => string, uri: string) =>
    `{ "id" : 1.0, "params":{"cwd":${at("C:\\api")},"additionalDirectories":[${at("D:\\lib")}],` +
    `"prompt":[{"type":"text","text":"look at C:\\\\api"},{"type":"resource_link","uri":"${uri}"},` +
    `{"type":"resource","resource":{"uri":"${uri}","text":"C:\\\\api"}}]}}`;
  assert.equal(
    map(message((path) => JSON.stringify(path), "file:///C:/api/a"), "inward"),
    message((path) => JSON.stringify(mapPath(path, "inward")), "file:///c/api/a"),
  );
});

Deno.test("an agent's paths are mapped: files, directories, places, diffs, links", () => {
  const message = (at: (path: string) => string) =>
    `{"params":{"path":${at("/c/a")},"cwd":${at("/c")},"update":{"title":"in /c/a","locations":` +
    `[{"path":${at("/c/b")},"line":1}],"content":[{"type":"diff","path":${
      at("/c/d")
    },"oldText":"/c/d"},` +
    `{"type":"content","content":{"type":"resource_link","uri":${at("file:///c/e")}}}]},` +
    `"toolCall":{"locations":[{"path":${at("/home/agent/x")}}]},"subject":{"cwd":${at("/c/w")},` +
    `"toolCall":{"content":[{"type":"diff","changes":[{"operation":"move","oldPath":${
      at("/c/o")
    },` +
    `"path":${at("/c/p")}}],"patch":{"diff":"/c/p"}}],"title":"/c/p"}}},` +
    `"result":{"sessions":[{"cwd":${at("/c/s")}}]}}`;
  assert.equal(
    map(message((path) => JSON.stringify(path)), "outward"),
    message((path) => JSON.stringify(mapPath(path, "outward"))),
  );
});

Deno.test("a directory of Windows is decided about as the one inside that it becomes", () => {
  const roots = {
    platform: "windows" as const,
    mounted: [{ source: "C:\\api", target: "/c/api", readonly: false }],
    hidden: [],
    protected: [],
  };
  const rules = { terminal: "block", fs: "allow" } as const;
  // A drive that `subst` made.
  const realPath = (path: string) => path.replace(/^S:/i, "C:\\api\\sub");
  const verdicts: Verdict[] = [];
  const gate = createGate(planMappedGate({
    wanted: planWanted(CLIENT_NAMES),
    judge: (line) => judgeClient(line, { rules, roots, realPath }),
    onLine: (_line, verdict) => verdicts.push(verdict),
  }, { direction: "inward", names: CLIENT_NAMES }));
  const send = (cwd: string) =>
    gate.push(
      new TextEncoder().encode(
        JSON.stringify({ id: 1, method: "session/new", params: { cwd } }) + "\n",
      ),
    ).map((bytes) => JSON.parse(new TextDecoder().decode(bytes)).params.cwd);
  assert.deepEqual(send("c:\\api\\src"), ["/c/api/src"]);
  assert.deepEqual(send("C:\\other"), []);
  assert.deepEqual(send("S:\\src"), []);
  const last = verdicts.at(-1);
  assert.ok(last?.kind === "refuse");
  assert.match(last.message, /"\/s\/src" leads to "\/c\/api\/sub\/src" by a link/);
});
