import assert from "node:assert/strict";
import fc from "fast-check";
import type { RuleSpec } from "../../../src/policy/document.ts";
import {
  decideAddress,
  decideConnection,
  decideName,
  decideRequest,
} from "../../../src/policy/decide.ts";
import { makePolicy } from "./support.ts";

type Written = RuleSpec["rule"];

/** Few hosts, ports, methods and paths, so that rules and questions meet. */
const HOSTS = ["a.example.com", "b.a.example.com", "example.com", "other.example"];
const PATTERNS = [...HOSTS, "*.example.com", "*.a.example.com", "*"];
const NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.1", "192.0.2.0/24"];
const SEGMENTS = ["a", "b", "ab"];

const anyPath = fc.array(fc.constantFrom(...SEGMENTS), { minLength: 1, maxLength: 3 })
  .map((segments) => `/${segments.join("/")}`);

const anyRule: fc.Arbitrary<Written> = fc.record({
  dest: fc.constantFrom(...PATTERNS, ...NETWORKS),
  ports: fc.subarray([80, 443, 8443], { minLength: 1 }),
  methods: fc.subarray(["GET", "POST"], { minLength: 1 }),
  paths: fc.array(anyPath, { minLength: 1, maxLength: 2 }),
}, { requiredKeys: ["dest"] });

const anyRules = fc.array(anyRule, { maxLength: 6 });

const anyQuestion = fc.record({
  host: fc.constantFrom(...HOSTS, "10.1.2.3", "192.0.2.1", "8.8.8.8"),
  port: fc.constantFrom(80, 443, 8443),
  method: fc.constantFrom("GET", "POST", "PUT"),
  target: anyPath,
  address: fc.constantFrom("10.1.2.3", "192.0.2.1", "8.8.8.8", "127.0.0.1", "::ffff:10.1.2.3"),
});

type Question = typeof anyQuestion extends fc.Arbitrary<infer T> ? T : never;

/** The answers to every kind of question. */
function ask(draft: { allow: Written[]; block: Written[] }, question: Question) {
  const policy = makePolicy(draft);
  return [
    decideName(policy, question.host),
    decideConnection(policy, question),
    decideRequest(policy, question),
    decideAddress(policy, question),
  ];
}

Deno.test("one more allow rule takes nothing away", () => {
  fc.assert(
    fc.property(anyRules, anyRule, anyRules, anyQuestion, (allow, rule, block, question) => {
      const before = ask({ allow, block }, question);
      const after = ask({ allow: [...allow, rule], block }, question);
      before.forEach((decision, index) => {
        if (decision.verdict === "allow") assert.equal(after[index]?.verdict, "allow");
      });
    }),
  );
});

Deno.test("one more block rule gives nothing", () => {
  fc.assert(
    fc.property(anyRules, anyRule, anyRules, anyQuestion, (allow, rule, block, question) => {
      const before = ask({ allow, block }, question);
      const after = ask({ allow, block: [...block, rule] }, question);
      before.forEach((decision, index) => {
        if (decision.verdict === "deny") assert.equal(after[index]?.verdict, "deny");
      });
    }),
  );
});

Deno.test("block beats allow for the same rule, whatever else is allowed", () => {
  fc.assert(fc.property(anyRules, anyRule, anyQuestion, (others, rule, question) => {
    const only = ask({ allow: [rule], block: [] }, question)[2];
    const both = ask({ allow: [...others, rule], block: [rule] }, question)[2];
    if (only?.verdict === "allow") {
      assert.ok(both?.verdict === "deny" && both.reason === "block-rule");
    }
  }));
});

Deno.test("the order of rules decides nothing but which of them is told", () => {
  fc.assert(fc.property(anyRules, anyRules, anyQuestion, (allow, block, question) => {
    const forward = ask({ allow, block }, question);
    const backward = ask({ allow: allow.toReversed(), block: block.toReversed() }, question);
    const strip = ({ rule: _, ...rest }: typeof forward[number]) => rest;
    assert.deepEqual(forward.map(strip), backward.map(strip));
  }));
});

Deno.test("an allowed request has an allowed connection, and that has an allowed name", () => {
  fc.assert(fc.property(anyRules, anyRules, anyQuestion, (allow, block, question) => {
    const [name, connection, request] = ask({ allow, block }, question);
    if (request?.verdict === "allow") assert.equal(connection?.verdict, "allow");
    const isName = HOSTS.includes(question.host);
    if (isName && connection?.verdict === "allow") assert.equal(name?.verdict, "allow");
  }));
});

Deno.test("spellings of one host get one decision", () => {
  const spelling = fc.tuple(fc.array(fc.boolean(), { minLength: 20 }), fc.constantFrom("", "."));
  fc.assert(
    fc.property(anyRules, anyRules, anyQuestion, spelling, (allow, block, question, how) => {
      const [upper, dot] = how;
      const spelt = [...question.host].map((letter, index) =>
        upper[index] ? letter.toUpperCase() : letter
      );
      const other = { ...question, host: spelt.join("") + dot };
      // An address as host has to be dialed in its one form.
      const count = HOSTS.includes(question.host) ? 4 : 3;
      assert.deepEqual(
        ask({ allow, block }, question).slice(0, count),
        ask({ allow, block }, other).slice(0, count),
      );
    }),
  );
});

