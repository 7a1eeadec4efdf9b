import { Buffer } from "node:buffer";
import type { PolicyDocument, SecretSpec } from "../../policy/document.ts";
import { type HostPattern, parseHostPattern } from "../../policy/host.ts";
import { PLACEHOLDER_PATTERN } from "../../policy/protocol.ts";
import type { ContentPolicy } from "../context.ts";
import { openExchange } from "./exchange.ts";
import { compileHosts, type RoutedSecret } from "./host_context.ts";
import { formatNeedles, LONGEST_SECRET, SHORTEST_SECRET } from "./needles.ts";
import { compileNameSearch } from "./name_search.ts";
import { compileRate } from "./rate.ts";
import { compileScanner } from "./scanner.ts";
import { loadInspectors } from "./user_inspectors.ts";

/**
 * Compiles secrets, inspectors and rates of a policy. Everything that can be worked out before a
 * request comes is worked out here.
 *
 * @returns Problems name the secret or the inspector, never a value.
 */
export async function compileContent(
  document: PolicyDocument,
): Promise<{ ok: true; content: ContentPolicy } | { ok: false; problems: string[] }> {
  const problems: string[] = [];
  const secrets = document.secrets.flatMap((spec) => compileSecret(spec, problems));
  const placeholders = new Map(secrets.map((secret) => [secret.placeholder, secret]));
  if (placeholders.size < secrets.length) problems.push("Two secrets have the same placeholder");
  problems.push(...findNumberProblems(document));
  const { ask, problems: unloaded } = await loadInspectors(document.inspectors, {
    now: () => performance.now(),
  });
  problems.push(...unloaded);
  if (problems.length > 0) return { ok: false, problems };

  const { inspect } = document;
  const hasScan = secrets.length > 0 || inspect.secrets !== "off";
  const values = inspect.secrets === "off" ? "ignore" : "look";
  const searchName = compileNameSearch(secrets, inspect);
  const settings = {
    inspect,
    searchName,
    scanner: hasScan ? compileScanner(secrets, { values }) : null,
    placeholders,
    hostContext: compileHosts(secrets),
    ask,
  };
  const content: ContentPolicy = {
    openExchange: (head) => openExchange(settings, head),
    searchName,
    takeToken: compileRate(document.rate),
  };
  return { ok: true, content };
}

function compileSecret(spec: SecretSpec, problems: string[]): RoutedSecret[] {
  const { name, placeholder, value, body } = spec;
  const found = findSecretProblem(spec);
  const to: HostPattern[] = [];
  for (const host of spec.to) {
    const parsed = parseHostPattern(host);
    if (parsed.ok) to.push(parsed.pattern);
    else problems.push(`secrets.${name}.to: ${parsed.problem}`);
  }
  if (found !== null) problems.push(`secrets.${name}: ${found}`);
  if (found !== null || to.length === 0) return [];
  return [{ name, placeholder, value, body, to, needles: formatNeedles(value, placeholder) }];
}

function findSecretProblem({ placeholder, value, to }: SecretSpec): string | null {
  const length = Buffer.byteLength(value, "utf8");
  if (to.length === 0) return "it may be sent nowhere; name its hosts in `to`";
  if (length < SHORTEST_SECRET) {
    return `its value has ${length} bytes, and one below ${SHORTEST_SECRET} is found everywhere by chance; ` +
      "use a longer value";
  }
  if (length > LONGEST_SECRET) {
    return `its value is longer than ${LONGEST_SECRET} bytes; use a key, not a file`;
  }
  // deno-lint-ignore no-control-regex -- exactly those are meant
  if (/[\x00-\x1f\x7f]/.test(value)) {
    return "its value holds a line break or another control character, which no header can carry; remove it";
  }
  if (value.includes("withheld_ph_")) return "its value is a placeholder; give the real one";
  const [whole] = placeholder.match(PLACEHOLDER_PATTERN) ?? [];
  return whole === placeholder ? null : "its placeholder does not have the form of one";
}

function findNumberProblems({ inspect, rate }: PolicyDocument): string[] {
  const problems: string[] = [];
  if (!Number.isSafeInteger(inspect.bodyLimit) || inspect.bodyLimit < 0) {
    problems.push("inspect.bodyLimit is no number of bytes; give a whole number, 0 or more");
  }
  if (rate !== null && !(rate.perSecond > 0 && rate.burst >= 1 && Number.isFinite(rate.burst))) {
    problems.push("rate: perSecond must be more than 0, and burst at least 1");
  }
  return problems;
}
