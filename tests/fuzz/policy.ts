import type { PolicyDocument } from "../../src/policy/document.ts";
import { NAMES, PLACEHOLDER, SECRET } from "./names.ts";

/** What the campaign's gateway enforces. */
export function planFuzzPolicy(version: number): PolicyDocument {
  return {
    schema: 1,
    version,
    allow: [
      NAMES.allowed,
      "*.wild.test",
      NAMES.inject,
      { dest: NAMES.scoped, methods: ["GET"], paths: ["/api/"] },
      NAMES.splice,
    ].map((rule, index) => ({ rule, origin: `network.allow[${index}]` })),
    block: [{ rule: "blocked.wild.test", origin: "network.block[0]" }],
    passthrough: [NAMES.splice],
    inspect: {
      secrets: "block",
      entropy: "flag",
      contentType: "flag",
      body: "block",
      bodyLimit: 10 * 1024 * 1024,
      websocket: "block",
      hosts: [NAMES.allowed, "*.wild.test"],
    },
    rate: null,
    secrets: [{
      name: "CANARY",
      placeholder: PLACEHOLDER,
      value: SECRET,
      to: [NAMES.inject],
      body: true,
    }],
    inspectors: [],
  };
}
