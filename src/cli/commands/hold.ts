import { DESK, DESK_READY, parseSize, planDesk } from "../../desk/desk.ts";
import { settleKilledSession } from "../../cage/guard.ts";
import { startHeldClient } from "../../hold/client.ts";
import { holdSession } from "../../hold/hold.ts";
import { type CageRequest, locateCage, prepareCage } from "../../cage/prepare.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";

/** Which cage's desk to hold. */
export type HoldOptions = {
  service: string;
  path?: string;
  name?: string;
  /** What people call the cage. */
  title: string;
  /** What `sandcage stop` had said last when this was asked for. */
  mark?: string;
  /** Size of the terminal that is about to attach, `COLUMNSxROWS`. */
  size?: string;
  /** File for what it and the container say. */
  log: string;
};

/** `sandcage hold`: keeps the desk of a cage running. Nobody reads what it prints. */
export async function runHold(options: HoldOptions, context: CommandContext): Promise<number> {
  const { service, path, name, title, size } = options;
  const { host, signals } = context;
  using log = await Deno.open(options.log, { create: true, append: true, mode: 0o600 });
  const say = (text: string) => {
    for (const line of text.trimEnd().split("\n")) {
      const stamped = `${new Date().toISOString()} ${formatPlain(line)}\n`;
      log.writeSync(new TextEncoder().encode(stamped));
    }
  };
  const io = { ...context.io, out: say, talk: say, warn: say, interactive: false };
  try {
    const request: CageRequest = { service, path, name, desk: true };
    const site = await locateCage(request, { ...context, io });
    const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
    const settledSite = settled ? await locateCage(request, { ...context, io }) : site;
    const cage = await prepareCage(settledSite, { ...context, io, signal: signals?.signal });
    const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
    const code = await holdSession(cage, {
      name: DESK,
      command: planDesk(cage.config.attach, {
        service: cage.service,
        title,
        size: size === undefined ? undefined : parseSize(size),
      }),
      stopMark: options.mark ?? "",
      open: (command, { ready }) =>
        startHeldClient(command, {
          onSaid: say,
          onWord: (line) => line === DESK_READY ? ready() : undefined,
        }),
      onSaid: say,
    }, { context: { host, io, takeSignals } });
    return code ?? EXIT.ok;
  } catch (error) {
    say(error instanceof UserError ? formatError(error) : `${error}`);
    throw error;
  }
}

function formatError({ message, hint }: UserError): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

/** What a container says is shown to people: nothing in it acts on their terminal. */
function formatPlain(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "?");
}
