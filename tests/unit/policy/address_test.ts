import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ADDRESS_CLASSES,
  type AddressClass,
  classifyAddress,
  formatAddress,
  formatCidr,
  listEmbedded,
  parseAddress,
  parseCidr,
} from "../../../src/policy/address.ts";

const CLASSES: Record<AddressClass, string[]> = {
  "public": [
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "192.0.2.1", // documentation ranges: nothing is ever there
    "198.51.100.1",
    "203.0.113.255",
    "2606:4700::1111",
    "2a00:1450::1",
  ],
  "unspecified": ["0.0.0.0", "0.255.255.255", "::"],
  "loopback": ["127.0.0.1", "127.255.255.255", "::1"],
  "private": ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1"],
  "link-local": ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1"],
  "cgnat": ["100.64.0.0", "100.127.255.255"],
  "metadata": [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
  ],
  "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
  "broadcast": ["255.255.255.255"],
  "benchmarking": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
  "nat64": ["64:ff9b::8.8.8.8", "64:ff9b::169.254.169.254", "64:ff9b:1::1"],
  "v4-mapped": ["::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "::7f00:1"],
  "6to4": ["192.88.99.1", "2002:808:808::1"],
  "teredo": ["2001::1"],
  "unique-local": ["fc00::1", "fdff::1"],
  "reserved": [
    "192.0.0.1",
    "240.0.0.1",
    "255.255.255.254",
    "2001:1::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "::ffff:0:8.8.8.8",
    "fec0::1",
    "5f00::1",
    "4000::1",
  ],
};
for (const kind of ADDRESS_CLASSES) {
  for (const text of CLASSES[kind]) {
    Deno.test(`${text} is ${kind}`, () => assert.equal(classifyAddress(read(text)), kind));
  }
}

const FORMS = [
  { text: "::ffff:7f00:1", want: "::ffff:127.0.0.1" },
  { text: "2001:0DB8:0:0:0:0:0:1", want: "2001:db8::1" },
  { text: "1:0:0:2:0:0:0:3", want: "1:0:0:2::3" },
  { text: "1:0:0:2:3:0:0:4", want: "1::2:3:0:0:4" },
  { text: "1:0:2:3:4:5:6:7", want: "1:0:2:3:4:5:6:7" },
  { text: "10:0:0:1:0:0:0:0", want: "10:0:0:1::" },
  { text: "0:0:0:0:0:0:0:0", want: "::" },
  { text: "::1:2:3:4:5:6:7", want: "0:1:2:3:4:5:6:7" },
  { text: "255.255.255.255", want: "255.255.255.255" },
];
for (const { text, want } of FORMS) {
  Deno.test(`formatAddress() writes ${text} as ${want}`, () => {
    assert.equal(formatAddress(read(text)), want);
  });
}

for (
  const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4 ",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "::12345",
    "::g",
    "[::1]",
    "fe80::1%eth0",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
  ]
) {
  Deno.test(`parseAddress() refuses "${text}"`, () => {
    assert.equal(parseAddress(text), undefined);
  });
}

Deno.test("an address is formatted as it is read, and as WHATWG URL writes it", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const address = read(text);
    assert.deepEqual(parseAddress(formatAddress(address)), address);
    const isMapped = classifyAddress(address) === "v4-mapped";
    if (address.family === 6 && !isMapped) {
      assert.equal(`[${formatAddress(address)}]`, new URL(`http://[${text}]/`).hostname);
    }
  }));
});

const CIDRS = [
  { text: "10.0.0.0/8", want: "10.0.0.0/8" },
  { text: "10.1.2.3/8", want: "10.0.0.0/8" },
  { text: "0.0.0.0/0", want: "0.0.0.0/0" },
  { text: "192.0.2.1/32", want: "192.0.2.1/32" },
  { text: "FD00::1/8", want: "fd00::/8" },
  { text: "::/0", want: "::/0" },
  { text: "10.0.0.0/33", want: undefined },
  { text: "::/129", want: undefined },
  { text: "10.0.0.0/08", want: undefined },
  { text: "10.0.0.0/", want: undefined },
  { text: "10.0.0.0", want: undefined },
  { text: "10.0.0.0/255.0.0.0", want: undefined },
  { text: "/8", want: undefined },
];
for (const { text, want } of CIDRS) {
  Deno.test(`parseCidr() reads "${text}" as ${want ?? "nothing"}`, () => {
    const cidr = parseCidr(text);
    assert.equal(cidr && formatCidr(cidr), want);
  });
}

const EMBEDDED = [
  { text: "::ffff:10.0.0.1", want: ["10.0.0.1"] },
  { text: "::10.0.0.1", want: ["10.0.0.1"] },
  { text: "64:ff9b::10.0.0.1", want: ["10.0.0.1"] },
  { text: "2002:a00:1::1", want: ["10.0.0.1"] },
  // RFC 4380 4: the example of a client 192.0.2.45 behind the server 65.54.227.120.
  { text: "2001:0:4136:e378:8000:63bf:3fff:fdd2", want: ["65.54.227.120", "192.0.2.45"] },
  { text: "2606:4700::a00:1", want: [] },
  { text: "10.0.0.1", want: [] },
];
for (const { text, want } of EMBEDDED) {
  Deno.test(`listEmbedded() finds ${want.join(" and ") || "nothing"} in ${text}`, () => {
    assert.deepEqual(listEmbedded(read(text)).map(formatAddress), want);
  });
}

function read(text: string) {
  const address = parseAddress(text);
  assert.ok(address, `${text} cannot be read`);
  return address;
}
