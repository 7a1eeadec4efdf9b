import assert from "node:assert/strict";
import fc from "fast-check";
import type { RuleSpec } from "../../../src/policy/document.ts";
import { formatRule, formatRuleSpec, parseRule, type Rule } from "../../../src/policy/rule.ts";

type Written = RuleSpec["rule"];

/** What is written, and how it is told in an audit line. */
const RULES: { name: string; rule: Written; want: string }[] = [
  { name: "a host", rule: "API.Example.com.", want: "api.example.com" },
  { name: "a wildcard", rule: "*.example.com", want: "*.example.com" },
  { name: "any host", rule: "*", want: "*" },
  { name: "any host on a port", rule: "*:8443", want: "*:8443" },
  { name: "a host and port", rule: "git.example.com:22", want: "git.example.com:22" },
  { name: "a wildcard and port", rule: "*.example.com:8443", want: "*.example.com:8443" },
  { name: "an https URL", rule: "https://example.com", want: "example.com:443" },
  { name: "an http URL", rule: "http://example.com/", want: "example.com:80" },
  { name: "a wss URL", rule: "WSS://Example.com/live", want: "https://example.com/live" },
  { name: "a URL with path", rule: "https://example.com/v1/", want: "https://example.com/v1" },
  { name: "an http URL with path", rule: "http://example.com/a", want: "http://example.com/a" },
  {
    name: "a URL with port",
    rule: "http://example.com:8080/a",
    want: "https://example.com:8080/a",
  },
  {
    name: "a URL with a glob",
    rule: "https://*.example.com/*/x",
    want: "https://*.example.com/*/x",
  },
  { name: "an IPv4 address", rule: "10.0.0.5", want: "10.0.0.5" },
  { name: "an IPv4 address and port", rule: "10.0.0.5:5432", want: "10.0.0.5:5432" },
  { name: "an IPv4 range", rule: "10.0.0.0/8", want: "10.0.0.0/8" },
  { name: "an IPv6 address", rule: "FD00::1", want: "fd00::1" },
  { name: "an IPv6 address in brackets", rule: "[fd00::1]", want: "fd00::1" },
  { name: "an IPv6 address and port", rule: "[fd00::1]:8443", want: "[fd00::1]:8443" },
  { name: "an IPv6 URL", rule: "http://[fd00::1]/a", want: "http://[fd00::1]/a" },
  { name: "an IPv6 range", rule: "fd00::/8", want: "fd00::/8" },
  { name: "an object with a host only", rule: { dest: "example.com" }, want: "example.com" },
  {
    name: "an object with everything",
    rule: {
      dest: "example.com",
      ports: [8443, 443, 443],
      methods: ["POST", "GET", "GET"],
      paths: ["/b", "a", "/a/"],
    },
    want: `{ dest = "example.com", ports = [443, 8443], methods = ["GET", "POST"], ` +
      `paths = ["/a", "/b"] }`,
  },
  {
    name: "relative paths under the URL's own",
    rule: { dest: "https://example.com/v1", methods: ["GET"], paths: ["items", "/v1/users"] },
    want: `{ dest = "example.com", ports = [443], methods = ["GET"], ` +
      `paths = ["/v1/items", "/v1/users"] }`,
  },
  {
    name: "a range with ports",
    rule: { dest: "10.0.0.0/8", ports: [5432] },
    want: `{ dest = "10.0.0.0/8", ports = [5432] }`,
  },
  {
    name: "paths with the root among them",
    rule: { dest: "example.com", paths: ["/", "/a"] },
    want: "example.com",
  },
  {
    name: "a path with letters beyond ASCII",
    rule: { dest: "https://example.com", paths: ["/größe ä"] },
    want: "https://example.com/größe ä",
  },
  {
    name: "a path with an encoded slash",
    rule: "https://example.com/projects/group%2Fname",
    want: "https://example.com/projects/group%2Fname",
  },
];
for (const { name, rule, want } of RULES) {
  Deno.test(`parseRule(): ${name}`, () => {
    assert.equal(formatRule(read(rule)), `${want} (network.allow[0])`);
  });
}

