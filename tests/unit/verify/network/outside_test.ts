import assert from "node:assert/strict";
import { tellUnseen } from "../../../../src/verify/network/outside.ts";
import type { Event } from "../../../../src/verify/internet/types.ts";

const EVENTS: readonly Event[] = [
  { kind: "packet", protocol: "tcp", from: "198.51.100.16", to: "198.51.100.4", port: 443 },
  { kind: "packet", protocol: "icmp", from: "198.51.100.16", to: "198.51.100.4" },
];

Deno.test("a place that a packet was seen at is not told", () => {
  assert.deepEqual(
    tellUnseen(EVENTS, [
      { protocol: "tcp", to: "198.51.100.4", port: 443 },
      { protocol: "icmp", to: "198.51.100.4" },
    ]),
    [],
  );
});

for (
  const [name, place, line] of [
    [
      "another port",
      { protocol: "tcp", to: "198.51.100.4", port: 80 },
      "no tcp to 198.51.100.4:80 from outside",
    ],
    [
      "another protocol",
      { protocol: "udp", to: "198.51.100.4", port: 443 },
      "no udp to 198.51.100.4:443 from outside",
    ],
    [
      "another address",
      { protocol: "icmp", to: "198.51.100.5" },
      "no icmp to 198.51.100.5 from outside",
    ],
  ] as const
) {
  Deno.test(`${name} proves nothing of a place`, () => {
    assert.deepEqual(tellUnseen(EVENTS, [place]), [line]);
  });
}
