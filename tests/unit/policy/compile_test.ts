import assert from "node:assert/strict";
import { compilePolicy } from "../../../src/policy/compile.ts";
import { decideConnection, findPortOwner, listPorts } from "../../../src/policy/decide.ts";
import { type Draft, listProblems, makeDocument, makePolicy, makeSecret } from "./support.ts";

const MODES: { name: string; draft: Draft; host: string; port?: number; mode: string }[] = [
  { name: "a plain host", draft: {}, host: "a.example.com", mode: "splice" },
  {
    name: "a host of a secret",
    draft: { secrets: [makeSecret(["a.example.com"])] },
    host: "a.example.com",
    mode: "terminate",
  },
  {
    name: "a host of a secret's wildcard",
    draft: { secrets: [makeSecret(["*.example.com"])] },
    host: "a.example.com",
    mode: "terminate",
  },
  {
    name: "a host beside the secret's",
    draft: { secrets: [makeSecret(["b.example.com"])] },
    host: "a.example.com",
    mode: "splice",
  },
  {
    name: "a host with methods",
    draft: { allow: [{ dest: "a.example.com", methods: ["GET"] }] },
    host: "a.example.com",
    mode: "terminate",
  },
  {
    name: "a host with a path",
    draft: { allow: ["https://a.example.com/v1"] },
    host: "a.example.com",
    mode: "terminate",
  },
  {
    name: "a URL without a path",
    draft: { allow: ["https://a.example.com/"] },
    host: "a.example.com",
    mode: "splice",
  },
  {
    name: "a path on another port",
    draft: { allow: ["https://a.example.com:8443/v1"] },
    host: "a.example.com",
    mode: "splice",
  },
  {
    name: "a block of some requests",
    draft: { block: [{ dest: "a.example.com", methods: ["DELETE"] }] },
    host: "a.example.com",
    mode: "terminate",
  },
  {
    name: "a block of some requests everywhere",
    draft: { block: [{ dest: "*", paths: ["/admin"] }] },
    host: "a.example.com",
    mode: "terminate",
  },
  {
    name: "a host to be inspected",
    draft: { hosts: ["a.example.com"] },
    host: "a.example.com",
    mode: "terminate",
  },
  { name: "every host to be inspected", draft: { hosts: ["*"] }, host: "x.org", mode: "terminate" },
  {
    name: "an address while every host is inspected",
    draft: { hosts: ["*"], allow: ["10.0.0.1"] },
    host: "10.0.0.1",
    mode: "terminate",
  },
  {
    name: "an address with methods",
    draft: { allow: [{ dest: "10.0.0.0/8", methods: ["GET"] }] },
    host: "10.0.0.1",
    mode: "terminate",
  },
  { name: "a plain address", draft: { allow: ["10.0.0.0/8"] }, host: "10.0.0.1", mode: "splice" },
  {
    name: "passthrough while every host is inspected",
    draft: { hosts: ["*"], passthrough: ["*.example.com"] },
    host: "a.example.com",
    mode: "splice",
  },
];
for (const { name, draft, host, mode } of MODES) {
  Deno.test(`the mode of ${name} is ${mode}`, () => {
    const policy = makePolicy({ ...draft, allow: ["*", ...draft.allow ?? []] });
    const decision = decideConnection(policy, { host, port: 443 });
    assert.equal(decision.verdict === "allow" && decision.mode, mode);
  });
}

