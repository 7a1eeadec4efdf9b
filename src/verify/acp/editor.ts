import { readLines } from "../../acp/lines.ts";
import { pause } from "../../pause.ts";

/** A program as an editor starts it, with pipes. Disposing ends it. */
export type Editor = AsyncDisposable & {
  send(bytes: Uint8Array): Promise<void>;
  /** Nothing more is said to it. */
  end(): Promise<void>;
  /** The next line that it says; `undefined` at its end. Not together with {@link Editor.rest}. */
  line(): Promise<string | undefined>;
  /** All that it says until its end. */
  rest(): Promise<Uint8Array>;
  /** Waits a while for words on stderr. */
  says(words: string): Promise<boolean>;
  /** What it said there by now. */
  said(): string;
  signal(name: Deno.Signal): void;
  /** Its exit code and what it said on stderr. */
  ended: Promise<{ code: number; stderr: string }>;
};

/** How long words may take to come, in milliseconds, and the pause between two looks. */
const WORDS_MS = 10_000;
const LOOK_MS = 50;

/** Starts a program. */
export function openEditor(
  program: { command: string; args: readonly string[]; env: Record<string, string>; cwd: string },
): Editor {
  const { command, args, env, cwd } = program;
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  let lines: AsyncIterator<string> | undefined;
  let stderr = "";
  const heard = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) stderr += decoder.decode(bytes, { stream: true });
  })();
  const ended = Promise.all([child.status, heard]).then(([{ code }]) => ({ code, stderr }));
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It has ended.
    }
  };
  return {
    ended,
    signal,
    // Whoever has ended takes nothing more.
    send: (bytes) => writer.write(bytes).catch(() => {}),
    end: () => writer.close().catch(() => {}),
    async line() {
      lines ??= readLines(child.stdout)[Symbol.asyncIterator]();
      const { value, done } = await lines.next();
      return done === true ? undefined : value;
    },
    rest: () => new Response(child.stdout).bytes(),
    async says(words) {
      const deadline = Date.now() + WORDS_MS;
      while (!stderr.includes(words) && Date.now() < deadline) await pause(LOOK_MS);
      return stderr.includes(words);
    },
    said: () => stderr,
    async [Symbol.asyncDispose]() {
      signal("SIGTERM");
      await lines?.return?.();
      await ended;
    },
  };
}
