import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDocument } from "../../../src/policy/parse_document.ts";
import { makeDocument, makeSecret } from "./support.ts";

const FULL = {
  ...makeDocument({
    allow: ["a.example.com", {
      dest: "b.example.com",
      ports: [443],
      methods: ["GET"],
      paths: ["/"],
    }],
    block: ["c.example.com"],
    passthrough: ["d.example.com"],
    hosts: ["*"],
    secrets: [makeSecret(["a.example.com"])],
  }),
  rate: { perSecond: 0.5, burst: 10 },
  inspectors: [{ name: "mine", source: "" }],
};

Deno.test("parseDocument() takes a document with everything in it", () => {
  assert.deepEqual(parseDocument(FULL), { ok: true, document: FULL });
});

Deno.test("parseDocument() takes a document with nothing in it", () => {
  assert.deepEqual(parseDocument(makeDocument()), { ok: true, document: makeDocument() });
});

const BAD: { name: string; value: unknown; problems: string[] }[] = [
  { name: "nothing", value: undefined, problems: ["document: must be an object"] },
  { name: "null", value: null, problems: ["document: must be an object"] },
  { name: "a list", value: [FULL], problems: ["document: must be an object"] },
  { name: "another schema", value: { ...FULL, schema: 2 }, problems: ["schema: must be 1"] },
  { name: "an unknown key", value: { ...FULL, mode: "open" }, problems: ["mode: is not known"] },
  {
    name: "a prototype as a key",
    value: JSON.parse(`{"__proto__":{},${JSON.stringify(FULL).slice(1)}`),
    problems: ["__proto__: is not known"],
  },
  { name: "a missing key", value: omit("block"), problems: ["block: is missing"] },
  {
    name: "a list that is none",
    value: { ...FULL, allow: {} },
    problems: ["allow: must be a list"],
  },
  {
    name: "a negative version",
    value: { ...FULL, version: -1 },
    problems: ["version: must be a whole number from 0"],
  },
  {
    name: "rules of a wrong form",
    value: {
      ...FULL,
      allow: [7, { rule: "", origin: "x" }, { rule: ["a"], origin: "x" }, { rule: "a" }],
    },
    problems: [
      "allow[0]: must be an object",
      "allow[1].rule: must be a string that is not empty",
      "allow[2].rule: must be an object",
      "allow[3].origin: is missing",
    ],
  },
  {
    name: "an object rule of a wrong form",
    value: {
      ...FULL,
      block: [{ rule: { ports: ["443", 0], methods: "GET", path: "/" }, origin: "x" }],
    },
    problems: [
      "block[0].rule.dest: is missing",
      "block[0].rule.ports[0]: must be a number from 1 to 65535",
      "block[0].rule.ports[1]: must be a number from 1 to 65535",
      "block[0].rule.methods: must be a list",
      "block[0].rule.path: is not known",
    ],
  },
  {
    name: "inspection of a wrong form",
    value: {
      ...FULL,
      inspect: { ...FULL.inspect, entropy: ["off"], body: "on", bodyLimit: 1.5, hosts: [1] },
    },
    problems: [
      "inspect.entropy: must be off, flag or block",
      "inspect.body: must be off, flag or block",
      "inspect.bodyLimit: must be a whole number from 0",
      "inspect.hosts[0]: must be a string that is not empty",
    ],
  },
  {
    name: "a rate of a wrong form",
    value: { ...FULL, rate: { perSecond: 0, burst: Infinity } },
    problems: [
      "rate.perSecond: must be a number greater than 0",
      "rate.burst: must be a number greater than 0",
    ],
  },
  {
    name: "secrets of a wrong form, without telling them",
    value: {
      ...FULL,
      secrets: [
        { ...makeSecret(["a.example.com"]), placeholder: "withheld_ph_short", body: "yes" },
        { ...makeSecret(["a.example.com"]), value: "", to: "a.example.com" },
      ],
    },
    problems: [
      "secrets[0].placeholder: must be a placeholder",
      "secrets[0].body: must be true or false",
      "secrets[1].value: must be a string that is not empty",
      "secrets[1].to: must be a list",
    ],
  },
  {
    name: "an inspector of a wrong form",
    value: { ...FULL, inspectors: [{ name: "mine", source: null }] },
    problems: ["inspectors[0].source: must be a string"],
  },
];
for (const { name, value, problems } of BAD) {
  Deno.test(`parseDocument() refuses ${name}`, () => {
    assert.deepEqual(parseDocument(value), { ok: false, problems });
  });
}

Deno.test("parseDocument() takes no document with a value replaced by something else", () => {
  const places = listPlaces(FULL);
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.constantFrom(null, -1, {}, ""), (at, junk) => {
      // What may be there, by chance or by meaning.
      if (at === "rate" && junk === null || at.endsWith(".source") && junk === "") return;
      const parsed = parseDocument(replaceAt(at, junk));
      assert.ok(!parsed.ok && parsed.problems[0]?.startsWith(at), at);
    }),
  );
});

Deno.test("parseDocument() never throws", () => {
  fc.assert(fc.property(fc.anything(), (value) => assert.ok(!parseDocument(value).ok)));
});

function omit(key: keyof typeof FULL): unknown {
  const { [key]: _, ...rest } = FULL;
  return rest;
}

/** Paths of all values but the numbers in lists. */
function listPlaces(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [at];
  const inside = Object.entries(value).flatMap(([key, one]) =>
    listPlaces(one, Array.isArray(value) ? `${at}[${key}]` : at === "" ? key : `${at}.${key}`)
  );
  return at === "" ? inside : [at, ...inside];
}

function replaceAt(at: string, junk: unknown): unknown {
  const copy = structuredClone(FULL);
  const keys = at.split(/[.[\]]+/).filter((key) => key !== "");
  const last = keys.pop() ?? "";
  let parent: Record<string, unknown> = copy;
  for (const key of keys) parent = parent[key] as Record<string, unknown>;
  parent[last] = junk;
  return copy;
}
