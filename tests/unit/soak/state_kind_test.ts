import assert from "node:assert/strict";
import { stateItem, stateKind } from "../../soak/state_kind.ts";

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

for (
  const [path, bytes, item] of [
    ["cages/x/runs/20261121t205435-a24ffb/run.json", 1, undefined],
    ["cages/x/runs/20261121t205435-a24ffb/raw.001.log", 2 ** 30, undefined],
    ["cages/x/runs/20261121t205435-a24ffb/", 0, undefined],
    ["cages/x/runs/", 0, "cages/*/runs/"],
    ["cages/x/", 0, "cages/*/"],
    ["locks/0123456789abcdef.lock", 0, "locks/*.lock"],
    ["cages/x/audit.jsonl", 2 ** 24, undefined],
    ["cages/x/audit.jsonl.4", 2 ** 24, undefined],
    ["cages/x/audit.jsonl.lock", 0, undefined],
    ["cages/x/audit.jsonl.5", 0, "cages/*/audit.jsonl.5"],
    ["cages/x/held/promote.log", 2 ** 20, "cages/*/held/promote.log"],
    ["cages/x/held/promote.log", 2 ** 20 + 1, "cages/*/held/promote.log, larger than 1 MiB,"],
  ] as const
) {
  Deno.test(`stateItem() of ${path} with ${bytes} bytes`, () => {
    assert.equal(stateItem({ path, bytes }), item);
  });
}
