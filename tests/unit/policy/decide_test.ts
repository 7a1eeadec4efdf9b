import assert from "node:assert/strict";
import type { Policy } from "../../../src/policy/compile.ts";
import {
  decideAddress,
  decideConnection,
  decideName,
  decideRequest,
  type Decision,
  findPortOwner,
  listPorts,
} from "../../../src/policy/decide.ts";
import { makeDocument, makePolicy } from "./support.ts";

const POLICY = makePolicy({
  allow: [
    "api.example.com",
    "*.wild.example",
    "git.example.com:22",
    "https://paths.example.com/posts",
    { dest: "methods.example.com", methods: ["GET", "HEAD"] },
    { dest: "mixed.example.com", methods: ["POST"], paths: ["/upload"] },
    "https://mixed.example.com/public",
    "some.example.com",
    "blocked.example.com",
    "slash.example.com:8443",
    { dest: "slash.example.com", paths: ["/api/a%2Fb"], methods: ["GET"] },
    "ported.example.com:443",
    "10.1.0.0/16",
    "10.2.0.5:5432",
    { dest: "10.3.0.1", methods: ["GET"] },
    "192.0.2.7",
    "[fd00::1]:8443",
    "64:ff9b::/96",
  ],
  block: [
    "blocked.example.com",
    "bad.wild.example",
    "*.evil.wild.example",
    { dest: "some.example.com", paths: ["/admin", "/*/secret"] },
    { dest: "some.example.com", methods: ["DELETE"] },
    "ported.example.com:8443",
    "10.1.2.0/24",
    { dest: "10.1.3.0/24", ports: [22] },
    "203.0.113.66",
  ],
});

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

const PATHS = "https://paths.example.com/posts (allow[3])";
const SLASH =
  `{ dest = "slash.example.com", methods = ["GET"], paths = ["/api/a%2Fb"] } (allow[10])`;
const ADMIN = `{ dest = "some.example.com", paths = ["/*/secret", "/admin"] } (block[3])`;

