import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatHostPattern,
  isHostMatch,
  isPatternOverlap,
  isSameHost,
  parseHost,
  parseHostPattern,
} from "../../../src/policy/host.ts";

const LONG = `${"a".repeat(63)}.`.repeat(3) + "a".repeat(61);

const HOSTS = [
  { name: "a plain name", text: "api.example.com", want: "name api.example.com" },
  { name: "upper case", text: "API.Example.COM", want: "name api.example.com" },
  { name: "a trailing dot", text: "api.example.com.", want: "name api.example.com" },
  { name: "a single label", text: "localhost", want: "name localhost" },
  { name: "an A-label", text: "xn--bcher-kva.example", want: "name xn--bcher-kva.example" },
  { name: "an underscore", text: "my_bucket.example.com", want: "name my_bucket.example.com" },
  {
    name: "digits in front of a name",
    text: "1.2.3.4.example.com",
    want: "name 1.2.3.4.example.com",
  },
  { name: "the longest name", text: LONG, want: `name ${LONG}` },
  { name: "IPv4", text: "192.0.2.1", want: "ipv4 192.0.2.1" },
  { name: "IPv4 with a trailing dot", text: "192.0.2.1.", want: "ipv4 192.0.2.1" },
  { name: "one decimal number", text: "2130706433", want: "ipv4 127.0.0.1" },
  { name: "octal parts", text: "0177.0.0.01", want: "ipv4 127.0.0.1" },
  { name: "hexadecimal parts", text: "0x7F.0x0.0.0x1", want: "ipv4 127.0.0.1" },
  { name: "one hexadecimal number", text: "0x7f000001", want: "ipv4 127.0.0.1" },
  { name: "two parts", text: "127.1", want: "ipv4 127.0.0.1" },
  { name: "three parts", text: "10.1.256", want: "ipv4 10.1.1.0" },
  { name: "zero", text: "0", want: "ipv4 0.0.0.0" },
  { name: "IPv6", text: "2001:DB8::0:1", want: "ipv6 2001:db8::1" },
  { name: "IPv6 in brackets", text: "[::1]", want: "ipv6 ::1" },
  { name: "v4-mapped in hexadecimal", text: "[::ffff:7f00:1]", want: "ipv6 ::ffff:127.0.0.1" },
  { name: "v4-mapped with dots", text: "::FFFF:127.0.0.1", want: "ipv6 ::ffff:127.0.0.1" },
  { name: "nothing", text: "", want: undefined },
  { name: "a dot", text: ".", want: undefined },
  { name: "two trailing dots", text: "example.com..", want: undefined },
  { name: "an empty label", text: "api..example.com", want: undefined },
  { name: "a leading dot", text: ".example.com", want: undefined },
  { name: "a label of 64 letters", text: `${"a".repeat(64)}.com`, want: undefined },
  { name: "a name of 254 letters", text: `${LONG}a`, want: undefined },
  { name: "a hyphen at the start", text: "-a.example.com", want: undefined },
  { name: "a hyphen at the end", text: "a-.example.com", want: undefined },
  { name: "a U-label", text: "bücher.example", want: undefined },
  { name: "a letter that is ASCII in lower case", text: "\u212Aube.example", want: undefined },
  { name: "a full-width dot", text: "api。example.com", want: undefined },
  { name: "userinfo", text: "user@example.com", want: undefined },
  { name: "a port", text: "example.com:443", want: undefined },
  { name: "a port behind brackets", text: "[::1]:443", want: undefined },
  { name: "a space", text: "example.com ", want: undefined },
  { name: "a line break", text: "example.com\n", want: undefined },
  { name: "NUL", text: "example.com\0", want: undefined },
  { name: "a slash", text: "example.com/", want: undefined },
  { name: "a percent", text: "ex%61mple.com", want: undefined },
  { name: "an asterisk", text: "*.example.com", want: undefined },
  { name: "five numbers", text: "1.2.3.4.5", want: undefined },
  { name: "a name that ends in a number", text: "example.1", want: undefined },
  { name: "a number too large", text: "4294967296", want: undefined },
  { name: "a part too large", text: "1.256.1.1", want: undefined },
  { name: "a digit that is not octal", text: "127.0.0.08", want: undefined },
  { name: "IPv4 in brackets", text: "[127.0.0.1]", want: undefined },
  { name: "a zone", text: "fe80::1%eth0", want: undefined },
  { name: "an open bracket", text: "[::1", want: undefined },
];
for (const { name, text, want } of HOSTS) {
  Deno.test(`parseHost(): ${name}`, () => {
    const parsed = parseHost(text);
    assert.equal(parsed && `${parsed.kind} ${parsed.host}`, want);
  });
}

