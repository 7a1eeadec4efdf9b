import { readLines } from "./lines.ts";

/** What an agent answered to one request. */
export type Answer =
  | { kind: "result"; result: Record<string, unknown>; ms: number }
  | { kind: "error"; code: number; message: string; ms: number }
  /** Nothing in time. */
  | { kind: "silence"; ms: number }
  /** The connection ended first. */
  | { kind: "ended"; ms: number };

/** A short talk with an agent, as its client. */
export type Conversation = {
  /** Asks and waits; how long is counted in milliseconds, from the call. */
  ask(method: string, params: unknown, options: { timeoutMs: number }): Promise<Answer>;
  /** Lines so far that were no message, the first few of them. */
  noise(): readonly string[];
  /** Says that nothing more comes, without waiting for somebody to hear it. */
  end(): void;
};

/** Lines of noise that are kept: enough to see what it is. */
const NOISE_KEPT = 5;

/** JSON-RPC 2.0: a method that the other side does not have. */
const METHOD_NOT_FOUND = -32601;

/**
 * Opens a conversation on two streams of bytes, one message a line. Whatever the agent asks of its
 * client is answered with "no such method"; what it tells is not kept.
 */
export function openConversation(
  agent: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
  options: { nowMs(): number },
): Conversation {
  const { nowMs } = options;
  const writer = agent.writable.getWriter();
  const waiting = new Map<number, (answer: Message | undefined) => void>();
  const noise: string[] = [];
  let ended = false;
  let nextId = 0;
  const send = async (message: unknown) => {
    // An agent that is gone shows at the other end, as the end of what it says.
    await writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)).catch(() => {});
  };
  (async () => {
    try {
      for await (const line of readLines(agent.readable)) {
        const message = parseMessage(line);
        if (message === undefined) {
          if (line.trim() !== "" && noise.length < NOISE_KEPT) noise.push(line.slice(0, 200));
        } else if (typeof message.method === "string") {
          // Not waited for: an agent that is still talking does not listen yet.
          if (message.id !== undefined) void send(refuse(message));
        } else if (typeof message.id === "number") {
          waiting.get(message.id)?.(message);
        }
      }
    } finally {
      ended = true;
      for (const settle of waiting.values()) settle(undefined);
    }
  })().catch(() => {});
  return {
    async ask(method, params, { timeoutMs }) {
      const startedMs = nowMs();
      if (ended) return { kind: "ended", ms: 0 };
      const id = nextId++;
      const { promise, resolve } = Promise.withResolvers<Message | undefined | "silence">();
      waiting.set(id, resolve);
      const timer = setTimeout(() => resolve("silence"), timeoutMs);
      void send({ jsonrpc: "2.0", id, method, params });
      const message = await promise;
      clearTimeout(timer);
      waiting.delete(id);
      return readAnswer(message, Math.round(nowMs() - startedMs));
    },
    noise: () => noise,
    end: () => void writer.close().catch(() => {}),
  };
}

type Message = {
  id?: unknown;
  method?: unknown;
  result?: unknown;
  error?: { code?: unknown; message?: unknown };
};

function parseMessage(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function refuse({ id }: Message): unknown {
  return { jsonrpc: "2.0", id, error: { code: METHOD_NOT_FOUND, message: "Method not found" } };
}

function readAnswer(message: Message | undefined | "silence", ms: number): Answer {
  if (message === "silence") return { kind: "silence", ms };
  if (message === undefined) return { kind: "ended", ms };
  if (message.error !== undefined) {
    const { code, message: text } = message.error;
    return {
      kind: "error",
      code: typeof code === "number" ? code : 0,
      message: typeof text === "string" ? text : "",
      ms,
    };
  }
  const result = typeof message.result === "object" && message.result !== null
    ? message.result
    : {};
  return { kind: "result", result: result as Record<string, unknown>, ms };
}
