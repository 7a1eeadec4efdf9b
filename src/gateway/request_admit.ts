import type { AuditEvent, Reason } from "../policy/audit.ts";
import { decideConnection, decideRequest, isNarrowed } from "../policy/decide.ts";
import { formatHint } from "../policy/hint.ts";
import type { Exchange, Finding, GatewayContext, RequestHead, Snapshot } from "./context.ts";
import type { Refusal } from "./denial.ts";
import { isHeaderName, isHeaderValue } from "./header_rules.ts";
import { findOverride } from "./override_headers.ts";
import {
  type BodyFraming,
  type Destination,
  guardRequest,
  type RawRequest,
} from "./request_guard.ts";

/** What an audit line says of a request, whatever becomes of it. */
export type RequestFacts = Pick<
  AuditEvent,
  "kind" | "host" | "port" | "method" | "path" | "rule" | "mode"
>;

/** A request that may go out, or the answer to give instead. */
export type Admission =
  | {
    ok: true;
    facts: RequestFacts;
    version: number;
    exchange: Exchange;
    body: BodyFraming;
    expectsContinue: boolean;
  }
  | { ok: false; facts: RequestFacts; refusal: Refusal };

/** Longest path in an audit line, in characters. */
const LONGEST_PATH = 256;
/** Reasons whose path may hold the very thing that was found. */
const SECRET_REASONS: ReadonlySet<Reason> = new Set(["secret-foreign", "secret-leak", "entropy"]);

/**
 * Decides everything that can be decided before a host is dialed: form, policy, rate, content of the
 * head. Flags are audited at once; the outcome is the caller's to audit.
 *
 * @param options.kind `websocket` for a request that asks for an upgrade.
 */
export function admitRequest(
  context: GatewayContext,
  raw: RawRequest,
  options: { destination: Destination; kind: "request" | "websocket" },
): Admission {
  const { destination, kind } = options;
  const facts: RequestFacts = {
    kind,
    host: destination.host,
    port: destination.port,
    method: raw.method.slice(0, 32),
    mode: destination.scheme === "https" ? "terminate" : "plain",
  };
  if (!context.isOpen()) {
    return refuse(facts, "audit", "The audit log cannot be written: nothing goes out meanwhile");
  }
  const guarded = guardRequest(raw, destination, { isUpgrade: kind === "websocket" });
  if (!guarded.ok) {
    const { reason, detail, host } = guarded.refusal;
    return refuse({ ...facts, host: host ?? undefined }, reason, detail);
  }
  const { head } = guarded;
  facts.host = head.host;
  facts.path = formatPath(head.target);

  const snapshot = context.snapshot();
  if (destination.host === undefined) {
    const opened = decideConnection(snapshot.policy, { host: head.host, port: head.port });
    if (opened.verdict === "deny") {
      return refuse(searchPath({ ...facts, rule: opened.rule }, head, snapshot), opened.reason);
    }
  }
  const decision = decideRequest(snapshot.policy, head);
  facts.rule = decision.rule;
  if (decision.verdict === "deny") {
    return refuse(searchPath(facts, head, snapshot), decision.reason);
  }
  const override = findOverride(head);
  if (override !== undefined && isNarrowed(snapshot.policy, head)) {
    const detail = `The ${override} may name another request than the one that is allowed`;
    return refuse(searchPath(facts, head, snapshot), "smuggling", detail);
  }
  if (decision.target !== undefined) head.target = decision.target;
  facts.path = formatPath(head.target);

  if (!snapshot.content.takeToken(head.host, Date.now())) {
    const told = searchPath(facts, head, snapshot);
    return refuse(told, "rate", "The host was asked more often than the rate allows");
  }
  let exchange: Exchange;
  try {
    exchange = snapshot.content.openExchange(head);
  } catch {
    return refuse(facts, "inspector", "An inspector failed");
  }
  for (const finding of exchange.findings) {
    if (finding.action === "block") return refuseFinding(facts, finding);
    auditFlag(context, { facts, finding });
  }
  if (exchange.head !== head && !isSendable(exchange.head)) {
    return refuse(facts, "protocol", "A secret holds characters that a header cannot carry");
  }
  const { version } = snapshot;
  const { body, expectsContinue } = guarded;
  return { ok: true, facts, version, exchange, body, expectsContinue };
}

/** Puts what an inspector flagged on record. */
export function auditFlag(
  context: GatewayContext,
  { facts, finding: { reason, detail } }: { facts: RequestFacts; finding: Finding },
): void {
  context.audit({ ...withoutSecret(facts, reason), decision: "flag", reason, detail });
}

/** The facts without a path that may hold what was found. */
export function withoutSecret(facts: RequestFacts, reason: Reason): RequestFacts {
  return SECRET_REASONS.has(reason) ? { ...facts, path: undefined } : facts;
}

/**
 * The facts of a request that is refused before its content is looked at: what stands in its path is
 * the agent's word, and goes on record only when it holds nothing that a request would be blocked for.
 */
function searchPath(facts: RequestFacts, head: RequestHead, snapshot: Snapshot): RequestFacts {
  try {
    const { findings } = snapshot.content.openExchange(head);
    const found = findings.find(({ reason }) => SECRET_REASONS.has(reason));
    return found === undefined ? facts : withoutSecret(facts, found.reason);
  } catch {
    return { ...facts, path: undefined };
  }
}

/** A refusal of a request with these facts, with the hint for its reason. */
export function formatRefusal(
  facts: RequestFacts,
  { reason, detail }: { reason: Reason; detail?: string },
): Refusal {
  const advice = formatHint(reason, facts.host);
  const hint = [detail, advice].filter((part) => part !== undefined && part !== "").join(". ");
  return {
    reason,
    detail: detail ?? advice,
    rule: facts.rule ?? null,
    host: facts.host ?? null,
    hint,
  };
}

function refuse(facts: RequestFacts, reason: Reason, detail?: string): Admission {
  return { ok: false, facts, refusal: formatRefusal(facts, { reason, detail }) };
}

function refuseFinding(facts: RequestFacts, finding: Finding): Admission {
  const { reason, detail } = finding;
  return {
    ok: false,
    facts: withoutSecret(facts, reason),
    refusal: formatRefusal(facts, { reason, detail }),
  };
}

/** The path without its query, cut to what an audit line holds. */
function formatPath(target: string): string {
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  return path.length > LONGEST_PATH ? path.slice(0, LONGEST_PATH) : path;
}

/** What was put in by injection must not end the header it is in. */
function isSendable(head: RequestHead): boolean {
  return /^[\x21-\x7e]+$/.test(head.target) &&
    head.headers.every(([name, value]) => isHeaderName(name) && isHeaderValue(value));
}
