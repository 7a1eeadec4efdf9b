import type { ServiceDefinition } from "../service/definition.ts";
import type { LoggedEvent, RunRecord } from "./event.ts";

/** One thing that an agent must be able to do, and whether it can. */
export type PreflightRow = { what: string; isOk: boolean; found: string };

/** What a short run says about longer ones. */
export type Preflight = {
  rows: PreflightRow[];
  isOk: boolean;
  /** What to do about what is missing. */
  fixes: string[];
};

/** What an agent is asked that only shows that it can answer. */
export const PREFLIGHT_PROMPT = "Reply with the single word: ready. Use no tools.\n";

/** The same for a shell. */
export const PREFLIGHT_SCRIPT = "echo ready\n";

/** How long it may take when nothing else is said, in milliseconds. */
export const PREFLIGHT_MS = 120_000;

/** What a session says of a key that it does not have. */
const MISSING = /No value for (\S+):/;

/** Characters of what it said that are shown. */
const SHOWN = 300;

/** Judges a run that was only to show whether an agent can work. Pure. */
export function judgePreflight(
  run: RunRecord,
  events: readonly LoggedEvent[],
  options: { service: ServiceDefinition },
): Preflight {
  const { title } = options.service;
  const hasAnswered = run.state === "done" &&
    events.some((event) =>
      event.kind === "done" ? !event.isError : event.kind === "text" && !event.isUnread
    );
  const rows: PreflightRow[] = [
    { what: "starts", isOk: true, found: `${title} in ${run.cageId}` },
    { what: "answers", isOk: hasAnswered, found: describe(run, events) },
  ];
  return { rows, isOk: hasAnswered, fixes: hasAnswered ? [] : planFixes(options.service, events) };
}

function describe(run: RunRecord, events: readonly LoggedEvent[]): string {
  const said = events.flatMap((event) => {
    if (event.kind === "done") return [event.text];
    return event.kind === "text" || event.kind === "note" ? [event.text] : [];
  }).map((text) => text.trim()).filter((text) => text !== "");
  const told = said.filter((text, index) => said.indexOf(text) === index && !MISSING.test(text));
  const words = run.state === "done"
    ? told.slice(-1)
    : [run.reason ?? run.state, ...told.slice(-3)];
  const text = words.join("; ").replace(/\s+/g, " ");
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text || "nothing";
}

function planFixes(
  { name, auth }: ServiceDefinition,
  events: readonly LoggedEvent[],
): string[] {
  const keys = Object.keys(auth.keys);
  const missing = events.flatMap((event) =>
    event.kind === "note" ? [MISSING.exec(event.text)?.[1] ?? ""] : []
  ).filter((key) => key !== "");
  return [
    ...missing.map((key) => `Give it ${key}: sandcage secret set ${key}`),
    ...(missing.length === 0 && keys.length > 0
      ? [`Give it a key: sandcage secret set ${keys[0]}, and name it under secrets`]
      : []),
    ...(auth.login === undefined ? [] : [`Or log in: sandcage auth ${name} --login`]),
    `See what it said: sandcage logs --raw`,
  ];
}
