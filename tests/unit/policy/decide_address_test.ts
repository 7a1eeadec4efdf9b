import assert from "node:assert/strict";
import { decideAddress } from "../../../src/policy/decide.ts";
import { POLICY, tell } from "./decide_support.ts";

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
  {
    host: "10.4.0.1",
    address: "10.4.0.1",
    want: "allow 10.4.0.0/16 (allow[18])",
  },
  // Nobody sees the methods of a request to a name, so the block is one of all of them.
  {
    host: "api.example.com",
    address: "10.4.0.1",
    want: `deny block-rule { dest = "10.4.0.1", methods = ["DELETE"] } (block[9])`,
  },
  // Of several ranges the smallest is told.
  { host: "api.example.com", address: "10.4.4.1", want: "allow 10.4.4.0/24 (allow[19])" },
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
