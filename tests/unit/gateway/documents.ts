import type { PolicyDocument } from "../../../src/policy/document.ts";

/** A document that allows these rules and looks for nothing, with parts replaced. */
export function makeDocument(
  rules: PolicyDocument["allow"][number]["rule"][],
  parts: Partial<PolicyDocument> = {},
): PolicyDocument {
  return {
    schema: 1,
    version: 1,
    allow: rules.map((rule, index) => ({ rule, origin: `network.allow[${index}]` })),
    block: [],
    passthrough: [],
    inspect: {
      secrets: "off",
      entropy: "off",
      contentType: "off",
      body: "off",
      bodyLimit: 1_000_000,
      websocket: "off",
      hosts: [],
    },
    rate: null,
    secrets: [],
    inspectors: [],
    ...parts,
  };
}
