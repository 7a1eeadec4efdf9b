import type { RuleSpec } from "../../src/policy/document.ts";
import { compilePolicy, type Policy } from "../../src/policy/compile.ts";
import {
  decideAddress,
  decideConnection,
  decideName,
  decideRequest,
} from "../../src/policy/decide.ts";

const RULES = 10_000;
const ROUNDS = 51;

/** One of every kind of rule, so that all indexes are filled alike. */
const KINDS: readonly ((index: number) => RuleSpec["rule"])[] = [
  (index) => `api${index}.example.com`,
  (index) => `*.zone${index}.example.net`,
  (index) => `host${index}.example.org:${8000 + index % 50}`,
  (index) => `https://web${index}.example.com/v${index % 7}/items`,
  (index) => ({ dest: `rest${index}.example.com`, methods: ["GET"], paths: ["/a", "/b/*/c"] }),
  (index) => `10.${(index >> 8) % 256}.${index % 256}.0/24`,
  (index) => `172.16.${(index >> 8) % 256}.${index % 256}`,
  (index) => `2001:db8:${index.toString(16)}::/48`,
];

/**
 * Decides among 10,000 mixed rules: names, connections, requests with plain and encoded paths, and
 * addresses, allowed and not.
 *
 * @returns The median over the rounds of the mean time of one decision.
 */
export async function benchPolicy(): Promise<{ rules: number; microseconds: number }> {
  const policy = makePolicy();
  const asked = Array.from({ length: RULES / 10 }, (_, index) => index * 10);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let decisions = 0;
    for (const index of asked) decisions += decideAll(policy, index);
    rounds.push((performance.now() - start) * 1000 / decisions);
    // Other work gets its turn between rounds, not inside of one.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  rounds.sort((a, b) => a - b);
  return { rules: RULES, microseconds: rounds[Math.floor(ROUNDS / 2)] ?? NaN };
}

function decideAll(policy: Policy, index: number): number {
  const answers = [
    decideName(policy, `api${index}.example.com`),
    decideName(policy, `a.b.zone${index}.example.net`),
    decideConnection(policy, { host: `host${index}.example.org`, port: 8000 + index % 50 }),
    decideConnection(policy, { host: `nowhere${index}.example.org`, port: 443 }),
    request(policy, { host: `web${index}.example.com`, target: `/v${index % 7}/items/1?q=1` }),
    request(policy, { host: `web${index}.example.com`, target: "/other" }),
    request(policy, { host: `rest${index}.example.com`, target: "/b/x%20y/c/d" }),
    decideAddress(policy, { host: `api${index}.example.com`, address: "203.0.113.9" }),
    decideAddress(policy, { host: `api${index}.example.com`, address: `10.0.${index % 256}.7` }),
    decideAddress(policy, { host: `api${index}.example.com`, address: "fe80::1" }),
  ];
  return answers.length;
}

function request(policy: Policy, options: { host: string; target: string }): unknown {
  return decideRequest(policy, { ...options, port: 443, method: "GET" });
}

function makePolicy(): Policy {
  const allow: RuleSpec[] = Array.from({ length: RULES - 200 }, (_, index) => {
    const kind = KINDS[index % KINDS.length];
    return { rule: kind?.(index) ?? "*", origin: `network.allow[${index}]` };
  });
  const block = Array.from({ length: 200 }, (_, index) => ({
    rule: index % 2 === 0 ? `bad${index}.example.com` : { dest: "*", paths: [`/.secret${index}`] },
    origin: `network.block[${index}]`,
  }));
  const compiled = compilePolicy({
    schema: 1,
    version: 1,
    allow,
    block,
    passthrough: [],
    inspect: {
      secrets: "block",
      entropy: "off",
      contentType: "off",
      body: "off",
      bodyLimit: 0,
      websocket: "off",
      hosts: [],
    },
    rate: null,
    secrets: [],
    inspectors: [],
  });
  if (!compiled.ok) throw new Error(compiled.problems.join("\n"));
  return compiled.policy;
}
