import { parseGatewayMessage } from "../../src/cage/gateway_messages.ts";
import { findHostProblem, findRuleProblem } from "../../src/config/check_rule.ts";
import { parseHostLine } from "../../src/gateway/control.ts";
import { formatAddress, formatCidr, parseAddress, parseCidr } from "../../src/policy/address.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import {
  decideAddress,
  decideConnection,
  decideName,
  decideRequest,
} from "../../src/policy/decide.ts";
import type { RuleSpec } from "../../src/policy/document.ts";
import { formatHostPattern, parseHost, parseHostPattern } from "../../src/policy/host.ts";
import { parseDocument } from "../../src/policy/parse_document.ts";
import { readTarget } from "../../src/policy/path.ts";
import { formatRuleSpec, parseRule } from "../../src/policy/rule.ts";
import { textOf } from "./bytes.ts";
import { makeJson } from "./json_change.ts";
import { NAMES, SECRET } from "./names.ts";
import { planFuzzPolicy } from "./policy.ts";
import {
  CONTROL_MATERIAL,
  CONTROL_STOCK,
  POLICY_MATERIAL,
  POLICY_STOCK,
  REPORT_MATERIAL,
  REPORT_STOCK,
} from "./seeds/control.ts";
import { http1Material } from "./seeds/http1.ts";
import { HOSTS_MATERIAL, makeHosts, makeRules, RULES_MATERIAL } from "./seeds/rules.ts";
import { expect, type Target, type Verdict } from "./target.ts";

const HOSTS = [...Object.values(NAMES), "10.1.2.3", "host.example", "api.example.com", "::1", ""];
const decoder = new TextDecoder();

/** Readers of policies, of their parts, and of what is asked of one. */
export const POLICY_READERS: readonly Target[] = [
  {
    name: "policy/document",
    material: POLICY_MATERIAL,
    make: makeJson(POLICY_STOCK, POLICY_MATERIAL),
    read(bytes, random) {
      const value = parseJson(bytes);
      // Not JSON: control.ts refuses it before a document is looked for.
      if (value === undefined) return { refused: "no JSON" };
      const parsed = parseDocument(value);
      if (!parsed.ok) return refusedWith(parsed.problems, value);
      const compiled = compilePolicy(parsed.document);
      if (!compiled.ok) return refusedWith(compiled.problems, value);
      const host = random.pick(HOSTS);
      decideName(compiled.policy, host);
      decideConnection(compiled.policy, { host, port: random.pick([22, 80, 443, 8443]) });
      decideRequest(compiled.policy, { host, port: 443, method: "GET", target: "/v1/../x" });
      decideAddress(compiled.policy, { host, address: random.pick(["127.0.0.1", "10.1.2.3"]) });
      return "accepted";
    },
  },
  {
    name: "policy/rules",
    material: RULES_MATERIAL,
    make: makeRules,
    read: (bytes) => readRules(parseJson(bytes)),
  },
  { name: "policy/hosts", material: HOSTS_MATERIAL, make: makeHosts, read: readHosts },
  {
    name: "policy/paths",
    material: http1Material(NAMES.scoped),
    read(bytes, random) {
      const target = random.pick(textOf(bytes).split(/[ \r\n]+/));
      readTarget(target);
      const decision = decideRequest(FUZZ_POLICY, {
        host: NAMES.scoped,
        port: 443,
        method: "GET",
        target,
      });
      if (decision.verdict !== "allow") return { refused: decision.reason };
      const sent = decision.target ?? target;
      expect(isBelowApi(sent), `${JSON.stringify(sent)} is below /api/ however it is read`);
      return "accepted";
    },
  },
  {
    name: "policy/control-line",
    material: CONTROL_MATERIAL,
    make: makeJson(CONTROL_STOCK, CONTROL_MATERIAL),
    read(bytes) {
      const line = parseHostLine(decoder.decode(bytes));
      if (line.kind !== "malformed") return "accepted";
      const isRepeated = line.problem.includes(SECRET) && isSecretValue(parseJson(bytes));
      expect(!isRepeated, "no problem repeats a secret");
      return { refused: line.problem };
    },
  },
  {
    name: "policy/gateway-report",
    material: REPORT_MATERIAL,
    make: makeJson(REPORT_STOCK, REPORT_MATERIAL),
    read: (bytes) =>
      parseGatewayMessage(decoder.decode(bytes)) === undefined
        ? { refused: "no report" }
        : "accepted",
  },
];

const FUZZ_POLICY = (() => {
  const compiled = compilePolicy(planFuzzPolicy(1));
  if (!compiled.ok) throw new Error(compiled.problems.join("\n"));
  return compiled.policy;
})();

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

