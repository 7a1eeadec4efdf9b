import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../src/errors.ts";
import { countSubnets, isOverlap, planSubnet } from "../../../src/cage/subnet.ts";

Deno.test("planSubnet() gives fixed addresses outside the range the engine gives away", () => {
  assert.deepEqual(planSubnet("10.231.0.0/16", 0x51), {
    subnet: "10.231.5.16/28",
    range: "10.231.5.24/29",
    first: "10.231.5.24",
    last: "10.231.5.30",
    bridge: "10.231.5.17",
    gateway: "10.231.5.18",
    agent: "10.231.5.19",
  });
});

Deno.test("planSubnet() begins again behind the last one", () => {
  assert.equal(countSubnets("10.231.0.0/16"), 4096);
  assert.deepEqual(planSubnet("10.231.0.0/16", 4096), planSubnet("10.231.0.0/16", 0));
});

Deno.test("subnets of one pool are inside it and do not overlap", () => {
  fc.assert(fc.property(fc.nat(4095), fc.nat(4095), (one, other) => {
    const [a, b] = [planSubnet("10.231.0.0/16", one), planSubnet("10.231.0.0/16", other)];
    assert.ok(isOverlap("10.231.0.0/16", a.subnet));
    assert.equal(isOverlap(a.subnet, b.subnet), one === other);
  }));
});

const OVERLAPS = [
  { name: "one inside the other", one: "10.0.0.0/8", other: "10.231.5.16/28", overlap: true },
  { name: "neighbours", one: "10.231.5.0/28", other: "10.231.5.16/28", overlap: false },
  { name: "the same", one: "192.168.1.0/24", other: "192.168.1.0/24", overlap: true },
  { name: "written by an address inside", one: "10.1.2.3/8", other: "10.9.9.9/32", overlap: true },
  {
    name: "the top half of all addresses",
    one: "128.0.0.0/1",
    other: "10.0.0.0/8",
    overlap: false,
  },
  { name: "no network at all", one: "fd00::/8", other: "10.0.0.0/8", overlap: false },
];
for (const { name, one, other, overlap } of OVERLAPS) {
  Deno.test(`isOverlap(): ${name}`, () => {
    assert.equal(isOverlap(one, other), overlap);
    assert.equal(isOverlap(other, one), overlap);
  });
}

for (const pool of ["10.0.0.0", "10.0.0.0/29", "10.0.0.0/7", "10.0.0.256/16", "x"]) {
  Deno.test(`a pool that cannot be used is refused: ${pool}`, () => {
    assert.throws(() => countSubnets(pool), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /network\.pool/);
      return true;
    });
  });
}
