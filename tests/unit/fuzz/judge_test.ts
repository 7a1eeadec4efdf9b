import assert from "node:assert/strict";
import { judgeResources } from "../../fuzz/live/campaign.ts";
import { type Arrival, isAskable, judgeArrival, judgeEvent } from "../../fuzz/live/judge.ts";
import { NAMES, PLACEHOLDER, SECRET } from "../../fuzz/names.ts";
import { isBelowApi } from "../../fuzz/policy_readers.ts";

const REQUEST: Arrival = {
  origin: "allowed",
  scheme: "https",
  kind: "request",
  host: NAMES.allowed,
  method: "POST",
  url: "/any",
};
const SCOPED: Arrival = {
  ...REQUEST,
  origin: "scoped",
  host: NAMES.scoped,
  method: "GET",
  url: "/api/x",
};

const ARRIVALS: [name: string, arrival: Arrival, problem: RegExp | undefined][] = [
  ["an allowed request", REQUEST, undefined],
  ["a host below a wildcard", { ...REQUEST, host: "a.wild.test" }, undefined],
  ["a blocked host below it", { ...REQUEST, host: "blocked.wild.test" }, /was asked for "blocked/],
  ["another host", { ...REQUEST, host: NAMES.evil }, /was asked for "evil.test"/],
  ["anything at the decoy", { origin: "decoy", kind: "connection" }, /decoy saw a connection/],
  ["broken HTTP", { ...REQUEST, kind: "broken", problem: "HPE" }, /no HTTP: HPE/],
  ["a secret at a foreign host", { ...REQUEST, body: SECRET }, /secret arrived at allowed/],
  ["a secret in base64", { ...REQUEST, body: `x${btoa(SECRET)}` }, /secret arrived at allowed/],
  ["a placeholder there", { ...REQUEST, url: `/${PLACEHOLDER}` }, /placeholder arrived at allowed/],
  [
    "the secret where it belongs",
    { ...REQUEST, origin: "inject", host: NAMES.inject, body: SECRET },
    undefined,
  ],
  [
    "the secret there, but in clear",
    { ...REQUEST, origin: "inject", host: NAMES.inject, scheme: "http", body: SECRET },
    /secret arrived at inject by http/,
  ],
  ["a path of its rule", SCOPED, undefined],
  ["another path", { ...SCOPED, url: "/admin" }, /asked for \/admin/],
  ["another path in disguise", { ...SCOPED, url: "/api/%252e%252e/admin" }, /asked for \/api/],
  ["another method", { ...SCOPED, method: "POST" }, /was sent a POST/],
];

for (const [name, arrival, problem] of ARRIVALS) {
  Deno.test(`judgeArrival() ${problem === undefined ? "lets pass" : "names"}: ${name}`, () => {
    const found = judgeArrival(arrival);
    if (problem === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", problem);
  });
}

Deno.test("judgeEvent() finds the secret everywhere but in a path that rules alone have refused", () => {
  const event = { time: "", kind: "request", decision: "deny", reason: "no-rule" } as const;
  const path = `/${SECRET}`;
  assert.equal(judgeEvent({ ...event, path }), undefined);
  assert.match(judgeEvent({ ...event, path, reason: "secret-leak" }) ?? "", /holds the secret/);
  assert.match(judgeEvent({ ...event, path, decision: "allow" }) ?? "", /holds the secret/);
  assert.match(judgeEvent({ ...event, detail: `saw ${SECRET}` }) ?? "", /holds the secret/);
});

Deno.test("only names that a rule allows may be asked of a DNS server", () => {
  const names = [NAMES.allowed, "x.wild.test", "blocked.wild.test", NAMES.evil, "wild.test", ""];
  assert.deepEqual(names.map(isAskable), [true, true, false, false, false, false]);
});

Deno.test("isBelowApi() reads a path as every server might", () => {
  const inside = ["/api/", "/api/x", "/api/a/../b", "/api/%2e/x", "/api?../x"];
  const outside = ["/", "/apix", "/api/..", "/api/%2e%2e/x", "/api/%252e%252e/x", "/api\\..\\x"];
  assert.deepEqual(inside.filter((path) => !isBelowApi(path)), []);
  assert.deepEqual(outside.filter(isBelowApi), []);
});

Deno.test("judgeResources() names files that stay open and memory that keeps growing", () => {
  const at = (files: number, megabytes: number) => ({ files, bytes: megabytes * 1024 * 1024 });
  assert.equal(judgeResources([at(30, 80), at(31, 120), at(33, 125)]), undefined);
  assert.match(judgeResources([at(30, 80), at(40, 90), at(60, 90)]) ?? "", /60 files are open/);
  assert.match(judgeResources([at(30, 80), at(30, 90), at(30, 130)]) ?? "", /memory grew/);
});
