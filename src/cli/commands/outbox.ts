import { join } from "node:path";
import { parseDurationMs } from "../../config/units.ts";
import { ensurePrivateDir } from "../../files.ts";
import { EXIT, UserError } from "../../errors.ts";
import { isLiveState } from "../../headless/run_record.ts";
import { findLastRun } from "../../headless/runs.ts";
import { watchDirectory } from "../../headless/wake.ts";
import { collectMail } from "../../mail/collect.ts";
import { findRunningServices } from "../../mail/place.ts";
import { mailDir, type MailSite } from "../../mail/site.ts";
import { type MailStore, openMailStore } from "../../mail/store.ts";
import type { MessageType } from "../../mail/types.ts";
import type { CommandContext } from "../context.ts";
import { showMessages } from "../mail_show.ts";
import { findMailTarget, type MailTarget } from "../mail_target.ts";
import { createPace } from "../poll_pace.ts";

/** Which messages, and for how long. */
export type OutboxOptions = {
  cage?: string | undefined;
  service?: string | undefined;
  path?: string;
  all: boolean;
  json: boolean;
  poll?: PollOptions | undefined;
};

/** How new messages are waited for; as typed, in seconds. */
export type PollOptions = {
  timeout: string;
  interval: string;
  maxInterval: string;
  diagnose: boolean;
};

/** What somebody has to act on ends the waiting; progress does not. */
const ENDING: readonly MessageType[] = ["task_complete", "info_request", "error", "going_idle"];

/** `sandcage outbox`: shows what agents have sent; waits for it where that is asked for. */
export async function runOutbox(
  options: OutboxOptions,
  context: CommandContext,
): Promise<number> {
  const { io } = context;
  const poll = options.poll === undefined ? undefined : parsePoll(options.poll);
  const target = await findMailTarget(options, context);
  const store = openMailStore(mailDir(target.dir));
  await ensurePrivateDir(store.dir);
  const show = () => showMessages(store, { io, json: options.json, all: options.all });
  if (poll !== undefined) return await pollOutbox(target, { store, show, poll, context });
  let looked = "";
  try {
    const { sites } = await target.open();
    looked = ` from ${sites.map(({ service }) => service).join(" and ")}`;
    await collectAll(sites, context);
  } catch (error) {
    // What came before is here, whatever the engine says.
    if (!(error instanceof UserError) || error.code === "not-trusted") throw error;
    io.warn(`The cage was not looked at: ${error.message}`);
  }
  const shown = await show();
  if (shown.length === 0) {
    io.talk(`No ${options.all ? "" : "new "}messages${looked} in ${target.cage.name}`);
  }
  return EXIT.ok;
}

type Poll = { timeoutMs: number; intervalMs: number; maxIntervalMs: number; diagnose: boolean };

async function pollOutbox(
  target: MailTarget,
  options: {
    store: MailStore;
    show(): Promise<MessageType[]>;
    poll: Poll;
    context: CommandContext;
  },
): Promise<number> {
  const { store, show, poll, context } = options;
  const { io, signals } = context;
  const signal = signals?.signal;
  const { sites } = await target.open();
  const outbox = join(store.dir, "outbox");
  await ensurePrivateDir(outbox);
  const changes = watchDirectory(outbox);
  const deadline = Date.now() + poll.timeoutMs;
  const pace = createPace(poll);
  let isOver = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const canCome = await collectAll(sites, context) || await isAnyRunning(sites, context);
      const shown = await show();
      if (shown.some((type) => ENDING.includes(type))) return EXIT.ok;
      // Its last words may have come between the look and the end.
      if (!canCome && !isOver) {
        isOver = true;
        continue;
      }
      if (!canCome) {
        io.warn(`Nothing runs in ${target.cage.name} that could send a message`);
        return await giveUp(target, { poll, context, code: EXIT.failed });
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        io.warn(`No message came within ${poll.timeoutMs / 1000} seconds`);
        return await giveUp(target, { poll, context, code: EXIT.timeout });
      }
      // A run that holds the mailbox writes into the store, which wakes this up at once.
      await changes.wait(Math.min(pace(shown.length), leftMs), signal);
    }
  } finally {
    changes[Symbol.dispose]();
  }
}

async function giveUp(
  target: MailTarget,
  options: { poll: Poll; context: CommandContext; code: number },
): Promise<number> {
  if (!options.poll.diagnose) return options.code;
  const { diagnose } = await import("../diagnosis.ts");
  const { formatDiagnosis } = await import("../diagnosis_view.ts");
  options.context.io.talk(formatDiagnosis(await diagnose(target, options.context)).trimEnd());
  return options.code;
}

/**
 * Looks into every mailbox once; what goes wrong with one is said.
 *
 * @returns Whether a run holds one of them: what is sent there comes by itself.
 */
async function collectAll(sites: readonly MailSite[], context: CommandContext): Promise<boolean> {
  const { io, signals } = context;
  let isHeld = false;
  for (const site of sites) {
    try {
      const { kind } = await collectMail(site, { onSaid: io.warn, signal: signals?.signal });
      if (kind === "held") isHeld = true;
    } catch (error) {
      signals?.signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      io.warn(`The mailbox of ${site.service} was not looked at: ${why}`);
    }
  }
  return isHeld;
}

async function isAnyRunning(
  sites: readonly [MailSite, ...MailSite[]],
  { host }: CommandContext,
): Promise<boolean> {
  const [site] = sites;
  if ((await findRunningServices(site)).length > 0) return true;
  const run = await findLastRun(host.stateDir, site.cageId);
  return run !== undefined && isLiveState(run.state);
}

function parsePoll(words: PollOptions): Poll {
  const intervalMs = parseSeconds(words.interval, "--interval");
  return {
    timeoutMs: parseSeconds(words.timeout, "--timeout"),
    intervalMs,
    maxIntervalMs: Math.max(intervalMs, parseSeconds(words.maxInterval, "--max-interval")),
    diagnose: words.diagnose,
  };
}

function parseSeconds(text: string, flag: string): number {
  const ms = /^\d{1,7}(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : /^\d{1,9}(ms|s|m|h|d)$/.test(text)
    ? parseDurationMs(text)
    : 0;
  if (ms > 0) return ms;
  throw new UserError(`Cannot read ${flag} ${JSON.stringify(text)}`, {
    hint: "Give seconds, such as 30, or a duration: 90s, 30m, 2h",
    exit: EXIT.usage,
    code: "usage",
  });
}
