import assert from "node:assert/strict";
import { isKept, stateKind } from "../../soak/state_kind.ts";

for (
  const [path, kind] of [
    ["config.toml", "config.toml"],
    ["cages/web-0123456789ab/cage.json", "cages/*/cage.json"],
    ["cages/anything at all/sessions/0a1b2c3d.json", "cages/*/sessions/*.json"],
    ["cages/x/sessions/0a1b2c3d.compose.yml", "cages/*/sessions/*.compose.yml"],
    ["cages/x/runs/20261121t205435-a24ffb/events.001.jsonl", "cages/*/runs/*/events.001.jsonl"],
    ["engines/5b23b2b3fd9ad2d5.json", "engines/*.json"],
    ["locks/dir-5b23b2b3fd9ad2d5.lock", "locks/dir-*.lock"],
    ["cages/x/mail/msg-20261121T205435-a24ffbea633d566f.json", "cages/*/mail/*.json"],
    ["cages/x/audit.jsonl.1", "cages/*/audit.jsonl.1"],
  ] as const
) {
  Deno.test(`stateKind() of ${path}`, () => assert.equal(stateKind(path), kind));
}

Deno.test("isKept() expects runs, and nothing else, to stay", () => {
  assert.ok(isKept("cages/*/runs/*/run.json"));
  assert.ok(isKept("cages/*/runs/*/"));
  for (
    const kind of ["cages/*/", "cages/*/runs/", "cages/*/sessions/*.json", "locks/*.lock", "runs/*"]
  ) {
    assert.ok(!isKept(kind), kind);
  }
});
