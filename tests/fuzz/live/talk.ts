import { expect } from "../target.ts";
import { ADDRESS } from "./network.ts";

/** Longest wait for the gateway to end a connection whose client is done, in milliseconds. */
const PATIENCE_MS = 12_000;
/** How long a patient client hears nothing before it is done, in milliseconds. */
const QUIET_MS = 40;
/** As much of an answer as is looked at, in bytes. */
const MOST_KEPT = 256 * 1024;

/** Opens a TCP connection to the gateway. */
export function dialGateway(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: ADDRESS.gateway, port });
}

/** Opens TLS to the gateway in a host's name, trusting the cage's authority alone. */
export async function dialTls(
  hostname: string,
  options: { authority: string; alpn: string },
): Promise<Deno.TlsConn> {
  const connection = await dialGateway(443);
  const tls = await Deno.startTls(connection, {
    hostname,
    caCerts: [options.authority],
    alpnProtocols: [options.alpn],
  });
  const { alpnProtocol } = await tls.handshake();
  // This client's TLS is rustls, and not every server says to it what it says to OpenSSL.
  expect(alpnProtocol === options.alpn, `the gateway takes ${options.alpn}`);
  return tls;
}

/** When a client is done: after a moment without an answer, at once, or never. */
export type Manner = "patient" | "hasty" | "waiting";

/**
 * Says everything, ends its side and listens until the gateway ends the other. A hasty client does
 * not wait for an answer, a waiting one never ends its side.
 *
 * @throws {Error} If the gateway never does.
 */
export async function talk(
  connection: Deno.Conn,
  bytes: Uint8Array,
  options: { manner: Manner },
): Promise<Uint8Array<ArrayBuffer>> {
  const { manner } = options;
  let isLate = false;
  const quiet = createQuiet(manner);
  const timer = setTimeout(() => {
    isLate = true;
    connection.close();
  }, PATIENCE_MS);
  const kept: Uint8Array[] = [];
  try {
    const saying = (async () => {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      await quiet.passed;
      if (manner !== "waiting") await connection.closeWrite();
      // A gateway that has heard enough stops listening: what cannot be written is no fault.
    })().catch(() => {});
    await readAll(connection, { kept, onRead: quiet.listen });
    quiet.stop();
    await saying;
  } finally {
    clearTimeout(timer);
    quiet.stop();
    if (!isLate) connection.close();
  }
  if (isLate) throw new Error(`a connection was kept for ${PATIENCE_MS} ms after its end`);
  return new Uint8Array(await new Blob(kept as BlobPart[]).arrayBuffer());
}

/** Passes when nothing was heard for a while. */
function createQuiet(manner: Manner): { passed: Promise<void>; listen(): void; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(resolve, manner === "patient" ? QUIET_MS : 0);
  };
  listen();
  return {
    passed: promise,
    listen,
    stop() {
      clearTimeout(timer);
      resolve();
    },
  };
}

/** Reads until the end; a connection that was reset has ended, too. */
async function readAll(
  connection: Deno.Conn,
  { kept, onRead }: { kept: Uint8Array[]; onRead(): void },
): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  let length = 0;
  for (;;) {
    const read = await connection.read(buffer).catch(() => null);
    if (read === null) return;
    onRead();
    if (length < MOST_KEPT) kept.push(buffer.slice(0, read));
    length += read;
  }
}

/** Reads until the text is there; what came with it is dropped. */
export async function readUntil(connection: Deno.Conn, text: string): Promise<string> {
  const buffer = new Uint8Array(16 * 1024);
  let seen = "";
  while (!seen.includes(text)) {
    const read = await connection.read(buffer);
    if (read === null) throw new Error(`The gateway ended before ${JSON.stringify(text)}: ${seen}`);
    seen += new TextDecoder("latin1").decode(buffer.subarray(0, read));
  }
  return seen;
}
