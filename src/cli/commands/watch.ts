import { pause } from "../../pause.ts";
import type { CommandContext } from "../context.ts";
import { formatCount, formatJson } from "../output.ts";
import { openScreen, type ScreenPorts } from "../watch_screen.ts";
import { openWatch, type Watch } from "../watch_state.ts";
import { renderTable, renderWatch } from "../watch_view.ts";

/** How often all cages are looked at, in milliseconds. */
const LOOK_MS = 1000;

/** Columns of a table that nobody looks at on a screen. */
const PLAIN_COLUMNS = 200;

/** `sandcage watch`: all cages at work, in one table. */
export async function runWatch(
  options: { once: boolean; json: boolean },
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  await using watch = openWatch(host.stateDir);
  const isLive = host.tty.stdout && host.tty.stdin && host.env["TERM"] !== "dumb";
  if (!options.json && !options.once && isLive) return await watchOn(watch, context);
  const cages = await watch.look();
  if (options.json) return io.out(formatJson(cages));
  if (cages.length === 0) return io.talk("No cages yet. Open one: sandcage claude");
  const columns = host.tty.stdout ? consoleSize().columns : PLAIN_COLUMNS;
  io.out(renderTable(cages, { columns, color: io.color, nowMs: Date.now() }).join("\n"));
  const working = cages.filter((cage) => cage.isLive).length;
  io.talk(`${formatCount(cages.length, "cage")}, ${working} at work`);
}

async function watchOn(watch: Watch, { io, signals }: CommandContext): Promise<void> {
  // Looked at first: what fails is said on the screen that was there.
  let cages = await watch.look();
  using screen = openScreen(
    terminalPorts(),
    (size) => renderWatch(cages, { ...size, color: io.color, nowMs: Date.now() }),
  );
  const signal = signals === undefined
    ? screen.left
    : AbortSignal.any([screen.left, signals.signal]);
  while (!signal.aborted) {
    screen.draw();
    await pause(LOOK_MS, signal);
    if (!signal.aborted) cages = await watch.look();
  }
  signals?.signal.throwIfAborted();
}

function consoleSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

function terminalPorts(): ScreenPorts {
  const buffer = new Uint8Array(64);
  return {
    write(text) {
      let bytes = new TextEncoder().encode(text);
      while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
    },
    setRaw: (raw) => Deno.stdin.setRaw(raw),
    size() {
      const { columns, rows } = consoleSize();
      return { columns, lines: rows };
    },
    onResize(call) {
      if (Deno.build.os === "windows") return () => {};
      Deno.addSignalListener("SIGWINCH", call);
      return () => Deno.removeSignalListener("SIGWINCH", call);
    },
    async read() {
      const count = await Deno.stdin.read(buffer);
      return count === null ? null : buffer.subarray(0, count);
    },
  };
}
