import { Buffer } from "node:buffer";
import type { PolicyDocument } from "../../policy/document.ts";
import type { Exchange, Finding, RequestHead } from "../context.ts";
import { createBodyScan } from "./body_scan.ts";
import { createBodyShape } from "./body_shape.ts";
import { type Coding, parseCoding } from "./decode.ts";
import { createGate, createRefusal, formatSize } from "./gate.ts";
import { formatHead, injectHead } from "./head.ts";
import type { BodySyntax, HostContext } from "./host_context.ts";
import { judgeHit, type Judging } from "./judge.ts";
import { passMessage } from "./message.ts";
import { createReport, toFinding } from "./report.ts";
import type { CompiledSecret, Scanner } from "./scanner.ts";
import { openScrub, scrubHeaders } from "./scrub.ts";
import { parseContentKind } from "./shape.ts";
import { isRandomUrl } from "./url_entropy.ts";
import type { AskInspectors } from "./user_inspectors.ts";

/** What every exchange of one policy shares. */
export type ExchangeSettings = {
  inspect: PolicyDocument["inspect"];
  /** `null` when there is nothing to look for. */
  scanner: Scanner | null;
  placeholders: ReadonlyMap<string, CompiledSecret>;
  hostContext: (host: string) => HostContext;
  searchName: (host: string) => Finding | null;
  ask: AskInspectors | null;
};

/** Judges the head of a request and prepares what follows it. */
export function openExchange(settings: ExchangeSettings, head: RequestHead): Exchange {
  const { inspect, ask } = settings;
  const context = settings.hostContext(head.host);
  const canInject = context.own.size > 0 && head.scheme === "https";
  const facts = readHeaders(head.headers);
  const coding = facts.hasCoding ? parseCoding(head.headers) : null;
  const findings: Finding[] = [];
  const report = (finding: Finding | null) => {
    if (finding !== null && !findings.some(({ detail }) => detail === finding.detail)) {
      findings.push(finding);
    }
  };

  report(settings.searchName(head.host));
  searchHead(settings, { head, context, report });
  if (inspect.entropy !== "off" && isRandomUrl(head.target, head.host)) {
    const detail = "A part of the URL looks random";
    report(toFinding(inspect.entropy, { reason: "entropy", detail }));
  }
  if (facts.length > inspect.bodyLimit) {
    report(toFinding(inspect.body, { reason: "body-size", detail: formatSize(inspect.bodyLimit) }));
  }
  let outgoing = head;
  if (canInject) {
    const injected = injectHead(head, { context, placeholders: settings.placeholders });
    outgoing = injected.head;
    for (const name of injected.dropped) {
      const detail = `The agent's own ${name} was left out beside a placeholder`;
      report({ action: "flag", reason: "secret-foreign", detail });
    }
  }
  const injector = canInject && coding === null ? context.injector(facts.syntax) : null;
  return {
    findings,
    head: outgoing,
    keepsLength: injector === null,
    openRequestBody: (onFlag) =>
      openGate(settings, {
        head,
        context,
        coding,
        contentType: facts.contentType,
        injector,
        onFlag,
      }),
    settle: ask === null ? null : () => ask(head, null),
    scrubHeaders: (headers) =>
      context.scrubber === null ? headers : scrubHeaders(context.scrubber, headers),
    openResponseBody: (headers) =>
      context.scrubber === null ? null : openScrub(context.scrubber, headers),
    passMessage: (message, direction) =>
      passMessage(message, { direction, settings, context, scheme: head.scheme }),
  };
}

type HeaderFacts = {
  contentType: string | undefined;
  hasCoding: boolean;
  /** Content-length; 0 without one. */
  length: number;
  syntax: BodySyntax;
};

function readHeaders(headers: readonly [string, string][]): HeaderFacts {
  const facts: HeaderFacts = {
    contentType: undefined,
    hasCoding: false,
    length: 0,
    syntax: "plain",
  };
  for (const [name, value] of headers) {
    // By length first: this runs for every request.
    if (name.length === 12 && name.toLowerCase() === "content-type") facts.contentType ??= value;
    else if (name.length === 14 && name.toLowerCase() === "content-length") {
      facts.length = Number(value);
    } else if (name.length === 16 && name.toLowerCase() === "content-encoding") {
      facts.hasCoding = true;
    }
  }
  if (/^[^;]*[/+]json\b/i.test(facts.contentType ?? "")) facts.syntax = "json";
  else if (/^application\/x-www-form-urlencoded\b/i.test(facts.contentType ?? "")) {
    facts.syntax = "form";
  }
  return facts;
}

function searchHead(
  settings: ExchangeSettings,
  about: { head: RequestHead; context: HostContext; report: (finding: Finding | null) => void },
): void {
  const { scanner } = settings;
  const { head, context, report } = about;
  if (scanner === null) return;
  const { plain, hidden } = formatHead(head);
  const search = (text: string, injects: Judging["injects"]) => {
    const data = Buffer.from(text, "latin1");
    const range = { from: 0, to: data.length };
    for (const hit of scanner.find(data, range, { skip: context.homeTokens })) {
      const { scheme } = head;
      const { placeholders, inspect: { secrets: action } } = settings;
      report(judgeHit(hit, { action, context, scheme, injects, place: "the head", placeholders }));
    }
  };
  search(plain, "all");
  if (hidden !== "") search(hidden, "none");
}

function openGate(
  settings: ExchangeSettings,
  about: {
    head: RequestHead;
    context: HostContext;
    coding: Coding | null | undefined;
    contentType: string | undefined;
    injector: ReturnType<HostContext["injector"]>;
    onFlag: (finding: Finding) => void;
  },
) {
  const { head, context, coding, injector } = about;
  const { inspect, scanner, ask, placeholders } = settings;
  const report = createReport(about.onFlag);
  const shape = createBodyShape(inspect, { kind: parseContentKind(about.contentType), report });
  if (scanner === null && shape === null && ask === null && inspect.body === "off") return null;
  if (coding === undefined) {
    // Reported by the stream: only with a body there is something that cannot be read.
    const detail = "The body has an encoding that cannot be looked into";
    return createRefusal({ action: "block", reason: "encoding", detail });
  }
  const startScan = (injects: Judging["injects"]) =>
    scanner === null ? null : createBodyScan(scanner, {
      skip: context.homeTokens,
      onHit: (hit) =>
        report(judgeHit(hit, {
          action: inspect.secrets,
          context,
          scheme: head.scheme,
          injects,
          place: "the body",
          placeholders,
        })),
    });
  return createGate({
    inspect,
    scan: startScan(coding === null ? "body" : "none"),
    rawScan: coding === null ? null : startScan("none"),
    coding,
    shape,
    ask: ask === null ? null : async (bytes, { isWhole }) => {
      for (const finding of await ask(head, { bytes, isWhole })) report(finding);
    },
    replacer: injector,
    report,
  });
}