Deno.test("no spelling of an IPv4 address gets out by a rule for names", () => {
  const policy = makePolicy({ allow: ["*", "*:8443", { dest: "*", paths: ["/a"] }] });
  const inside = fc.constantFrom(0x7f000001, 0x0a000001, 0xa9fea9fe, 0xc0a80101, 0x64400001, 0);
  fc.assert(fc.property(fc.oneof(inside, fc.nat(0xffffffff)), anySpelling, (value, spell) => {
    const host = spell(value);
    for (const port of [80, 443, 8443]) {
      const connection = decideConnection(policy, { host, port });
      assert.deepEqual(connection, { verdict: "deny", reason: "ip-literal" }, host);
      const request = decideRequest(policy, { host, port, method: "GET", target: "/a" });
      assert.deepEqual(request, { verdict: "deny", reason: "ip-literal" }, host);
    }
    assert.equal(decideName(policy, host).verdict, "deny");
  }));
});

Deno.test("no resolved address inside of another form is dialed", () => {
  const policy = makePolicy({ allow: ["*", "10.0.0.0/8"] });
  const hex = (value: number) => `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  fc.assert(fc.property(fc.nat(0xffffffff), (value) => {
    const forms = ["::ffff:", "::", "64:ff9b::", "64:ff9b:1::", "::ffff:0:"];
    const addresses = forms.map((form) => form + hex(value));
    for (const address of [...addresses, `2002:${hex(value)}::1`, `2001::${hex(value)}`]) {
      const decision = decideAddress(policy, { host: "a.example.com", address });
      assert.deepEqual(decision, { verdict: "deny", reason: "address" }, address);
    }
  }));
});

Deno.test("a path in disguise is allowed only if the plain one is", () => {
  const policy = makePolicy({ allow: [{ dest: "*", paths: ["/a/b", "/ab"] }] });
  fc.assert(
    fc.property(anyDisguise, ({ path, target }) => {
      const decide = (target: string) =>
        decideRequest(policy, { host: "x.example.com", port: 443, method: "GET", target });
      if (decide(path).verdict === "deny") assert.equal(decide(target).verdict, "deny", target);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a path in disguise is blocked if the plain one is", () => {
  const policy = makePolicy({ allow: ["*"], block: [{ dest: "*", paths: ["/a/b", "/ab"] }] });
  fc.assert(
    fc.property(anyDisguise, ({ path, target }) => {
      const decide = (target: string) =>
        decideRequest(policy, { host: "x.example.com", port: 443, method: "GET", target });
      if (decide(path).verdict === "deny") assert.equal(decide(target).verdict, "deny", target);
    }),
    { numRuns: 1000 },
  );
});

/** The ways inet_aton(3) and WHATWG URL read an IPv4 address, and the v4-mapped ones. */
const anySpelling: fc.Arbitrary<(value: number) => string> = fc.oneof(
  fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }),
    fc.constantFrom("", "."),
  ).map(([count, radixes, dot]) => (value: number) => {
    const parts = Array.from(
      { length: count - 1 },
      (_, index) => (value >>> (24 - 8 * index)) & 255,
    );
    parts.push(value % 256 ** (5 - count));
    return parts.map((part, index) => spellNumber(part, radixes[index] ?? 10)).join(".") + dot;
  }),
  fc.constantFrom("::ffff:", "[::FFFF:", "[::").map((start) => (value: number) =>
    `${start}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}${
      start.startsWith("[") ? "]" : ""
    }`
  ),
);

function spellNumber(value: number, radix: number): string {
  const prefix = radix === 16 ? "0X" : radix === 8 ? "0" : "";
  return prefix + value.toString(radix);
}

/** A plain path, and a way to write it that some server reads as the same. */
const anyDisguise = anyPath.chain((path) =>
  fc.array(
    fc.record({
      before: fc.constantFrom("", "", "/.", "/", "/x/..", "/%2e", "/x/%2e%2e", "/x/%252e%252e"),
      separator: fc.constantFrom("/", "/", "\\", "%2f", "%5C", "%252f"),
      depth: fc.integer({ min: 0, max: 3 }),
      after: fc.constantFrom("", "", ";p", ";p=..", "%3bp"),
    }),
    { minLength: 3, maxLength: 3 },
  ).map((ways) => ({
    path,
    target: path.slice(1).split("/").map((segment, index) => {
      const { before = "", separator = "/", depth = 0, after = "" } = ways[index] ?? {};
      const start = index === 0 ? "/" : separator;
      return before + start + encodeFirst(segment, depth) + after;
    }).join(""),
  }))
);

function encodeFirst(segment: string, depth: number): string {
  if (depth === 0) return segment;
  return `%${"25".repeat(depth - 1)}${segment.charCodeAt(0).toString(16)}${segment.slice(1)}`;
}
