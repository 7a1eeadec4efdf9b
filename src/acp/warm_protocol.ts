/**
 * What a client and the holder of a warm agent say to each other: one line of JSON from each when
 * they connect. The first connection asks and stays open for what is not the agent's; the second is
 * the agent's stdin and stdout, bytes and nothing else.
 */
export type WarmRequest =
  | { want: "agent"; kind: string; key: string }
  | { want: "streams"; token: string };

/** The holder's answer to a request for the agent. */
export type WarmAnswer =
  | { answer: "yes"; token: string; container: string }
  /** It keeps another agent, or this one is given away already. */
  | { answer: "no" }
  /** It keeps what the configuration does not say any more, and leaves. */
  | { answer: "stale" };

/** What the holder says later: words for the client's stderr, and at last the agent's exit code. */
export type WarmNews = { said: string } | { exit: number };

/** Longest line, in bytes. */
const MAX_LINE = 65_536;

/** A connection as far as lines are read from it and written to it. */
export type LineConn = {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
};

/**
 * Reads one line of JSON and not a byte more: what follows belongs to somebody else.
 *
 * @returns Nothing at the end of the connection, or for what is no line of JSON.
 */
export async function readLine(connection: Pick<LineConn, "read">): Promise<unknown> {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (bytes.length < MAX_LINE) {
    const count = await connection.read(one).catch(() => null);
    if (count === null) return undefined;
    if (one[0] === 0x0a) {
      try {
        return JSON.parse(new TextDecoder().decode(new Uint8Array(bytes)));
      } catch {
        return undefined;
      }
    }
    bytes.push(one[0]!);
  }
  return undefined;
}

/** Writes one line of JSON. Rejects when nobody takes it. */
export async function writeLine(
  connection: Pick<LineConn, "write">,
  value: WarmRequest | WarmAnswer | WarmNews,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Reads a request. Pure. */
export function parseRequest(value: unknown): WarmRequest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { want, kind, key, token } = value as Record<string, unknown>;
  if (want === "agent" && typeof kind === "string" && typeof key === "string") {
    return { want, kind, key };
  }
  return want === "streams" && typeof token === "string" ? { want, token } : undefined;
}

/** Reads the answer to a request for the agent. Pure. */
export function parseAnswer(value: unknown): WarmAnswer {
  if (typeof value !== "object" || value === null) return { answer: "no" };
  const { answer, token, container } = value as Record<string, unknown>;
  if (answer === "yes" && typeof token === "string" && typeof container === "string") {
    return { answer, token, container };
  }
  return { answer: answer === "stale" ? "stale" : "no" };
}
