import assert from "node:assert/strict";
import type { Policy } from "../../../src/policy/compile.ts";
import {
  decideAddress,
  decideConnection,
  decideName,
  decideRequest,
  findPortOwner,
  isNarrowed,
  listPorts,
} from "../../../src/policy/decide.ts";
import { POLICY, tell } from "./decide_support.ts";
import { makeDocument, makePolicy } from "./support.ts";

const NAMES = [
  { host: "api.example.com", want: "allow api.example.com (allow[0])" },
  { host: "API.example.COM.", want: "allow api.example.com (allow[0])" },
  { host: "a.b.wild.example", want: "allow *.wild.example (allow[1])" },
  { host: "wild.example", want: "deny no-rule" },
  { host: "git.example.com", want: "allow git.example.com:22 (allow[2])" },
  { host: "paths.example.com", want: "allow https://paths.example.com/posts (allow[3])" },
  { host: "some.example.com", want: "allow some.example.com (allow[7])" },
  { host: "ported.example.com", want: "allow ported.example.com:443 (allow[11])" },
  { host: "blocked.example.com", want: "deny block-rule blocked.example.com (block[0])" },
  { host: "bad.wild.example", want: "deny block-rule bad.wild.example (block[1])" },
  { host: "x.evil.wild.example", want: "deny block-rule *.evil.wild.example (block[2])" },
  { host: "evil.wild.example", want: "allow *.wild.example (allow[1])" },
  { host: "unlisted.example", want: "deny no-rule" },
  { host: "10.1.0.1", want: "deny ip-literal" },
  { host: "a..b", want: "deny name" },
  { host: "", want: "deny name" },
];
for (const { host, want } of NAMES) {
  Deno.test(`decideName("${host}"): ${want}`, () => {
    assert.equal(tell(decideName(POLICY, host)), want);
  });
}

for (
  const [to, want] of [
    ["api.example.com 443", false],
    ["paths.example.com 443", true],
    ["methods.example.com 443", true],
    ["mixed.example.com 80", true],
    ["some.example.com 443", true],
    ["slash.example.com 8443", false],
    ["slash.example.com 443", true],
    ["10.1.0.9 443", false],
    ["10.3.0.1 443", true],
    ["10.4.0.1 443", true],
    ["10.4.4.4 443", false],
    ["unlisted.example 443", true],
    ["a..b 443", true],
  ] as const
) {
  Deno.test(`isNarrowed(${to}): ${want}`, () => {
    const [host = "", port] = to.split(" ");
    assert.equal(isNarrowed(POLICY, { host, port: Number(port) }), want);
  });
}

Deno.test("isNarrowed() holds where a whole rule stands beside narrow ones only if a block is narrow", () => {
  const allow = [{ dest: "a.test", methods: ["GET"] }, "b.test"];
  const block = [{ dest: "b.test", paths: ["/x"], ports: [443] }];
  const policy = makePolicy({ allow: [...allow, "a.test"], block });
  assert.equal(isNarrowed(policy, { host: "a.test", port: 443 }), false);
  assert.equal(isNarrowed(policy, { host: "b.test", port: 443 }), true);
  assert.equal(isNarrowed(policy, { host: "b.test", port: 80 }), false);
});

const CONNECTIONS = [
  { to: "api.example.com 443", want: "allow api.example.com (allow[0])" },
  { to: "api.example.com 80", want: "allow api.example.com (allow[0])" },
  { to: "API.EXAMPLE.COM. 443", want: "allow api.example.com (allow[0])" },
  { to: "api.example.com 22", want: "deny port api.example.com (allow[0])" },
  { to: "api.example.com 25", want: "deny port api.example.com (allow[0])" },
  { to: "git.example.com 22", want: "allow git.example.com:22 (allow[2])" },
  { to: "git.example.com 443", want: "deny port git.example.com:22 (allow[2])" },
  { to: "blocked.example.com 443", want: "deny block-rule blocked.example.com (block[0])" },
  { to: "blocked.example.com 9999", want: "deny block-rule blocked.example.com (block[0])" },
  { to: "ported.example.com 443", want: "allow ported.example.com:443 (allow[11])" },
  { to: "ported.example.com 8443", want: "deny block-rule ported.example.com:8443 (block[5])" },
  { to: "unlisted.example 443", want: "deny no-rule" },
  { to: "api.example.com.evil.example 443", want: "deny no-rule" },
  { to: "api.example.com:443 443", want: "deny name" },
  { to: "user@api.example.com 443", want: "deny name" },
  { to: "äpi.example.com 443", want: "deny name" },
  { to: "api.example.com% 443", want: "deny name" },
  { to: "10.1.0.9 443", want: "allow 10.1.0.0/16 (allow[12])" },
  { to: "10.1.0.9 22", want: "deny port 10.1.0.0/16 (allow[12])" },
  { to: "167837705 443", want: "allow 10.1.0.0/16 (allow[12])" },
  { to: "10.1.2.9 443", want: "deny block-rule 10.1.2.0/24 (block[6])" },
  { to: "012.1.2.9 443", want: "deny block-rule 10.1.2.0/24 (block[6])" },
  { to: "10.2.0.5 5432", want: "allow 10.2.0.5:5432 (allow[13])" },
  { to: "10.2.0.5 443", want: "deny port 10.2.0.5:5432 (allow[13])" },
  { to: "[fd00::1] 8443", want: "allow [fd00::1]:8443 (allow[16])" },
  { to: "8.8.8.8 443", want: "deny ip-literal" },
  { to: "127.0.0.1 443", want: "deny ip-literal" },
  { to: "2130706433 443", want: "deny ip-literal" },
  { to: "0x7f.1 443", want: "deny ip-literal" },
  { to: "[::ffff:10.1.0.9] 443", want: "deny ip-literal" },
  { to: "[::1] 443", want: "deny ip-literal" },
];
for (const { to, want } of CONNECTIONS) {
  Deno.test(`decideConnection(${to}): ${want}`, () => {
    const [host = "", port] = to.split(" ");
    assert.equal(tell(decideConnection(POLICY, { host, port: Number(port) })), want);
  });
}

Deno.test("what compilePolicy() did not make denies everything", () => {
  const document = makeDocument({ allow: ["*"] });
  for (const value of [{ document }, { ...POLICY }, {}, null, undefined, "allow"]) {
    const policy = value as Policy;
    const target = { host: "api.example.com", port: 443 };
    const decisions = [
      decideName(policy, "api.example.com"),
      decideConnection(policy, target),
      decideRequest(policy, { ...target, method: "GET", target: "/" }),
      decideAddress(policy, { host: "api.example.com", address: "203.0.113.9" }),
    ];
    for (const decision of decisions) assert.equal(tell(decision), "deny policy");
    assert.deepEqual([listPorts(policy), findPortOwner(policy, 22)], [[], undefined]);
  }
});

Deno.test("an empty policy allows nothing", () => {
  const policy = makePolicy({});
  assert.equal(tell(decideName(policy, "localhost")), "deny no-rule");
  assert.equal(tell(decideConnection(policy, { host: "localhost", port: 80 })), "deny no-rule");
});