const BAD: { name: string; draft: Draft; problems: string[] }[] = [
  {
    name: "rules that cannot be read, each with its place",
    draft: { allow: ["ok.example.com", "*.com"], block: ["example.com:53"] },
    problems: [
      `allow[1]: "*.com" would match every name that ends in ".com", whoever owns it; ` +
      `write the names you need, for example "*.example.com"`,
      `block[0]: "example.com:53": port 53 is the gateway's own DNS; write another port`,
    ],
  },
  {
    name: "host patterns that cannot be read",
    draft: { passthrough: ["10.0.0.1"], hosts: [""], secrets: [makeSecret(["a b"])] },
    problems: [
      `passthrough[0]: "10.0.0.1" is an IP address, not a host name; write a name`,
      `inspect.hosts[0]: "" is not a host: it is empty`,
      `secrets.API_KEY.to[0]: "a b" is not a host: write a name such as "api.example.com"`,
    ],
  },
  {
    name: "a secret that may go nowhere",
    draft: { secrets: [makeSecret([])] },
    problems: ["secrets.API_KEY.to: is empty; name the hosts it may be sent to"],
  },
  {
    name: "a secret that may go anywhere",
    draft: { secrets: [makeSecret(["*"])] },
    problems: [
      `secrets.API_KEY.to: "*" would send it to any host; name the hosts it may be sent to`,
    ],
  },
  {
    name: "two secrets with one placeholder",
    draft: {
      secrets: [makeSecret(["a.example.com"], "KEY"), makeSecret(["b.example.com"], "K1E2Y")],
    },
    problems: ["secrets.K1E2Y.placeholder: is the one of secrets.KEY, too"],
  },
  {
    name: "a secret for a host that is never opened",
    draft: { passthrough: ["*.example.com"], secrets: [makeSecret(["api.example.com"])] },
    problems: [
      `passthrough: "*.example.com" is never opened, but the secret API_KEY needs ` +
      `"api.example.com" opened; remove one of the two`,
    ],
  },
  {
    name: "a secret for hosts of which one is never opened",
    draft: { passthrough: ["api.example.com"], secrets: [makeSecret(["*.example.com"])] },
    problems: [
      `passthrough: "api.example.com" is never opened, but the secret API_KEY needs ` +
      `"*.example.com" opened; remove one of the two`,
    ],
  },
  {
    name: "a path of a host that is never opened",
    draft: { passthrough: ["api.example.com"], allow: ["https://api.example.com/v1"] },
    problems: [
      `passthrough: "api.example.com" is never opened, but the methods or paths of ` +
      `https://api.example.com/v1 (allow[0]) needs "api.example.com" opened; remove one of the two`,
    ],
  },
  {
    name: "blocked methods of a host that is never opened",
    draft: { passthrough: ["api.example.com"], block: [{ dest: "*", methods: ["PUT"] }] },
    problems: [
      `passthrough: "api.example.com" is never opened, but the methods or paths of ` +
      `{ dest = "*", methods = ["PUT"] } (block[0]) needs "*" opened; remove one of the two`,
    ],
  },
  {
    name: "a host to be inspected that is never opened",
    draft: { passthrough: ["api.example.com"], hosts: ["*.example.com"] },
    problems: [
      `passthrough: "api.example.com" is never opened, but inspect.hosts needs ` +
      `"*.example.com" opened; remove one of the two`,
    ],
  },
];
for (const { name, draft, problems } of BAD) {
  Deno.test(`compilePolicy() refuses ${name}`, () => {
    assert.deepEqual(listProblems(draft), problems);
  });
}

Deno.test("a passthrough host may be allowed, blocked as a whole and have a secret's neighbour", () => {
  makePolicy({
    passthrough: ["pinned.example.com"],
    allow: ["pinned.example.com"],
    block: ["pinned.example.com:8443"],
    secrets: [makeSecret(["api.example.com"])],
  });
});

Deno.test("a problem never tells the value of a secret", () => {
  const secret = { ...makeSecret(["*", "10.0.0.1", "", "a b"]), value: "very secret" };
  assert.ok(!listProblems({ secrets: [secret] }).join("\n").includes("very secret"));
});

Deno.test("a policy is frozen, and apart from the document it was made of", () => {
  const document = makeDocument({ allow: ["a.example.com"] });
  const compiled = compilePolicy(document);
  assert.ok(compiled.ok);
  document.allow.push({ rule: "b.example.com", origin: "later" });
  assert.equal(compiled.policy.document.allow.length, 1);
  assert.throws(() => compiled.policy.document.allow.push(...document.allow), TypeError);
  assert.throws(() => Object.assign(compiled.policy, { document }), TypeError);
});

Deno.test("listPorts() tells the ports beyond the gateway's own, once and in order", () => {
  const policy = makePolicy({
    allow: [
      "a.example.com:9000",
      "https://a.example.com:8443/v1",
      { dest: "b.example.com", ports: [443, 8080, 9000] },
      "http://c.example.com",
      "10.0.0.1:5432",
      "d.example.com",
    ],
    block: ["e.example.com:7000"],
  });
  assert.deepEqual(listPorts(policy), [5432, 8080, 8443, 9000]);
});

const OWNERS: { name: string; allow: NonNullable<Draft["allow"]>; owner: string | undefined }[] = [
  { name: "one host", allow: ["git.example.com:22"], owner: "git.example.com" },
  {
    name: "one host in two rules",
    allow: ["git.example.com:22", { dest: "GIT.example.com.", ports: [22, 2222] }],
    owner: "git.example.com",
  },
  {
    name: "one host and an address",
    allow: ["10.0.0.1:22", "git.example.com:22"],
    owner: "git.example.com",
  },
  { name: "two hosts", allow: ["a.example.com:22", "b.example.com:22"], owner: undefined },
  { name: "a host and any", allow: ["a.example.com:22", "*:22"], owner: undefined },
  { name: "a wildcard", allow: ["*.example.com:22"], owner: undefined },
  { name: "an address", allow: ["10.0.0.1:22"], owner: undefined },
  { name: "another port", allow: ["git.example.com:2222"], owner: undefined },
];
for (const { name, allow, owner } of OWNERS) {
  Deno.test(`findPortOwner(): a port of ${name} belongs to ${owner ?? "nobody"}`, () => {
    assert.equal(findPortOwner(makePolicy({ allow }), 22), owner);
  });
}