const REQUESTS = [
  { ask: "GET api.example.com /any?thing", want: "allow api.example.com (allow[0])" },
  { ask: "GET api.example.com /a/../%00", want: "allow api.example.com (allow[0])" },
  { ask: "OPTIONS api.example.com *", want: "allow api.example.com (allow[0])" },
  { ask: "GET unlisted.example /", want: "deny no-rule" },
  { ask: "GET blocked.example.com /", want: "deny block-rule blocked.example.com (block[0])" },
  { ask: "GET 8.8.8.8 /", want: "deny ip-literal" },
  { ask: "GET a@api.example.com /", want: "deny name" },
  { ask: "GET git.example.com /", want: "deny port git.example.com:22 (allow[2])" },
  // A path rule allows what every reading of the target allows.
  { ask: "GET paths.example.com /posts", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /posts/1?a=..", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /posts/%31%20x", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /%70osts/1", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /x/../posts/1", want: `allow ${PATHS}`, send: "/posts/1" },
  { ask: "GET paths.example.com /x/%2e%2e/posts?q", want: `allow ${PATHS}`, send: "/posts?q" },
  { ask: "GET paths.example.com \\posts\\1", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts\\1", want: `allow ${PATHS}`, send: "/posts/1" },
  { ask: "GET paths.example.com /posts/a%2fb", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /posts//1", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts-evil", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /postsevil", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%2devil", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/../admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%2e%2e/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%252e%252e/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%2f..%2fadmin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..%2fadmin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..%5cadmin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts\\..\\admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..;/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..;x=1/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..%3b/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts;/../admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts;x", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com //posts", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com //evil.example/posts", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%2f1", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%3f/../../admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%00", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%c0%ae%c0%ae/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com http://paths.example.com/posts", want: `deny path ${PATHS}` },
  { ask: "OPTIONS paths.example.com *", want: `deny path ${PATHS}` },
  // An encoded slash that a rule writes is that and a slash.
  { ask: "GET slash.example.com /api/a%2Fb", want: `allow ${SLASH}` },
  { ask: "GET slash.example.com /api/a%2fb/c", want: `allow ${SLASH}` },
  { ask: "GET slash.example.com /api/a/b", want: `allow ${SLASH}` },
  { ask: "GET slash.example.com /api%2Fa%2Fb", want: `deny path ${SLASH}` },
  { ask: "GET slash.example.com /api/a%2Fb%2F..%2Fc", want: `deny path ${SLASH}` },
  // Methods are told apart as HTTP does: by case.
  {
    ask: "GET methods.example.com /",
    want: `allow { dest = "methods.example.com", methods = ["GET", "HEAD"] } (allow[4])`,
  },
  {
    ask: "POST methods.example.com /",
    want: `deny method { dest = "methods.example.com", methods = ["GET", "HEAD"] } (allow[4])`,
  },
  {
    ask: "get methods.example.com /",
    want: `deny method { dest = "methods.example.com", methods = ["GET", "HEAD"] } (allow[4])`,
  },
  // Two rules for one host are united; a method of one does not go with a path of the other.
  {
    ask: "POST mixed.example.com /upload/x",
    want:
      `allow { dest = "mixed.example.com", methods = ["POST"], paths = ["/upload"] } (allow[5])`,
  },
  {
    ask: "GET mixed.example.com /public",
    want: "allow https://mixed.example.com/public (allow[6])",
  },
  {
    ask: "GET mixed.example.com /upload",
    want: "deny path https://mixed.example.com/public (allow[6])",
  },
  // A block rule blocks what one reading of the target blocks.
  { ask: "GET some.example.com /", want: "allow some.example.com (allow[7])" },
  { ask: "GET some.example.com /administrator", want: "allow some.example.com (allow[7])" },
  { ask: "GET some.example.com /a%20b", want: "allow some.example.com (allow[7])" },
  {
    ask: "GET some.example.com /x/../a/",
    want: "allow some.example.com (allow[7])",
    send: "/a/",
  },
  { ask: "GET some.example.com /admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin/x?y", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /%61dmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /%2561dmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com //admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /./admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /x/../admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /x/..%2fadmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /x%5c..%5cadmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin;x", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin%3fx", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin%23x", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin%2fx", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /a/secret/b", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /%00", want: `deny path ${ADMIN}` },
  {
    ask: "delete some.example.com /",
    want: `deny block-rule { dest = "some.example.com", methods = ["DELETE"] } (block[4])`,
  },
  // An address is asked for like a host.
  { ask: "GET 10.1.0.9 /", want: "allow 10.1.0.0/16 (allow[12])" },
  {
    ask: "POST 10.3.0.1 /",
    want: `deny method { dest = "10.3.0.1", methods = ["GET"] } (allow[14])`,
  },
];
for (const { ask, want, send } of REQUESTS) {
  Deno.test(`decideRequest(${ask}): ${want}`, () => {
    const [method = "", host = "", target = ""] = ask.split(" ");
    const decision = decideRequest(POLICY, { host, port: 443, method, target });
    assert.equal(tell(decision), want);
    assert.equal(decision.target, decision.verdict === "allow" ? send ?? target : undefined);
  });
}

const ADDRESSES = [
  { host: "api.example.com", address: "203.0.113.9", want: "allow public address (built in)" },
  { host: "api.example.com", address: "2606:4700::1", want: "allow public address (built in)" },
  { host: "api.example.com", address: "10.1.0.9", want: "allow 10.1.0.0/16 (allow[12])" },
  { host: "api.example.com", address: "10.9.0.9", want: "deny address" },
  { host: "api.example.com", address: "127.0.0.1", want: "deny address" },
  { host: "api.example.com", address: "169.254.169.254", want: "deny address" },
  { host: "api.example.com", address: "168.63.129.16", want: "deny address" },
  { host: "api.example.com", address: "::1", want: "deny address" },
  { host: "api.example.com", address: "::ffff:203.0.113.9", want: "deny address" },
  { host: "api.example.com", address: "::ffff:10.1.0.9", want: "deny address" },
  { host: "api.example.com", address: "2002:cb00:7109::1", want: "deny address" },
  { host: "api.example.com", address: "not an address", want: "deny address" },
  { host: "api.example.com", address: "0x7f.1", want: "deny address" },
  { host: "not a host", address: "203.0.113.9", want: "deny name" },
  // Blocks win over the rule that lifts the guard, and over public addresses.
  { host: "api.example.com", address: "10.1.2.9", want: "deny block-rule 10.1.2.0/24 (block[6])" },
  {
    host: "api.example.com",
    address: "203.0.113.66",
    want: "deny block-rule 203.0.113.66 (block[8])",
  },
  // Ports of a rule count when the port is told.
  { host: "api.example.com", address: "10.2.0.5", want: "allow 10.2.0.5:5432 (allow[13])" },
  {
    host: "api.example.com",
    address: "10.2.0.5",
    port: 5432,
    want: "allow 10.2.0.5:5432 (allow[13])",
  },
  { host: "api.example.com", address: "10.2.0.5", port: 443, want: "deny address" },
  {
    host: "api.example.com",
    address: "10.1.0.9",
    port: 9999,
    want: "allow 10.1.0.0/16 (allow[12])",
  },
  {
    host: "api.example.com",
    address: "10.1.3.9",
    port: 443,
    want: "allow 10.1.0.0/16 (allow[12])",
  },
  {
    host: "api.example.com",
    address: "10.1.3.9",
    port: 22,
    want: `deny block-rule { dest = "10.1.3.0/24", ports = [22] } (block[7])`,
  },
  // Methods hold for requests to the address itself, so they lift nothing for a name.
  { host: "api.example.com", address: "10.3.0.1", want: "deny address" },
  {
    host: "10.3.0.1",
    address: "10.3.0.1",
    want: `allow { dest = "10.3.0.1", methods = ["GET"] } (allow[14])`,
  },
  // An address as host goes to itself, by a rule only.
  { host: "192.0.2.7", address: "192.0.2.7", want: "allow 192.0.2.7 (allow[15])" },
  { host: "192.0.2.8", address: "192.0.2.8", want: "deny ip-literal" },
  { host: "192.0.2.7", address: "192.0.2.8", want: "deny address" },
  // An address inside of another is looked at, too.
  {
    host: "api.example.com",
    address: "64:ff9b::cb00:7109",
    want: "allow 64:ff9b::/96 (allow[17])",
  },
  { host: "api.example.com", address: "64:ff9b::a01:9", want: "allow 64:ff9b::/96 (allow[17])" },
  { host: "api.example.com", address: "64:ff9b::7f00:1", want: "deny address" },
  {
    host: "api.example.com",
    address: "64:ff9b::a01:209",
    want: "deny block-rule 10.1.2.0/24 (block[6])",
  },
];
for (const { host, address, port, want } of ADDRESSES) {
  const at = port === undefined ? address : `${address} port ${port}`;
  Deno.test(`decideAddress(${host} at ${at}): ${want}`, () => {
    assert.equal(tell(decideAddress(POLICY, { host, address, port })), want);
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

function tell(decision: Decision): string {
  if (decision.verdict === "allow") return `allow ${decision.rule}`;
  return ["deny", decision.reason, ...decision.rule === undefined ? [] : [decision.rule]].join(" ");
}
