import assert from "node:assert/strict";
import type { RegistryAgent } from "../../../../src/acp/registry/document.ts";
import { readAgent, searchAgents } from "../../../../src/acp/registry/search.ts";
import { EXIT, UserError } from "../../../../src/errors.ts";

const make = (id: string, name: string, description: string): RegistryAgent => ({
  id,
  name,
  description,
  version: "1.0.0",
  distribution: { npx: { package: id, args: [], env: {} } },
});

const AGENTS = [
  make("auggie", "Auggie CLI", "Augment's agent, like Gemini"),
  make("gemini", "Gemini CLI", "Google's agent"),
  make("mistral-vibe", "Vibe", "Mistral's agent"),
];
const REGISTRY = { agents: AGENTS, problems: [{ id: "broken", problem: '"version" is missing' }] };

const SEARCHES: [string | undefined, string[]][] = [
  [undefined, ["auggie", "gemini", "mistral-vibe"]],
  ["GEMINI", ["gemini", "auggie"]],
  ["cli", ["auggie", "gemini"]],
  ["google", ["gemini"]],
  ["nothing", []],
];

for (const [word, want] of SEARCHES) {
  Deno.test(`searchAgents() for ${word} finds ${want.join(", ") || "none"}`, () => {
    assert.deepEqual(searchAgents(AGENTS, word).map(({ id }) => id), want);
  });
}

const UNKNOWN: [string, RegExp][] = [
  ["gemnii", /Did you mean: gemini\?/],
  ["vibe", /Did you mean: mistral-vibe\?/],
  ["zzzzzzzz", /^See what there is: sandcage acp list$/],
];

for (const [id, hint] of UNKNOWN) {
  Deno.test(`readAgent() of ${id} says what may be meant`, () => {
    assert.throws(() => readAgent(REGISTRY, id), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.exit, error.code], [EXIT.usage, "service-unknown"]);
      assert.match(error.hint!, hint);
      return true;
    });
  });
}

Deno.test("readAgent() of an entry that could not be read says what is wrong with it", () => {
  assert.throws(() => readAgent(REGISTRY, "broken"), /entry of "broken": "version" is missing/);
});
