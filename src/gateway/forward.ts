import type { AuditEvent, Reason } from "../policy/audit.ts";
import { admitRequest, auditFlag, formatRefusal, withoutSecret } from "./request_admit.ts";
import { BlockedError, type Finding, type GatewayContext } from "./context.ts";
import { formatDenial, type Refusal } from "./denial.ts";
import type { HeaderList } from "./header_rules.ts";
import type { Inbound } from "./inbound.ts";
import { type BodyFlow, openGatedBody, openNoBody, openPlainBody } from "./request_body.ts";
import { type BodyFraming, formatAuthority } from "./request_guard.ts";
import { cleanHeaders, openResponse, type ResponseFlow } from "./response_body.ts";
import {
  type CallEvents,
  type OutgoingRequest,
  type UpstreamCall,
  type UpstreamConnection,
  UpstreamError,
} from "./upstream_call.ts";
import { MOST_IDLE_MS, type Route, type UpstreamPool } from "./upstream_pool.ts";

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** What cannot be sent twice goes on a connection that was used this recently, or on a new one. */
const LATELY_MS = 4_000;

/** Answers one request: decides, sends it on, brings the answer back, and puts it on record. */
export function forwardRequest(
  inbound: Inbound,
  options: { context: GatewayContext; pool: UpstreamPool },
): void {
  const { context, pool } = options;
  const startedMs = performance.now();
  const { destination, raw, answer } = inbound;
  const admission = admitRequest(context, raw, { destination, kind: "request" });
  if (!admission.ok) {
    const { facts, refusal } = admission;
    const { status, sent } = sendDenial(inbound, refusal);
    const { reason, detail } = refusal;
    const durationMs = elapsed(startedMs);
    context.audit({
      ...facts,
      decision: "deny",
      reason,
      detail,
      status,
      received: sent,
      durationMs,
    });
    return;
  }

  const { facts, exchange, version } = admission;
  const { head } = exchange;
  let flow: BodyFlow | undefined;
  let call: UpstreamCall | undefined;
  let response: ResponseFlow | undefined;
  let status: number | undefined;
  let isOver = false;

  const tracked = context.track({
    host: head.host,
    port: head.port,
    mode: facts.mode!,
    close: (reason) => giveUp(formatRefusal(facts, { reason, detail: "The connection was ended" })),
  });
  inbound.onGone(() => {
    if (isOver) return;
    stop();
    record({ decision: "allow", reason: "rule", detail: "The client closed the connection" });
  });

  /** Releases everything but the client's side. */
  function stop() {
    isOver = true;
    tracked[Symbol.dispose]();
    flow?.stop();
    call?.destroy();
    response?.stop();
  }

  function record(outcome: Pick<AuditEvent, "decision" | "reason" | "detail">) {
    context.audit({
      ...withoutSecret(facts, outcome.reason),
      ...outcome,
      status,
      sent: flow?.sent() ?? 0,
      received: response?.received() ?? 0,
      durationMs: elapsed(startedMs),
    });
  }

  /** Ends the request with a denial, or without an end when its answer has begun. */
  function giveUp(refusal: Refusal) {
    if (isOver) return;
    stop();
    const { reason, detail } = refusal;
    if (answer.isHeadSent()) {
      answer.destroy();
      const decision = BROKEN.has(reason) ? "allow" : "deny";
      record({ decision, reason, detail });
      return;
    }
    status = sendDenial(inbound, refusal).status;
    record({ decision: "deny", reason, detail });
  }

  function fail(error: unknown) {
    if (error instanceof BlockedError) {
      return giveUp(formatRefusal(facts, error.finding));
    }
    if (error instanceof UpstreamError) {
      return giveUp(formatRefusal(facts, { reason: error.reason, detail: error.message }));
    }
    giveUp(formatRefusal(facts, { reason: "inspector", detail: "An inspector failed" }));
  }

  /** Asks the user's inspectors about a request without a body. */
  async function settle(ask: () => Promise<Finding[]>) {
    for (const finding of await ask()) {
      if (finding.action === "block") throw new BlockedError(finding);
      auditFlag(context, { facts, finding });
    }
  }

  function openBody(framing: BodyFraming): BodyFlow | Promise<BodyFlow> {
    if (framing === "none" || framing === 0) {
      const empty = openNoBody(framing);
      return exchange.settle === null ? empty : settle(exchange.settle).then(() => empty);
    }
    const gate = exchange.openRequestBody((finding) => auditFlag(context, { facts, finding }));
    if (gate === null) return openPlainBody(inbound.body, framing);
    return openGatedBody(inbound.body, gate, {
      framing,
      keepsLength: exchange.keepsLength,
      onBlocked: fail,
    });
  }

  function sendOn(opened: BodyFlow) {
    flow = opened;
    if (isOver) return opened.stop();
    const route: Route = {
      scheme: head.scheme,
      host: head.host,
      port: head.port,
      version,
      http2: raw.version === "2",
    };
    const request: OutgoingRequest = {
      method: head.method,
      scheme: head.scheme,
      authority: formatAuthority(head),
      target: head.target,
      headers: prepareHeaders(head.headers),
      body: opened.framing,
    };
    const mayRepeat = IDEMPOTENT.has(head.method) &&
      (opened.framing === "none" || opened.framing === 0);
    const free = pool.find(route, mayRepeat ? MOST_IDLE_MS : LATELY_MS);
    if (free !== undefined) return begin(free, { request, route, mayRepeat });
    openNew(route, request);
  }

  function openNew(route: Route, request: OutgoingRequest) {
    pool.open(route, { isWanted: () => !isOver }).then((connection) => {
      begin(connection, { request, route, mayRepeat: false });
    }).catch(fail);
  }

  function begin(
    connection: UpstreamConnection,
    { request, route, mayRepeat }: { request: OutgoingRequest; route: Route; mayRepeat: boolean },
  ) {
    if (isOver) return connection.release();
    const events: CallEvents = {
      onContinue() {},
      onInformation: (code, headers) => {
        if (!isOver) answer.sendInformation(code, cleanHeaders(exchange, headers));
      },
      onHead(code, headers, bodyless) {
        status = code;
        try {
          response = openResponse(inbound, {
            exchange,
            code,
            headers,
            bodyless,
            call: call!,
            fail,
          });
        } catch (error) {
          fail(error);
        }
      },
      onBody: (chunk) => response?.push(chunk),
      onEnd(trailers) {
        try {
          response?.end(cleanHeaders(exchange, trailers), finish);
        } catch (error) {
          fail(error);
        }
      },
      onDrain: () => flow!.drain(),
      onError(error) {
        if (isOver) return;
        if (error.isStale && mayRepeat) return openNew(route, request);
        fail(error);
      },
    };
    call = connection.send(request, events);
    flow!.start(call);
  }

  function finish() {
    if (isOver) return;
    stop();
    record({ decision: "allow", reason: "rule" });
  }

  const framing = inbound.framing ?? admission.body;
  if (admission.expectsContinue && framing !== "none") answer.sendContinue();
  try {
    const opened = openBody(framing);
    if (opened instanceof Promise) opened.then(sendOn).catch(fail);
    else sendOn(opened);
  } catch (error) {
    fail(error);
  }
}