Deno.test("parseHost() of a normal form changes nothing", () => {
  const text = fc.oneof(fc.domain(), fc.ipV4Extended(), fc.ipV6(), fc.string());
  fc.assert(fc.property(text, (text) => {
    const parsed = parseHost(text);
    if (parsed !== undefined) assert.deepEqual(parseHost(parsed.host), parsed);
  }));
});

Deno.test("parseHost() takes everything that WHATWG URL takes for an address as that address", () => {
  fc.assert(fc.property(fc.ipV4Extended(), (text) => {
    assert.deepEqual(parseHost(text), { kind: "ipv4", host: new URL(`http://${text}/`).hostname });
  }));
});

const PATTERNS = [
  { pattern: "api.example.com", host: "API.example.com.", match: true },
  { pattern: "API.Example.com.", host: "api.example.com", match: true },
  { pattern: "api.example.com", host: "x.api.example.com", match: false },
  { pattern: "api.example.com", host: "api-example.com", match: false },
  { pattern: "*.example.com", host: "api.example.com", match: true },
  { pattern: "*.example.com", host: "a.b.c.example.com", match: true },
  { pattern: "*.example.com", host: "example.com", match: false },
  { pattern: "*.example.com", host: ".example.com", match: false },
  { pattern: "*.example.com", host: "evilexample.com", match: false },
  { pattern: "*.example.com", host: "example.com.evil.org", match: false },
  { pattern: "*", host: "anything.example", match: true },
  { pattern: "*", host: "localhost", match: true },
  { pattern: "*", host: "192.0.2.1", match: false },
  { pattern: "*", host: "2130706433", match: false },
  { pattern: "*", host: "[::1]", match: false },
  { pattern: "*", host: "not a host", match: false },
];
for (const { pattern, host, match } of PATTERNS) {
  Deno.test(`${pattern} ${match ? "matches" : "does not match"} ${host}`, () => {
    const parsed = parseHostPattern(pattern);
    assert.ok(parsed.ok);
    assert.equal(isHostMatch(parsed.pattern, host), match);
  });
}

const BAD_PATTERNS = [
  { text: "", problem: `"" is not a host: it is empty` },
  {
    text: "*.com",
    problem: `"*.com" would match every name that ends in ".com", whoever owns it; ` +
      `write the names you need, for example "*.example.com"`,
  },
  {
    text: "api*.example.com",
    problem: `"api*.example.com" is not a host: "*" stands for whole labels and only at the ` +
      `start, write "*.example.com"`,
  },
  {
    text: "a.*.example.com",
    problem: `"a.*.example.com" is not a host: "*" stands for whole labels and only at the ` +
      `start, write "*.example.com"`,
  },
  {
    text: ".example.com",
    problem: `".example.com" is not a host: write "*.example.com" for every name below it`,
  },
  {
    text: "https://example.com/x",
    problem: `"https://example.com/x" is not a host: write only the host, "example.com"`,
  },
  {
    text: "bücher.example",
    problem: `"bücher.example" is not a host: write it in ASCII, "xn--bcher-kva.example"`,
  },
  {
    text: "example.com:443",
    problem: `"example.com:443" is not a host: write it without port and path, "example.com"`,
  },
  {
    text: "user@example.com",
    problem: `"user@example.com" is not a host: write it without a user, "example.com"`,
  },
  {
    text: " example.com",
    problem: `" example.com" is not a host: write it without spaces, "example.com"`,
  },
  {
    text: "a_b!",
    problem: `"a_b!" is not a host: write a name such as "api.example.com"`,
  },
  {
    text: "127.1",
    problem: `"127.1" is an IP address, not a host name; write a name`,
  },
  {
    text: "*.0.0.1",
    problem: `"*.0.0.1" is an IP address, not a host name; write a network such as ` +
      `"10.0.0.0/8" in a rule`,
  },
];
for (const { text, problem } of BAD_PATTERNS) {
  Deno.test(`parseHostPattern() refuses "${text}" and says what to write`, () => {
    assert.deepEqual(parseHostPattern(text), { ok: false, problem });
  });
}

