import { attachDesk, type DeskEnd } from "../../desk/attach.ts";
import { openDesk } from "../../desk/open.ts";
import type { TerminalSize } from "../../desk/desk.ts";
import { EXIT, unreachable, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { type DeskWords, findOrMakeDeskRequest, formatTarget } from "../desk_request.ts";

/** `sandcage attach`: opens the terminal of a long-lived cage, which it starts when needed. */
export async function runAttach(options: DeskWords, context: CommandContext): Promise<number> {
  const { host, io, signals } = context;
  const request = await findOrMakeDeskRequest(options, context);
  if (!host.tty.stdin || !host.tty.stdout) {
    throw new UserError("Cannot attach: this is no terminal", {
      hint: "Run it in a terminal. A cage runs without one after: sandcage start",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  const desk = await openDesk({ ...request, size: observeSize() }, {
    ...context,
    signal: signals?.signal,
  });
  const end = await attachDesk({ container: desk.container, cageId: desk.site.id }, {
    engine: desk.site.engine,
    host,
    takeSignals: () => signals?.handOver() ?? { [Symbol.dispose]() {} },
  });
  const { note, code } = describeEnd(end, {
    title: desk.title,
    target: formatTarget(options, desk.title),
  });
  io.talk(note);
  return code;
}

/** What a person is told at the end, and the exit code. Pure. */
export function describeEnd(
  end: DeskEnd,
  names: { title: string; target: string },
): { note: string; code: number } {
  const { title, target } = names;
  switch (end.kind) {
    case "detached":
      return {
        note: `${title} goes on without you. Come back: sandcage attach ${target}`,
        code: EXIT.ok,
      };
    case "ended":
      return {
        note: `${title} has ended; its files are kept. Start it again: sandcage attach ${target}`,
        code: EXIT.ok,
      };
    case "left":
      return {
        note: `${title} goes on. Come back: sandcage attach ${target}`,
        code: EXIT.terminated,
      };
    case "failed":
      return {
        note: `Could not attach to ${title}; the lines above say why. It goes on`,
        code: end.code,
      };
    default:
      return unreachable(end);
  }
}

function observeSize(): TerminalSize | undefined {
  try {
    return Deno.consoleSize();
  } catch {
    return undefined;
  }
}
