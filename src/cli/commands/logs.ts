import { EXIT, UserError } from "../../errors.ts";
import type { RunRecord } from "../../headless/event.ts";
import { findRun, type FollowOptions, followRun } from "../../headless/follow.ts";
import { parseLoggedEvent } from "../../headless/parse_event.ts";
import { renderEvent } from "../../headless/render.ts";
import { listRuns } from "../../headless/runs.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { chooseRunCage, type RunCage } from "../run_choice.ts";

/** What of which run is shown, and how. */
export type LogsOptions = {
  cage?: string | undefined;
  path?: string;
  /** Id of a run, or its beginning; the last one by default. */
  run?: string | undefined;
  /** Goes on until the run has ended. */
  follow: boolean;
  /** As typed: only the last lines of what is there. */
  lines?: string | undefined;
  form: "pretty" | "raw" | "json";
};

/** `sandcage logs`: what an agent without a terminal did and does. Returns also when interrupted. */
export async function runLogs(options: LogsOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const { follow, form } = options;
  const lines = options.lines === undefined ? undefined : parseLines(options.lines);
  const cage = await chooseRunCage(options, host);
  const runId = options.run === undefined
    ? undefined
    : await findRunId(options.run, { cage, stateDir: host.stateDir });
  const choice = { stateDir: host.stateDir, cageId: cage.id, runId, signal: signals?.signal };
  let run = await findRun(choice, { waits: false });
  if (run === undefined) {
    if (!follow) throw noRuns(cage);
    io.talk(`${cage.name} was never launched; waiting for its first run`);
    run = await findRun(choice, { waits: true });
    if (run === undefined) return;
  }
  let shown = 0;
  const show = createView(form, context);
  const ended = await followRun(run, {
    ...choice,
    ...{ follow, lines, kind: form === "raw" ? "raw" : "events" },
    onRun(record) {
      if (shown++ > 0) io.talk(`${cage.name} runs again: ${record.id}`);
      show.begin(record);
    },
    onBytes: show.take,
    onWait: ({ id }) => io.talk(`The run ${id} was cut off; waiting for the next one`),
  });
  show.end();
  if (follow && signals?.signal.aborted !== true) io.talk(formatEnd(ended));
}

type View = {
  begin(record: RunRecord): void;
  take: FollowOptions["onBytes"];
  /** What was half a character, or half a line. */
  end(): void;
};

function createView(form: LogsOptions["form"], { host, io }: CommandContext): View {
  const decoder = new TextDecoder();
  if (form === "json") {
    return { begin() {}, take: (bytes) => io.out(decoder.decode(bytes)), end() {} };
  }
  if (form === "raw" && !host.tty.stdout) return { begin() {}, take: writeBytes, end() {} };
  if (form === "raw") {
    let held = "";
    return {
      begin() {},
      take(bytes) {
        const lines = (held + decoder.decode(bytes, { stream: true })).split("\n");
        held = lines.pop()!;
        if (lines.length > 0) io.out(lines.map(visibleText).join("\n"));
      },
      end() {
        if (held !== "") io.out(visibleText(held));
      },
    };
  }
  let startedAt: string | undefined;
  return {
    begin: (record) => startedAt = record.startedAt,
    take(bytes) {
      const options = { color: io.color, ...startedAt === undefined ? {} : { startedAt } };
      const shown = decoder.decode(bytes).split("\n").flatMap((line) => {
        const event = parseLoggedEvent(line);
        return event === undefined ? [] : [renderEvent(event, options)];
      });
      if (shown.length > 0) io.out(shown.join("\n"));
    },
    end() {},
  };
}

function writeBytes(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

function formatEnd({ id, state, exit, reason }: RunRecord): string {
  const code = exit === undefined ? "" : `, exit code ${exit}`;
  const why = reason === undefined ? "" : `: ${visibleText(reason)}`;
  return `The run ${id} is ${state}${code}${why}`;
}

function parseLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UserError(`Cannot read --lines ${JSON.stringify(text)}`, {
    hint: "Give a number of lines, such as 20; 0 for nothing of what is there",
    exit: EXIT.usage,
    code: "usage",
  });
}

async function findRunId(
  word: string,
  { cage, stateDir }: { cage: RunCage; stateDir: string },
): Promise<string> {
  const ids = (await listRuns(stateDir, cage.id)).map(({ id }) => id);
  const begun = ids.filter((id) => id.startsWith(word));
  if (begun.length === 1) return begun[0]!;
  const known = begun.length === 0 ? ids : begun;
  throw new UserError(
    `Cannot find the run ${JSON.stringify(word)} of ${cage.name}: ${
      begun.length === 0 ? "there is none" : "several begin so"
    }`,
    {
      hint: known.length === 0
        ? "It was never launched"
        : `Its runs, oldest first: ${known.join(", ")}`,
      exit: EXIT.usage,
      code: "usage",
    },
  );
}

function noRuns({ name }: RunCage): UserError {
  return new UserError(`There are no logs of ${name}: it was never launched`, {
    hint: 'Run: sandcage launch -p "…", or wait for it with: sandcage logs -f',
  });
}
