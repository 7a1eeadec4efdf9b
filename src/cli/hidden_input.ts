import { EXIT, UserError } from "../errors.ts";

/** The terminal as a secret is typed into it. */
export type HiddenPorts = {
  /** Shows text without a line end. */
  show(text: string): void;
  /** Turns echo and line editing of the terminal off or on. */
  setRaw(raw: boolean): void;
  /** Reads what was typed; `null` at the end of input. */
  read(): Promise<Uint8Array | null>;
};

/** What was typed so far, and whether that is all. */
export type Typed = { text: string; state: "typing" | "done" | "cancelled" };

/** Most characters of a secret that is typed or pasted. */
const TYPED_MAX = 64 * 1024;

/** Takes what was typed: Enter ends, Ctrl-C cancels, Backspace and Ctrl-U correct. Pure. */
export function takeTyped(before: Typed, input: string): Typed {
  let { text, state } = before;
  for (const char of input) {
    if (state !== "typing") break;
    if (char === "\r" || char === "\n" || char === "\x04") state = "done";
    else if (char === "\x03") state = "cancelled";
    else if (char === "\x7f" || char === "\b") text = [...text].slice(0, -1).join("");
    else if (char === "\x15") text = "";
    else if (char >= " " && text.length < TYPED_MAX) text += char;
  }
  return { text, state };
}

/**
 * Asks for a text that is not shown. The terminal is as before afterwards, whatever happens.
 *
 * @throws {UserError} Exit 130, when the person cancels.
 */
export async function readHidden(question: string, ports: HiddenPorts): Promise<string> {
  const decoder = new TextDecoder();
  let typed: Typed = { text: "", state: "typing" };
  ports.show(`${question}: `);
  ports.setRaw(true);
  try {
    while (typed.state === "typing") {
      const bytes = await ports.read();
      if (bytes === null) break;
      typed = takeTyped(typed, decoder.decode(bytes, { stream: true }));
    }
  } finally {
    ports.setRaw(false);
    ports.show("\n");
  }
  if (typed.state !== "cancelled") return typed.text;
  throw new UserError("Cancelled; nothing was stored", {
    exit: EXIT.interrupted,
    code: "interrupted",
  });
}