function refusedWith(problems: readonly string[], document: unknown): Verdict {
  expect(problems.length > 0, "what is refused has a problem");
  const isRepeated = problems.join().includes(SECRET) && isSecretValue(document);
  expect(!isRepeated, "no problem repeats a secret");
  expect(
    problems.every((problem) => !/undefined|\[object/.test(problem)),
    "a problem is thought of",
  );
  return { refused: problems[0]!.replace(/^[^:]*: /, "") };
}

/** Whether the secret stands where values stand and nowhere else: a name is nobody's secret. */
function isSecretValue(document: unknown): boolean {
  const others = JSON.stringify(document, (key, value) => key === "value" ? "" : value);
  return others?.includes(SECRET) === false;
}

/** Rules are read, written and read again; a decision holds what a plain reading of them says. */
function readRules(value: unknown): Verdict {
  if (typeof value !== "object" || value === null) return { refused: "no JSON" };
  const { allow, block, host, port, method, target } = value as Record<string, unknown>;
  const parsed = parseDocument({
    ...planFuzzPolicy(1),
    ...{ passthrough: [], secrets: [], inspect: { ...planFuzzPolicy(1).inspect, hosts: [] } },
    allow: Array.isArray(allow) ? allow.map((rule) => ({ rule, origin: "a" })) : allow,
    block: Array.isArray(block) ? block.map((rule) => ({ rule, origin: "b" })) : block,
  });
  if (!parsed.ok) return refusedWith(parsed.problems, value);
  const { document } = parsed;
  for (const spec of [...document.allow, ...document.block]) {
    const problem = expectRule(spec);
    if (problem !== undefined) return { refused: problem };
  }
  const compiled = compilePolicy(document);
  if (!compiled.ok) return refusedWith(compiled.problems, value);
  const isQuestion = typeof host === "string" && typeof port === "number" &&
    typeof method === "string" && typeof target === "string";
  if (!isQuestion) return { refused: "no question" };
  const asked = { host, port, method, target };
  const decision = decideRequest(compiled.policy, asked);
  if (decision.verdict === "allow") {
    expect(decideConnection(compiled.policy, asked).verdict === "allow", "so is its connection");
    expect(document.allow.some((rule) => mayMean(rule, host)), "some rule allows what is allowed");
  }
  return decision.verdict === "allow" ? "accepted" : { refused: decision.reason };
}

function expectRule(spec: RuleSpec): string | undefined {
  const read = parseRule(spec);
  const problem = findRuleProblem(spec.rule);
  expect(read.ok === (problem === undefined), "a file and a gateway read a rule in the same way");
  if (!read.ok) {
    expect(problem!.problem !== "" && problem!.hint !== "", "a wrong rule is explained");
    return problem!.problem;
  }
  const written = formatRuleSpec(read.rule);
  const again = parseRule({ rule: written, origin: spec.origin });
  expect(again.ok, `a rule that is written is read: ${JSON.stringify(written)}`);
  const isSame = JSON.stringify(again.rule, plain) === JSON.stringify(read.rule, plain);
  expect(isSame, `a rule is read as it was written: ${JSON.stringify(written)}`);
  return undefined;
}

const plain = (_: string, value: unknown) => typeof value === "bigint" ? String(value) : value;

/** Whether a rule can be about this host at all, by reading its text alone. */
function mayMean({ rule }: RuleSpec, host: string): boolean {
  const dest = (typeof rule === "string" ? rule : rule.dest).toLowerCase();
  const name = parseHost(host)?.host ?? host;
  if (dest.includes("*") || dest.includes("/") || parseHost(host)?.kind !== "name") return true;
  return dest.includes(name);
}

function readHosts(bytes: Uint8Array): Verdict {
  const text = textOf(bytes);
  const host = parseHost(text);
  const pattern = parseHostPattern(text);
  const cidr = parseCidr(text);
  const address = parseAddress(text);
  expect(pattern.ok === (findHostProblem(text) === undefined), "both say the same of a pattern");
  if (host !== undefined) {
    expect(parseHost(host.host)?.host === host.host, "a normal form is its own");
    expect(/^[a-z0-9._:-]+$/.test(host.host), "a normal form is plain");
  }
  if (pattern.ok) {
    const written = formatHostPattern(pattern.pattern);
    const again = parseHostPattern(written);
    expect(again.ok && formatHostPattern(again.pattern) === written, "a pattern is its own");
  } else expect(pattern.problem.length > text.length, "a wrong pattern is explained");
  if (cidr !== undefined) {
    const written = formatCidr(cidr);
    expect(formatCidr(parseCidr(written)!) === written, "a range is its own");
  }
  if (address !== undefined) {
    expect(parseAddress(formatAddress(address))?.value === address.value, "an address is its own");
    expect(host !== undefined && host.kind !== "name", "an address is no name");
  }
  if (host !== undefined || pattern.ok || cidr !== undefined) return "accepted";
  return { refused: pattern.ok ? "" : pattern.problem };
}

/** What a server makes of a path when it decodes once, twice and then resolves dots. */
export function isBelowApi(target: string): boolean {
  let path = target.split(/[?#]/)[0]!;
  for (let times = 0; times < 3; times++) {
    const segments: string[] = [];
    for (const segment of path.replaceAll("\\", "/").split("/")) {
      if (segment === "..") segments.pop();
      else if (segment !== "." && segment !== "") segments.push(segment);
    }
    if (segments[0] !== "api") return false;
    try {
      path = decodeURIComponent(path);
    } catch {
      return true;
    }
  }
  return true;
}
