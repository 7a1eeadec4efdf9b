import { jsonMaterial, type JsonStock } from "../json_change.ts";
import { NAMES } from "../names.ts";
import { planFuzzPolicy } from "../policy.ts";

const settings = {
  address: "10.99.0.2",
  agent: "10.99.0.3",
  inbound: [3000],
  dns: ["203.0.113.53"],
  upstreamProxy: { url: "http://user:pass@203.0.113.70:8080", noProxy: [".test"] },
  extraCa: [],
  ca: null,
};

const TOKENS = [
  ...["{", "}", "[", "]", '"', ",", ":", "\\u0000", "\\ud800", "null", "true", "-1", "1e999", "{}"],
  ...['"*"', '"*.test"', '"**"', '"10.0.0.0/8"', '"0.0.0.0/0"', '"::/0"', '"https://a.test/b"'],
  ...['"schema":2', '"version":-1', '"version":9007199254740993', '"rule":{}', '"ports":[0]'],
  ...[
    `"${NAMES.evil}"`,
    '"__proto__":{}',
    '"constructor":1',
    '"dest":"a:99999"',
    "\n",
    "\xff",
    "\0",
  ],
  ...['"paths":["/%2e%2e/"]', '"methods":["get"]', '"to":[]', '"bodyLimit":1e400', "[".repeat(500)],
];

/** What stands in others' places. */
const VALUES = [
  ...["*", "*.test", "**", "10.0.0.0/8", "0.0.0.0/0", "::/0", "https://a.test/b", NAMES.evil],
  ...["block", "flag", "GET", "/api/", 443, 65536, 1, 2, { dest: "a.test", ports: [1] }, [
    "a.test",
  ]],
];

/** Lines that a host sends its gateway, without the end of line. */
export const CONTROL_STOCK: JsonStock = {
  documents: [
    { type: "policy", policy: planFuzzPolicy(2) },
    { type: "start", settings, policy: planFuzzPolicy(1) },
    { type: "audit-written", sequence: 12 },
    { type: "audit-failed", reason: "disk full" },
  ],
  values: [...VALUES, "policy", "start"],
};

/** The same as bytes. */
export const CONTROL_MATERIAL = jsonMaterial(CONTROL_STOCK, TOKENS);

/** Policy documents alone. */
export const POLICY_STOCK: JsonStock = {
  documents: [
    planFuzzPolicy(3),
    {
      ...planFuzzPolicy(4),
      allow: [
        { rule: "https://api.example.com/v1/", origin: "a" },
        { rule: "host.example:8443", origin: "b" },
        { rule: "10.1.2.0/24", origin: "c" },
        { rule: { dest: "*.example.org", ports: [443], paths: ["/a/*"] }, origin: "d" },
      ],
      rate: { perSecond: 10, burst: 50 },
      inspectors: [{ name: "mine", source: "export default () => null;" }],
    },
  ],
  values: VALUES,
};

/** The same as bytes. */
export const POLICY_MATERIAL = jsonMaterial(POLICY_STOCK, TOKENS);

/** Lines that a gateway sends its host. */
export const REPORT_STOCK: JsonStock = {
  documents: [
    { type: "ready", version: 1, ca: { certificate: "c", key: "k" } },
    { type: "applied", version: 2 },
    { type: "rejected", version: 3, problems: ["network.allow[0]: nothing"] },
    { type: "failed", reason: "a port is taken" },
    {
      type: "audit",
      sequence: 2,
      events: [{ time: "2026-01-01T00:00:00Z", kind: "dns", decision: "deny", reason: "no-rule" }],
    },
  ],
  values: ["ready", "applied", "allow", "block-rule", "connection", ...VALUES],
};

/** The same as bytes. */
export const REPORT_MATERIAL = jsonMaterial(REPORT_STOCK, TOKENS);
