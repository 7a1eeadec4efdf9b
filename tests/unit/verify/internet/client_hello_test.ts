import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseClientHello } from "../../../../src/gateway/client_hello.ts";
import {
  formatClientHello,
  type HelloOptions,
} from "../../../../src/verify/internet/client_hello.ts";

/** What the gateway reads of it. */
function read(name: string, options?: HelloOptions): string {
  const parsed = parseClientHello(Buffer.from(formatClientHello(name, options), "latin1"));
  if (parsed.kind === "hello") return `${parsed.hello.serverName}${parsed.hello.ech ? " ech" : ""}`;
  return parsed.kind === "malformed" ? parsed.problem : parsed.kind;
}

Deno.test("a hello is one that a host reads, in pieces too", () => {
  assert.deepEqual(
    [{}, { ech: true }, { recordBytes: 1 }, { recordBytes: 16 }]
      .map((options) => read("a.test", options)),
    ["a.test", "a.test ech", "a.test", "a.test"],
  );
});

Deno.test("a second name is there in the way that was asked for", () => {
  assert.equal(read("a.test", { beside: "b.test" }), "a server name that is not one host");
  assert.equal(read("a.test", { again: "b.test" }), "an extension that comes twice");
});
