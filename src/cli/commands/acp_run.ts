import { createRecorder, type Recorder } from "../../acp/record.ts";
import { type AcpSessionOptions, attachEditor } from "../../acp/session.ts";
import { settleKilledSession } from "../../cage/guard.ts";
import { locateOrMakeCage } from "../../copy/first.ts";
import { prepareCage } from "../../cage/prepare.ts";
import { reapOrphans } from "../../cage/reap.ts";
import { runSession } from "../../cage/session.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { Io } from "../../io.ts";
import type { CommandContext } from "../context.ts";
import { VERSION } from "../version.ts";

/** Which agent an editor wants, where, and with what. */
export type AcpRunOptions = {
  service: string;
  path?: string;
  name?: string;
  /** File that gets what sandcage says, besides stderr. */
  log?: string;
  /** File that gets the transcript. */
  record?: string;
  /** What stood after `--`. */
  args: string[];
};

/** `sandcage acp run`: relays between an editor and the agent in its cage; the agent's exit code. */
export async function runAcp(options: AcpRunOptions, context: CommandContext): Promise<number> {
  const { service, path, name, args } = options;
  const { host, signals } = context;
  const io = planProtocolIo(context.io, await openLog(options.log));
  await using record = await openRecord(options.record, io);
  const request = { service, path, name, acp: true };
  const site = await locateOrMakeCage(request, { ...context, io });
  const command = site.service.acp;
  if (command === undefined) {
    throw new UserError(`${site.service.title} does not speak the Agent Client Protocol`, {
      hint: `Give services.${service}.acp in the configuration, the command line that does`,
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
  const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
  const settledSite = settled ? await locateOrMakeCage(request, { ...context, io }) : site;
  const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
  const editor: AcpSessionOptions = {
    platform: host.platform,
    rules: settledSite.config.acp,
    io,
    recorder: record?.recorder,
  };
  const whole = [...command, ...args];
  if (settledSite.config.acp.warm) {
    const { runWarm } = await import("../../acp/warm_client.ts");
    const kept = { service, name, args, engineContext: context.engineContext };
    const warm = { command: whole, version: VERSION, host, io, signal: signals?.signal, kept };
    const { code, onFirstMessage } = await runWarm(settledSite, editor, warm);
    if (code !== undefined) return code;
    editor.onFirstMessage = onFirstMessage;
  }
  const cage = await prepareCage(settledSite, { ...context, io, signal: signals?.signal });
  const attach = attachEditor(cage, editor);
  return await runSession(
    cage,
    { args: [], shell: false, command: whole, attach },
    { context: { host, io, takeSignals } },
  );
}

/** Talk alone: stdout is the agent's, and stdin is the editor's, so that nobody can be asked. */
function planProtocolIo(io: Io, log: ((text: string) => void) | undefined): Io {
  const talk = (text: string) => {
    log?.(text);
    io.talk(text);
  };
  return {
    ...io,
    out: talk,
    talk,
    warn(text) {
      log?.(`warning: ${text}`);
      io.warn(text);
    },
    confirm: (_question, { assumed }) => Promise.resolve(assumed),
    interactive: false,
  };
}

/** Each text with its time; the lines come late or never if the disk is full, and nothing waits. */
async function openLog(path: string | undefined): Promise<((text: string) => void) | undefined> {
  if (path === undefined) return undefined;
  const file = await openFile(path, { append: true });
  return (text) => {
    const line = `${new Date().toISOString()} ${text.trimEnd()}\n`;
    try {
      file.writeSync(new TextEncoder().encode(line));
    } catch {
      // A log that cannot be written is no reason to end a conversation.
    }
  };
}

async function openRecord(
  path: string | undefined,
  io: Pick<Io, "warn">,
): Promise<AsyncDisposable & { recorder: Recorder } | undefined> {
  if (path === undefined) return undefined;
  const file = await openFile(path, { truncate: true });
  const write = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  };
  const recorder = createRecorder(write, {
    nowMs: Date.now,
    onFailed: (error) => io.warn(`The transcript ends here: ${error}`),
  });
  return {
    recorder,
    async [Symbol.asyncDispose]() {
      await recorder.close();
      file.close();
    },
  };
}

async function openFile(path: string, mode: Deno.OpenOptions): Promise<Deno.FsFile> {
  try {
    // What is said may be secret: for this user alone.
    return await Deno.open(path, { create: true, write: true, mode: 0o600, ...mode });
  } catch (error) {
    throw new UserError(`Cannot write ${path}: ${error instanceof Error ? error.message : error}`, {
      hint: "Give a file in a directory that exists and that you may write to",
      exit: EXIT.usage,
      code: "usage",
      cause: error,
    });
  }
}
