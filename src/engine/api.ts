/** What the engine answered. */
export type ApiAnswer = { status: number; body: string };

/** Bytes read at once. */
const CHUNK = 65_536;

/** Longest answer, in bytes: an inspected object has some thousands. */
const MAX_ANSWER = 16 * 1024 * 1024;

/**
 * Asks the engine on a socket of this machine one question, within this process: the docker client
 * takes longer to start than the engine to answer.
 *
 * @param options.body JSON; with it the question is a POST.
 * @throws If nothing listens, the answer takes too long, or is none.
 */
export async function askEngine(
  socket: string,
  options: { path: string; timeoutMs: number; body?: string },
): Promise<ApiAnswer> {
  const { timeoutMs } = options;
  const connection = await Deno.connect({ transport: "unix", path: socket });
  const timer = setTimeout(() => closeQuietly(connection), timeoutMs);
  try {
    const request = formatRequest(options);
    for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
    return parseAnswer(await readAll(connection));
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
}

/** Of HTTP 1.0: the answer ends with the connection, and comes in no pieces. */
function formatRequest({ path, body }: { path: string; body?: string }): Uint8Array {
  const encoder = new TextEncoder();
  if (body === undefined) return encoder.encode(`GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`);
  const payload = encoder.encode(body);
  const head = [
    `POST ${path} HTTP/1.0`,
    "Host: docker",
    "Content-Type: application/json",
    `Content-Length: ${payload.length}`,
  ].join("\r\n");
  return new Uint8Array([...encoder.encode(`${head}\r\n\r\n`), ...payload]);
}

async function readAll(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(CHUNK);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (text.length > MAX_ANSWER) throw new Error("The engine's answer has no end");
  }
}

/** Reads an answer of HTTP 1.0. Pure. */
export function parseAnswer(text: string): ApiAnswer {
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(text)?.[1];
  const end = text.indexOf("\r\n\r\n");
  if (status === undefined || end < 0) throw new Error("The engine gave no answer");
  return { status: Number(status), body: text.slice(end + 4) };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
