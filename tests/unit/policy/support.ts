import assert from "node:assert/strict";
import type { PolicyDocument, RuleSpec, SecretSpec } from "../../../src/policy/document.ts";
import { compilePolicy, type Policy } from "../../../src/policy/compile.ts";

/** What a test says about a policy; the rest is empty or off. */
export type Draft = {
  allow?: RuleSpec["rule"][];
  block?: RuleSpec["rule"][];
  passthrough?: string[];
  hosts?: string[];
  secrets?: SecretSpec[];
};

/** A whole document; rules have the origins `allow[0]`, `block[0]` and so on. */
export function makeDocument(draft: Draft = {}): PolicyDocument {
  const specs = (list: "allow" | "block") =>
    (draft[list] ?? []).map((rule, index) => ({ rule, origin: `${list}[${index}]` }));
  return {
    schema: 1,
    version: 1,
    allow: specs("allow"),
    block: specs("block"),
    passthrough: draft.passthrough ?? [],
    inspect: {
      secrets: "block",
      entropy: "flag",
      contentType: "off",
      body: "off",
      bodyLimit: 1024,
      websocket: "off",
      hosts: draft.hosts ?? [],
    },
    rate: null,
    secrets: draft.secrets ?? [],
    inspectors: [],
  };
}

/** A secret that may go to these hosts. */
export function makeSecret(to: string[], name = "API_KEY"): SecretSpec {
  const placeholder = `withheld_ph_${name.toLowerCase().replace(/[^a-z]/g, "").padEnd(40, "x")}`;
  return { name, placeholder, value: "real value", to, body: false };
}

/** A policy that has to compile. */
export function makePolicy(draft: Draft): Policy {
  const compiled = compilePolicy(makeDocument(draft));
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled.policy;
}

/** What is wrong with a policy that must not compile. */
export function listProblems(draft: Draft): string[] {
  const compiled = compilePolicy(makeDocument(draft));
  assert.ok(!compiled.ok, "the policy compiled");
  return compiled.problems;
}
