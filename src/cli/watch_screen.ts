/** The terminal as a whole screen. */
export type ScreenPorts = {
  write(text: string): void;
  /** Turns echo and line editing of the terminal off or on. */
  setRaw(raw: boolean): void;
  size(): { columns: number; lines: number };
  /** Calls when the terminal has another size; the returned function ends that. */
  onResize(call: () => void): () => void;
  /** Reads what is typed; `null` at the end of input. */
  read(): Promise<Uint8Array | null>;
};

/** A screen that is drawn anew in place; disposing it brings back what was there. */
export type Screen = Disposable & {
  /** Shows what there is to show now. */
  draw(): void;
  /** Aborted when the person wants to leave: q, Ctrl-C, Ctrl-D, or the end of input. */
  readonly left: AbortSignal;
};

/** Alternate screen, no cursor, no wrapping: and back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** All of one drawing is shown at once, by terminals that know how. */
const BEGIN = "\x1b[?2026h\x1b[H";
const END = "\x1b[?2026l";

/** Empties a line before it is written: behind a full one it would take its last character. */
const ERASE = "\x1b[2K";

/** Keys that leave. */
// deno-lint-ignore no-control-regex
const LEAVING = /[qQ\x03\x04]/;

/** Takes the whole screen, for lines that are made anew for each drawing. */
export function openScreen(
  ports: ScreenPorts,
  render: (size: { columns: number; lines: number }) => readonly string[],
): Screen {
  const left = new AbortController();
  const draw = () => {
    const size = ports.size();
    const shown = render(size);
    const lines = Array.from({ length: size.lines }, (_, index) => ERASE + (shown[index] ?? ""));
    ports.write(BEGIN + lines.join("\r\n") + END);
  };
  ports.setRaw(true);
  ports.write(ENTER);
  const ignoreResize = ports.onResize(draw);
  void readKeys(ports, left);
  return {
    draw,
    left: left.signal,
    [Symbol.dispose]() {
      ignoreResize();
      try {
        ports.write(LEAVE);
        ports.setRaw(false);
      } catch {
        // The terminal is gone, and nothing of it needs to be as before.
      }
    },
  };
}

async function readKeys(ports: ScreenPorts, left: AbortController): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const bytes = await ports.read();
      if (bytes === null || LEAVING.test(decoder.decode(bytes, { stream: true }))) break;
    }
  } catch {
    // A terminal that cannot be read is left.
  }
  left.abort();
}
