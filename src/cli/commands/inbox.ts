import { resolve } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { collectMail } from "../../mail/collect.ts";
import { findProblem, listTypes, makeMessage } from "../../mail/message.ts";
import { mailDir, type MailSite } from "../../mail/site.ts";
import { MailFull, type MailStore, openMailStore } from "../../mail/store.ts";
import { MAIL_LIMITS, type Message, type MessageType } from "../../mail/types.ts";
import { pause } from "../../pause.ts";
import type { CommandContext } from "../context.ts";
import { findMailTarget, type MailTarget } from "../mail_target.ts";

/** What is sent to whom. */
export type InboxOptions = {
  cage: string;
  service?: string | undefined;
  path?: string;
  type: string;
  /** JSON, as it stands on the command line. */
  payload?: string | undefined;
  /** A file with it instead; `-` is stdin. */
  payloadFile?: string | undefined;
};

/** How long a run that holds the mailbox may take to deliver, in milliseconds. */
const DELIVER_MS = 10_000;
const LOOK_MS = 20;

/** `sandcage inbox`: sends a message to the agent in a cage; prints its id. */
export async function runInbox(options: InboxOptions, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const payload = parsePayload(await readPayload(options, host.cwd));
  const message = makeChecked(options.type, payload);
  const target = await findMailTarget(options, context);
  const store = openMailStore(mailDir(target.dir));
  // Without the engine it waits on this machine.
  const site = await openSite(target, io);
  const service = site?.service ?? target.known;
  const { seq } = await store.queue(message, service).catch((error) => {
    throw error instanceof MailFull ? full(target) : error;
  });
  io.out(message.id);
  if (site !== undefined) await deliver(site, { store, seq, context });
  io.talk(
    store.delivered(service) >= seq
      ? `Delivered to ${service} in ${target.cage.name}`
      : `Waits on this machine until ${service} runs in ${target.cage.name}`,
  );
}

async function openSite(target: MailTarget, io: CommandContext["io"]) {
  try {
    return (await target.open()).site;
  } catch (error) {
    if (!(error instanceof UserError) || error.exit !== EXIT.engine) throw error;
    io.warn(error.message);
    return undefined;
  }
}

async function deliver(
  site: MailSite,
  options: { store: MailStore; seq: number; context: CommandContext },
): Promise<void> {
  const { store, seq, context: { io, signals } } = options;
  const signal = signals?.signal;
  try {
    const { kind } = await collectMail(site, { onSaid: io.warn, signal });
    // A run that holds the mailbox sees it, and takes it in.
    const deadline = Date.now() + (kind === "held" ? DELIVER_MS : 0);
    while (store.delivered(site.service) < seq && Date.now() < deadline) {
      await pause(LOOK_MS, signal);
      signal?.throwIfAborted();
    }
  } catch (error) {
    signal?.throwIfAborted();
    io.warn(`The mailbox was not reached: ${error instanceof Error ? error.message : error}`);
  }
}

async function readPayload(
  { type, payload, payloadFile }: InboxOptions,
  cwd: string,
): Promise<string> {
  if (payload !== undefined && payloadFile !== undefined) {
    throw usage("A payload and --payload-file contradict each other", "Give one");
  }
  if (payloadFile === undefined) {
    if (payload !== undefined) return payload;
    if (type === "ack") return "{}";
    throw usage(
      `The payload of ${JSON.stringify(type)} is missing`,
      "Give JSON, or --payload-file",
    );
  }
  try {
    return payloadFile === "-"
      ? await new Response(Deno.stdin.readable).text()
      : await Deno.readTextFile(resolve(cwd, payloadFile));
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : String(error);
    throw usage(`Cannot read the payload from ${payloadFile}: ${why}`, "Give a file with JSON");
  }
}

function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usage(`Cannot read the payload: it is no JSON: ${why}`, EXAMPLE);
  }
}

const EXAMPLE = `For example: sandcage inbox CAGE task_revision '{"instructions": "add tests"}'`;

function makeChecked(type: string, payload: unknown): Message {
  const types = listTypes("outside");
  if (!types.includes(type as MessageType)) {
    throw usage(`Cannot send ${JSON.stringify(type)} to an agent`, `Give ${types.join(", ")}`);
  }
  const problem = findProblem(type, payload);
  if (problem !== undefined) throw usage(`Cannot send this: ${problem}`, EXAMPLE);
  const message = makeMessage(type as MessageType, payload as Message["payload"]);
  if (new TextEncoder().encode(JSON.stringify(message)).length > MAIL_LIMITS.messageBytes) {
    throw usage(
      `Cannot send this: it is longer than ${MAIL_LIMITS.messageBytes} bytes`,
      "Put what is long into a file of the project: sandcage sync carries it in",
    );
  }
  return message;
}

function full({ cage }: MailTarget): UserError {
  return new UserError(`No more messages are taken for ${cage.name}: none of them is delivered`, {
    hint: `See why: sandcage diagnose ${cage.name}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}

function usage(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}
