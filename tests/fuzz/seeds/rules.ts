import { bytesOf } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";

const LABELS = ["a", "b", "api", "x-1", "_dmarc", "xn--bcher-kva", "A", "0", "0x1f", "com", "1e3"];
const ADDRESSES = [
  ...["10.1.2.3", "192.0.2.1", "127.0.0.1", "8.8.8.8", "169.254.169.254", "0.0.0.0"],
  ...["0x7f.1", "0177.0.0.1", "2130706433", "10.1.2.3.", "256.1.1.1", "1.2.3.4.5"],
  ...[
    "::1",
    "[::1]",
    "fd00::7",
    "::ffff:10.1.2.3",
    "2001:db8::a",
    "fe80::1%eth0",
    "64:ff9b::a01:203",
  ],
];
const PATHS = [
  "/",
  "/v1",
  "/v1/",
  "/a/*",
  "/a/*/b",
  "/%61",
  "/a%2fb",
  "/../x",
  "//a",
  "/a;b",
  "/é",
];

/** A host in one of its spellings, or nearly one. */
export function drawHost(random: Random): string {
  if (random.oneIn(2)) return random.pick(["a.test", "b.a.test", "api.example.com", "10.1.2.3"]);
  if (random.oneIn(4)) return random.pick(ADDRESSES);
  const labels = Array.from({ length: 1 + random.integer(4) }, () => random.pick(LABELS));
  const end = random.pick(["", "", "", ".", ".test", ".example.com"]);
  return labels.join(".") + end;
}

/** A rule as people write it, or nearly one. */
function drawRule(random: Random): unknown {
  if (!random.oneIn(4)) return drawPlainRule(random);
  const host = random.oneIn(5)
    ? random.pick(["*", "*.test", "10.0.0.0/8", "fd00::/8", "0.0.0.0/0", "10.1.2.3/24", "::/0"])
    : `${random.oneIn(3) ? "*." : ""}${drawHost(random)}`;
  const port = random.pick(["", "", ":443", ":8443", ":53", ":0", ":65536", ":x"]);
  switch (random.integer(4)) {
    case 0:
      return `${random.pick(["https", "http", "ftp", "HTTPS"])}://${host}${port}${
        random.pick(PATHS)
      }`;
    case 1:
      return {
        dest: host + (random.oneIn(6) ? port : ""),
        ...(random.oneIn(2) ? {} : { ports: random.pick([[443], [80, 8080], [], [0], [53]]) }),
        ...(random.oneIn(2)
          ? {}
          : { methods: random.pick([["GET"], ["GET", "POST"], ["get"], []]) }),
        ...(random.oneIn(2) ? {} : { paths: [random.pick(PATHS), random.pick(PATHS)] }),
      };
    default:
      return host + port;
  }
}

function drawPlainRule(random: Random): unknown {
  const host = random.pick(["a.test", "*.a.test", "api.example.com", "*.example.com", "*"]);
  const network = random.pick(["10.0.0.0/8", "10.1.2.3", "fd00::/8"]);
  return random.pick([
    () => host,
    () => network,
    () => `${host}:8443`,
    () => `https://${host}${random.pick(PATHS)}`,
    () => ({ dest: host, ports: [443], paths: [random.pick(PATHS)] }),
    () => ({ dest: random.pick([host, network]), methods: ["GET"] }),
  ])();
}

/** A policy's rules and one question, as JSON. */
export function makeRules(random: Random): Uint8Array<ArrayBuffer> {
  const rules = () => Array.from({ length: 1 + random.integer(2) }, () => drawRule(random));
  const host = drawHost(random);
  const near = random.oneIn(2) ? [host, `*.${host.split(".").slice(1).join(".")}`] : [];
  const bytes = new TextEncoder().encode(JSON.stringify({
    allow: [...rules(), ...near],
    block: random.oneIn(3) ? rules() : [],
    host,
    port: random.pick([80, 443, 8443, 53, 22]),
    method: random.pick(["GET", "POST", "get"]),
    target: random.pick(PATHS),
  }));
  return random.oneIn(4) ? mutate(random, { ...RULES_MATERIAL, seeds: [bytes] }) : bytes;
}

const TOKENS = [
  ...[
    '"',
    "[",
    "{",
    ",",
    "*",
    "*.",
    ".",
    ":443",
    "/8",
    "::",
    "%",
    "@",
    "#",
    "?",
    "\\u0000",
    "\u00e9",
  ],
  ...["http://", "0x", "../", "%2e%2e", "%252e", "xn--", "[::1]", '"paths":["/"]', "a".repeat(64)],
];

/** Rules and questions about them. */
export const RULES_MATERIAL: Material = {
  seeds: [
    '{"allow":["*.example.com"],"block":[],"host":"api.example.com","port":443,"method":"GET","target":"/"}',
    '{"allow":[{"dest":"a.test","paths":["/v1"]}],"block":["b.test"],"host":"a.test","port":443,"method":"GET","target":"/v1"}',
  ].map(bytesOf),
  tokens: TOKENS.map(bytesOf),
};

/** A host, an address or a range, one to a line. */
export function makeHosts(random: Random): Uint8Array<ArrayBuffer> {
  const text = random.pick([
    () => drawHost(random),
    () => `*.${drawHost(random)}`,
    () => `${drawHost(random)}:${random.pick(["443", "0", "65536", "", "08"])}`,
    () => `${random.pick(ADDRESSES)}/${random.pick(["8", "32", "33", "128", "-1", "08", ""])}`,
  ])();
  const bytes = bytesOf(text);
  return random.oneIn(2) ? mutate(random, { ...HOSTS_MATERIAL, seeds: [bytes] }) : bytes;
}

/** Hosts and addresses. */
export const HOSTS_MATERIAL: Material = {
  seeds: [...ADDRESSES, "a.test", "*.example.com", "10.0.0.0/8", "fd00::/8"].map(bytesOf),
  tokens: [".", ":", "::", "*", "[", "]", "%", "0x", "0", "-", "_", "a".repeat(64), "\u00ff", "/"]
    .map(bytesOf),
};
