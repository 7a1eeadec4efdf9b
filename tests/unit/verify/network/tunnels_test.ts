import assert from "node:assert/strict";
import type { Outcome } from "../../../../src/verify/internet/probe/types.ts";
import { parseHost } from "../../../../src/policy/host.ts";
import { parseCrowd } from "../../../../src/verify/network/crowd.ts";
import { isCutOff, listTargets } from "../../../../src/verify/network/tunnels.ts";

Deno.test("every spelling of an address among the targets is that address", () => {
  const targets = listTargets({ echo: "198.51.100.34" }, "2001:db8::2");
  const literal = targets.map((target) => parseHost(target.replace(/:\d+$/, "")))
    .filter((host) => host?.kind === "ipv4").map((host) => host?.host);
  assert.deepEqual(literal, Array(6).fill("198.51.100.34"));
  assert.equal(new Set(targets).size, targets.length);
});

for (
  const [what, given, want] of [
    ["closed without a word", { reached: "connect", data: "", closed: true }, true],
    ["an alert and the end", { reached: "data", data: "\x15\x03\x03", closed: true }, true],
    ["a reset", { reached: "tcp", data: "", error: "ECONNRESET" }, true],
    ["left open", { reached: "connect", data: "" }, false],
    ["a handshake", { reached: "data", data: "\x16\x03\x03", closed: true }, false],
    ["TLS that stands", { reached: "tls", data: "", closed: true }, false],
  ] as const
) {
  Deno.test(`${what}: ${want ? "cut off" : "not cut off"}`, () => {
    assert.equal(isCutOff({ id: "probe", ...given } as Outcome), want);
  });
}

Deno.test("a crowd's program that said nothing is no crowd", () => {
  assert.equal(parseCrowd({ data: "" }), undefined);
  assert.deepEqual(parseCrowd({ data: '{"open": 3, "answers": [""]}' }), {
    open: 3,
    answers: [""],
  });
});
