import assert from "node:assert/strict";
import type { Event, Seen } from "../../../../src/verify/internet/types.ts";
import {
  isAnswered,
  isDenied,
  listArrivals,
  listHeader,
  listPlaceholdersIn,
  listValuesIn,
} from "../../../../src/verify/secrets/seen.ts";

const SECRETS = {
  key: { name: "KEY", value: "the-value-of-key", placeholder: "ph_key" },
  body: { name: "BODY", value: "the-value-of-body", placeholder: "ph_body" },
};

const SEEN: Seen = {
  request: 7,
  connection: 1,
  scheme: "https",
  version: "2.0",
  sni: "a.test",
  method: "GET",
  target: "/path?key=value",
  host: "a.test",
  headers: [["X-Key", "one"], ["x-key", "two"]],
};

Deno.test("requests are listed with their own bodies", () => {
  const events: Event[] = [
    { kind: "request", role: "echo", ...SEEN },
    { kind: "dns", name: "a.test", type: 1, transport: "udp", from: "1.2.3.4" },
    { kind: "request", role: "decoy", ...SEEN, request: 8 },
    { kind: "body", request: 8, bytes: 4, text: "text", sha256: "" },
  ];
  const arrivals = listArrivals(events);
  assert.deepEqual(arrivals.map(({ role, path, body }) => [role, path, body]), [
    ["echo", "/path", ""],
    ["decoy", "/path", "text"],
  ]);
  assert.deepEqual(listHeader(arrivals[0]!, "x-key"), ["one", "two"]);
});

Deno.test("values are told by name, never by what they are", () => {
  const text = `x ${btoa("the-value-of-key")} ${SECRETS.body.value} y`;
  const told = listValuesIn(text, SECRETS);
  assert.deepEqual(told, ["the value of KEY, base64", "the value of BODY, as it is"]);
  assert.deepEqual(listValuesIn("the-value-of-nothing", SECRETS), []);
  assert.deepEqual(listPlaceholdersIn("a ph_body", SECRETS), ["the placeholder of BODY"]);
});

Deno.test("a denial is known by its reason", () => {
  const denial = '{"blocked":true,"rule":"a \\"b\\" (x[0])","reason":"secret-leak","host":null}';
  assert.ok(isDenied(denial));
  assert.ok(isDenied(`HTTP/1.1 403 Forbidden\r\n\r\n${denial}`, "encoding", "secret-leak"));
  assert.ok(!isDenied(denial, "audit"));
  assert.ok(!isDenied('{"blocked":false,"rule":null,"reason":"secret-leak"}'));
  assert.ok(!isDenied(""));
  assert.ok(isAnswered('{"request":12,"method":"GET"}'));
  assert.ok(!isAnswered(denial));
});