Deno.test("a pattern is formatted as it is read", () => {
  for (const text of ["api.example.com", "*.example.com", "*"]) {
    const parsed = parseHostPattern(text);
    assert.ok(parsed.ok);
    assert.equal(formatHostPattern(parsed.pattern), text);
  }
});

const OVERLAPS = [
  { a: "api.example.com", b: "api.example.com", overlap: true },
  { a: "api.example.com", b: "www.example.com", overlap: false },
  { a: "api.example.com", b: "*.example.com", overlap: true },
  { a: "example.com", b: "*.example.com", overlap: false },
  { a: "*.a.example.com", b: "*.example.com", overlap: true },
  { a: "*.example.com", b: "*.ample.com", overlap: false },
  { a: "*.example.com", b: "*.example.org", overlap: false },
  { a: "*", b: "*.example.org", overlap: true },
  { a: "*", b: "example.org", overlap: true },
];
for (const { a, b, overlap } of OVERLAPS) {
  Deno.test(`${a} and ${b} ${overlap ? "have hosts in common" : "have no host in common"}`, () => {
    const [one, other] = [parseHostPattern(a), parseHostPattern(b)];
    assert.ok(one.ok && other.ok);
    assert.equal(isPatternOverlap(one.pattern, other.pattern), overlap);
    assert.equal(isPatternOverlap(other.pattern, one.pattern), overlap);
  });
}

const SAME = [
  { name: "equal", a: "example.com", b: "example.com", same: true },
  { name: "another case", a: "example.com", b: "Example.COM", same: true },
  { name: "a port", a: "example.com", b: "example.com:443", same: true },
  { name: "a port on both sides", a: "example.com:443", b: "example.com:8443", same: true },
  { name: "a trailing dot", a: "example.com", b: "example.com.", same: true },
  { name: "a trailing dot and a port", a: "example.com", b: "example.com.:443", same: true },
  { name: "a subdomain", a: "example.com", b: "api.example.com", same: false },
  { name: "the parent domain", a: "api.example.com", b: "example.com", same: false },
  { name: "the same ending", a: "example.com", b: "evilexample.com", same: false },
  { name: "another host", a: "example.com", b: "evil.example", same: false },
  { name: "no SNI", a: undefined, b: "example.com", same: false },
  { name: "neither", a: undefined, b: undefined, same: false },
  { name: "an empty Host", a: "example.com", b: "", same: false },
  { name: "both empty", a: "", b: "", same: false },
  { name: "an IP for a name", a: "example.com", b: "192.0.2.1", same: false },
  { name: "one IP", a: "192.0.2.1", b: "192.0.2.1:443", same: true },
  { name: "one IPv6", a: "[2001:db8::1]:443", b: "2001:DB8:0::1", same: true },
  { name: "userinfo", a: "example.com", b: "example.com@evil.example", same: false },
  {
    name: "userinfo with a port",
    a: "example.com",
    b: "example.com:443@evil.example",
    same: false,
  },
  { name: "a port that is none", a: "example.com", b: "example.com:evil", same: false },
  {
    name: "a second host in a list",
    a: "example.com",
    b: "example.com, evil.example",
    same: false,
  },
  { name: "a space", a: "example.com", b: "example.com ", same: false },
];
for (const { name, a, b, same } of SAME) {
  Deno.test(`isSameHost(): ${name}`, () => {
    assert.equal(isSameHost(a, b), same);
    assert.equal(isSameHost(b, a), same);
  });
}
