import assert from "node:assert/strict";
import { resolveSecrets } from "../../../src/cage/secrets.ts";

Deno.test("resolveSecrets() takes the named variables and nothing else", () => {
  const key = { from: "env" as const, to: [] };
  const env = { ANTHROPIC_API_KEY: "sk", OTHER: "x", EMPTY: "" };
  const resolved = resolveSecrets({ ANTHROPIC_API_KEY: key, EMPTY: key, ABSENT: key }, env);
  assert.deepEqual([...resolved.values], [["ANTHROPIC_API_KEY", "sk"]]);
  assert.deepEqual(resolved.missing, ["EMPTY", "ABSENT"]);
});
