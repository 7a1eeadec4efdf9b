import assert from "node:assert/strict";
import fc from "fast-check";
import {
  mapWindowsPath,
  PATHS_OF_AGENT,
  PATHS_OF_CLIENT,
  planPathEdits,
} from "../../../src/acp/mapping.ts";
import { createScanner } from "../../../src/acp/scan.ts";
import { AGENT_NAMES, CLIENT_NAMES, judgeAgent, judgeClient } from "../../../src/acp/guard.ts";
import { createGate } from "../../../src/acp/gate.ts";
import { planMappedGate } from "../../../src/acp/mapped_gate.ts";
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
    assert.equal(mapWindowsPath(outside, "inward"), inside);
    assert.equal(mapWindowsPath(inside, "outward"), outside);
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
    assert.equal(mapWindowsPath(text, "inward"), inside);
  });
}

for (const path of ["/home/agent/.claude", "/tmp/x", "/work", "file:///tmp/x", "/", "/C/x"]) {
  Deno.test(`${path} is nowhere outside and stays`, () => {
    assert.equal(mapWindowsPath(path, "outward"), path);
  });
}

Deno.test("a path of Windows comes back as it was", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !/[\\/:*?"<>|\0]/.test(text));
  fc.assert(
    fc.property(fc.constantFrom(..."ACDZ"), fc.array(name, { minLength: 1 }), (drive, names) => {
      const path = `${drive}:\\${names.join("\\")}`;
      assert.equal(mapWindowsPath(mapWindowsPath(path, "inward"), "outward"), path);
    }),
  );
});

function map(message: string, direction: "inward" | "outward"): string {
  const wanted = direction === "inward" ? PATHS_OF_CLIENT : PATHS_OF_AGENT;
  const scanner = createScanner(planWanted(wanted));
  const bytes = new TextEncoder().encode(message);
  scanner.feed(bytes);
  const edits = planPathEdits(scanner.seen(), { direction, map: mapWindowsPath });
  return new TextDecoder().decode(applyEdits(bytes, edits));
}

Deno.test("an editor's paths are mapped, its prose and every other byte are not", () => {
  const message = (at: (path: string) => string, uri: string) =>
    `{ "id" : 1.0, "params":{"cwd":${at("C:\\api")},"additionalDirectories":[${at("D:\\lib")}],` +
    `"prompt":[{"type":"text","text":"look at C:\\\\api"},{"type":"resource_link","uri":"${uri}"},` +
    `{"type":"resource","resource":{"uri":"${uri}","text":"C:\\\\api"}}]}}`;
  assert.equal(
    map(message((path) => JSON.stringify(path), "file:///C:/api/a"), "inward"),
    message((path) => JSON.stringify(mapWindowsPath(path, "inward")), "file:///c/api/a"),
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
    message((path) => JSON.stringify(mapWindowsPath(path, "outward"))),
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
  }, { direction: "inward", names: CLIENT_NAMES, map: mapWindowsPath }));
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

for (
  const [what, path, want] of [
    ["a file of the project", "/c/api/src/a", "C:\\api\\src\\a"],
    ["a file in other letters", "/c/API/a", "C:\\API\\a"],
    ["a file elsewhere", "/c/other/a", -32602],
    ["a neighbour", "/c/api2/a", -32602],
    ["a way out by dots", "/c/api/../x", -32602],
    ["a hidden file", "/c/api/.env", -32602],
    ["a hidden file in other letters", "/c/Api/.ENV", -32602],
    ["a stream of a hidden file", "/c/api/.env::$DATA", -32602],
    ["a hidden file with a dot behind it", "/c/api/.env.", -32602],
    ["a hidden file with a blank behind it", "/c/api/.env ", -32602],
    ["a folder with a dot behind it", "/c/api/keys./a", -32602],
    ["a file of a share", "//host/c$/api/a", -32602],
    ["a junction that leads out", "/c/api/out/a", -32602],
    ["another drive", "/d/api/a", -32602],
    ["a file of the cage", "/home/agent/x", -32602],
  ] as const
) {
  Deno.test(`the editor's files on Windows: ${what} is ${want === -32602 ? "refused" : "given"}`, () => {
    const roots = {
      platform: "windows" as const,
      mounted: [{ source: "C:\\api", target: "/c/api", readonly: false }],
      hidden: ["C:\\api\\.env"],
      protected: [],
    };
    const rules = { terminal: "block", fs: "workspace" } as const;
    const realPath = (path: string) => path.replace(/^C:\\api\\out/i, "C:\\Windows");
    const verdicts: Verdict[] = [];
    const gate = createGate(planMappedGate({
      wanted: planWanted(AGENT_NAMES),
      judge: (line) => judgeAgent(line, { rules, roots, realPath }),
      onLine: (_line, verdict) => verdicts.push(verdict),
    }, { direction: "outward", names: AGENT_NAMES, map: mapWindowsPath }));
    const message = { id: 1, method: "fs/read_text_file", params: { sessionId: "s", path } };
    const [sent] = gate.push(new TextEncoder().encode(JSON.stringify(message) + "\n"));
    const given = sent === undefined
      ? verdicts.map((verdict) => verdict.kind === "refuse" ? verdict.code : 0)[0]
      : JSON.parse(new TextDecoder().decode(sent)).params.path;
    assert.equal(given, want);
  });
}