/** Failures of the way, not of the policy: what was allowed stays on record as allowed. */
const BROKEN: ReadonlySet<Reason> = new Set(["upstream", "timeout", "dial", "resolve"]);

/** Headers to send: the framing is said anew, and cookies are one header again. */
function prepareHeaders(headers: HeaderList): HeaderList {
  let cookie: [string, string] | undefined;
  const prepared: HeaderList = [];
  for (const pair of headers) {
    const [name, value] = pair;
    if (name.length === 14 && name.toLowerCase() === "content-length") continue;
    if (name.length !== 6 || name.toLowerCase() !== "cookie") {
      prepared.push(pair);
    } else if (cookie === undefined) {
      cookie = [name, value];
      prepared.push(cookie);
    } else {
      // HTTP/2 splits them; HTTP/1 knows one header only (RFC 9113 section 8.2.3).
      cookie[1] += `; ${value}`;
    }
  }
  return prepared;
}

function sendDenial({ answer }: Inbound, refusal: Refusal): { status: number; sent: number } {
  const { status, headers, body } = formatDenial(refusal);
  answer.sendHead(status, headers, { bodyless: false, closes: true });
  answer.write(body);
  answer.end([]);
  return { status, sent: body.length };
}

/** Milliseconds since then, to a tenth. */
function elapsed(startedMs: number): number {
  return Math.round((performance.now() - startedMs) * 10) / 10;
}
