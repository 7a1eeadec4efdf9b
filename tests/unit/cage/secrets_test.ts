import assert from "node:assert/strict";
import { resolveSecrets } from "../../../src/cage/secrets.ts";

const key = { from: "env", to: [] };

Deno.test("resolveSecrets() takes the named variables and nothing else", () => {
  const env = { ANTHROPIC_API_KEY: "sk", OTHER: "x", EMPTY: "" };
  const resolved = resolveSecrets({ ANTHROPIC_API_KEY: key, EMPTY: key, ABSENT: key }, env);
  assert.deepEqual([...resolved.values], [["ANTHROPIC_API_KEY", "sk"]]);
  assert.deepEqual(resolved.missing, ["EMPTY", "ABSENT"]);
});

Deno.test("resolveSecrets() refuses a source it does not know", () => {
  assert.throws(
    () => resolveSecrets({ A: { from: "cmd:pass show a", to: [] } }, {}),
    /Cannot read secret A: source "cmd:pass show a" is not known/,
  );
});
