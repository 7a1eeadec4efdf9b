/** A message of JSON-RPC 2.0, as far as it is read. */
type Message = {
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: unknown;
};

/** What follows from a line of the agent. */
export type DriverStep = {
  /** Lines for the agent. */
  send: string[];
  /** It is over: nothing more is sent. */
  end?: { isOk: boolean; text: string };
};

/** Drives one turn of an agent over ACP. */
export type AcpDriver = {
  /** The first lines for the agent. */
  start(): string[];
  /** Takes a line of the agent. */
  read(line: string): DriverStep;
  /** What the agent said that it cost so far, in USD; `undefined` when it says nothing. */
  costUsd(): number | undefined;
};

/** The version that is spoken. */
const PROTOCOL_VERSION = 1;

/** JSON-RPC 2.0: a method that the other side does not have. */
const METHOD_NOT_FOUND = -32601;

/** An agent that wants a login first. */
const AUTH_REQUIRED = -32000;

const ASKED = { initialize: 0, session: 1, prompt: 2 } as const;

/**
 * Makes what has an agent carry one prompt out: it initializes, opens a session, asks, and allows
 * whatever it is asked; the cage is what holds the agent. It has no files and no terminal to offer.
 *
 * @param options.cwd Absolute directory inside.
 * @see {@link https://agentclientprotocol.com/protocol/overview}
 */
export function createAcpDriver(options: { cwd: string; prompt: string }): AcpDriver {
  let session: string | undefined;
  let cost: number | undefined;
  const answered = (id: unknown, result: Record<string, unknown>): DriverStep => {
    if (id === ASKED.initialize) {
      return ask(ASKED.session, "session/new", { cwd: options.cwd, mcpServers: [] });
    }
    if (id === ASKED.session) {
      if (typeof result.sessionId !== "string") return failed("it opened no session");
      session = result.sessionId;
      const prompt = [{ type: "text", text: options.prompt }];
      return ask(ASKED.prompt, "session/prompt", { sessionId: session, prompt });
    }
    if (id !== ASKED.prompt) return { send: [] };
    const reason = textOf(result.stopReason) || "nothing";
    return reason === "end_turn"
      ? { send: [], end: { isOk: true, text: "" } }
      : failed(`it stopped with: ${reason.replaceAll("_", " ")}`);
  };
  return {
    start: () =>
      ask(ASKED.initialize, "initialize", {
        protocolVersion: PROTOCOL_VERSION,
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      }).send,
    read(line) {
      const message = parseMessage(line);
      if (message === undefined) return { send: [] };
      if (message.method === "session/update") {
        const { sessionUpdate, cost: told } = objectOf(objectOf(message.params).update);
        const { amount, currency } = objectOf(told);
        const isCost = sessionUpdate === "usage_update" && currency === "USD";
        if (isCost && typeof amount === "number") cost = amount;
        return { send: [] };
      }
      if (typeof message.method === "string") {
        return message.id === undefined ? { send: [] } : { send: [answer(message)] };
      }
      if (message.error !== undefined) return failed(formatError(objectOf(message.error)));
      return answered(message.id, objectOf(message.result));
    },
    costUsd: () => cost,
  };
}

function ask(id: number, method: string, params: unknown): DriverStep {
  return { send: [JSON.stringify({ jsonrpc: "2.0", id, method, params })] };
}

function failed(text: string): DriverStep {
  return { send: [], end: { isOk: false, text } };
}

/** Allows what is asked for, as far as it can be, and has nothing else. */
function answer({ id, method, params }: Message): string {
  if (method === "session/request_permission") {
    const { options } = objectOf(params);
    const offered = Array.isArray(options) ? options.map(objectOf) : [];
    const chosen = ["allow_always", "allow_once"].flatMap((kind) =>
      offered.filter((option) =>
        option.kind === kind
      )
    )[0];
    const outcome = chosen === undefined
      ? { outcome: "cancelled" }
      : { outcome: "selected", optionId: chosen.optionId };
    return JSON.stringify({ jsonrpc: "2.0", id, result: { outcome } });
  }
  const error = { code: METHOD_NOT_FOUND, message: "Method not found" };
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}

function formatError({ code, message }: Record<string, unknown>): string {
  const text = textOf(message) || "error";
  return code === AUTH_REQUIRED ? `it wants a login first: ${text}` : text;
}

function parseMessage(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