const BAD: { name: string; rule: Written; problem: string }[] = [
  {
    name: "a wildcard for a top-level domain",
    rule: "*.com:443",
    problem: `"*.com" would match every name that ends in ".com", whoever owns it; ` +
      `write the names you need, for example "*.example.com"`,
  },
  {
    name: "a path without a scheme",
    rule: "example.com/v1",
    problem: `"example.com/v1" has a path but no scheme; write "https://example.com/v1"`,
  },
  {
    name: "another scheme",
    rule: "ssh://git.example.com/x",
    problem: `"ssh://git.example.com/x" has the scheme "ssh"; write http or https, ` +
      `or "git.example.com:PORT"`,
  },
  {
    name: "a query",
    rule: "https://example.com/a?b=c",
    problem: `"https://example.com/a?b=c" has a query or fragment, which no rule looks at; ` +
      `write "https://example.com/a"`,
  },
  {
    name: "userinfo",
    rule: "https://user@example.com/",
    problem: `"user@example.com" is not a host: write it without a user, "example.com"`,
  },
  {
    name: "userinfo with a password",
    rule: "user:pass@example.com",
    problem: `"user:pass@example.com" is not a host: write it without a user, "example.com"`,
  },
  {
    name: "the DNS port",
    rule: "example.com:53",
    problem: `"example.com:53": port 53 is the gateway's own DNS; write another port`,
  },
  {
    name: "the proxy port",
    rule: { dest: "example.com", ports: [3128] },
    problem: `port 3128 is the gateway's own proxy; write another port`,
  },
  {
    name: "a port too large",
    rule: "example.com:65536",
    problem: `"example.com:65536": "65536" is not a port; write a number from 1 to 65535`,
  },
  {
    name: "a port that is a word",
    rule: "example.com:https",
    problem: `"example.com:https": "https" is not a port; write a number from 1 to 65535`,
  },
  {
    name: "a missing port",
    rule: "example.com:",
    problem: `"example.com:": "" is not a port; write a number from 1 to 65535`,
  },
  {
    name: "a port that is no integer",
    rule: { dest: "example.com", ports: [443.5] },
    problem: `"443.5" is not a port; write a number from 1 to 65535`,
  },
  {
    name: "a port twice",
    rule: { dest: "https://example.com/v1", ports: [8443] },
    problem: `"https://example.com/v1" already says port 443; leave out ports, or write ` +
      `dest = "example.com" and the path in paths`,
  },
  {
    name: "bits behind the prefix",
    rule: "10.0.0.5/8",
    problem: `"10.0.0.5/8" has bits set behind the prefix; write "10.0.0.0/8" or "10.0.0.5"`,
  },
  {
    name: "a range with a port",
    rule: "10.0.0.0/8:443",
    problem: `"10.0.0.0/8:443" is not a range of addresses; ` +
      `write { dest = "10.0.0.0/8", ports = [...] }`,
  },
  {
    name: "a prefix too long",
    rule: "10.0.0.0/33",
    problem: `"10.0.0.0/33" is not a range of addresses; write "10.0.0.0/8" or "fd00::/8"`,
  },
  {
    name: "another spelling of IPv4",
    rule: "0177.1:8080",
    problem: `"0177.1" is another spelling of an address; write "127.0.0.1"`,
  },
  {
    name: "a v4-mapped address",
    rule: "[::ffff:10.0.0.1]",
    problem: `"[::ffff:10.0.0.1]" is another spelling of an address; write "10.0.0.1"`,
  },
  {
    name: "a U-label",
    rule: "bücher.example:8443",
    problem: `"bücher.example" is not a host: write it in ASCII, "xn--bcher-kva.example"`,
  },
  {
    name: "a lower-case method",
    rule: { dest: "example.com", methods: ["delete"] },
    problem: `"delete" is not a method; write "DELETE"`,
  },
  {
    name: "a method that is none",
    rule: { dest: "example.com", methods: ["GET POST"] },
    problem: `"GET POST" is not a method; write one like "GET"`,
  },
  {
    name: "no ports",
    rule: { dest: "example.com", ports: [] },
    problem: "ports is empty; leave it out for 80 and 443",
  },
  {
    name: "no methods",
    rule: { dest: "example.com", methods: [] },
    problem: "methods is empty; leave it out for any method",
  },
  {
    name: "no paths",
    rule: { dest: "example.com", paths: [] },
    problem: "paths is empty; leave it out for any path",
  },
  {
    name: "an unknown key",
    rule: { dest: "example.com", method: "GET" } as Written,
    problem: `"method" is not a key of a rule; write one of dest, ports, methods, paths`,
  },
  {
    name: "a path outside of the URL's own",
    rule: { dest: "https://example.com/v1", paths: ["/v2"] },
    problem: `"/v2" is not below "/v1", the path of the rule's own URL; write "v2" for ` +
      `"/v1/v2", or leave the path out of the URL`,
  },
];
for (const { name, rule, problem } of BAD) {
  Deno.test(`parseRule() refuses ${name} and says what to write`, () => {
    const spec = { rule, origin: "network.allow[0]" };
    assert.deepEqual(parseRule(spec), { ok: false, problem });
  });
}

Deno.test("a rule that is formatted and read again is the same rule", () => {
  fc.assert(fc.property(anyRule(), (written) => {
    const rule = read(written);
    assert.deepEqual(read(formatRuleSpec(rule)), rule);
  }));
});

function read(rule: Written): Rule {
  const parsed = parseRule({ rule, origin: "network.allow[0]" });
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.problem);
  return parsed.rule;
}

function anyRule(): fc.Arbitrary<RuleSpec["rule"]> {
  const port = fc.integer({ min: 1, max: 65535 }).filter((port) => ![53, 3128].includes(port));
  const segment = fc.oneof(fc.stringMatching(/^[a-z0-9 äß~:@!$&'()+,=_-]{1,6}$/), fc.constant("*"));
  const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((all) => `/${all.join("/")}`);
  const name = fc.domain().chain((host) => fc.constantFrom(host, `*.${host}`, "*"));
  const range = fc.integer({ min: 0, max: 32 }).map((prefix) => `0.0.0.0/${prefix}`);
  const address = fc.oneof(fc.ipV4(), fc.ipV6().map((text) => `[${text}]`))
    .filter((text) => parseRule({ rule: text, origin: "" }).ok);
  const host = fc.oneof(name, address);
  return fc.oneof(
    host,
    range,
    fc.tuple(host, port).map(([host, port]) => `${host}:${port}`),
    fc.tuple(fc.constantFrom("http", "https"), host, path).map(([scheme, host, path]) =>
      `${scheme}://${host}${path}`
    ),
    fc.record({
      dest: fc.oneof(host, range),
      ports: fc.array(port, { minLength: 1, maxLength: 3 }),
      methods: fc.array(fc.constantFrom("GET", "POST", "PUT"), { minLength: 1 }),
      paths: fc.array(path, { minLength: 1, maxLength: 3 }),
    }, { requiredKeys: ["dest"] }),
  );
}
