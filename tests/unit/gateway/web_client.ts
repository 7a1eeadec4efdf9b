import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

/** What came back on a connection until its end, as Latin-1. */
export async function talkRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const answer = readAll(socket);
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  return await answer;
}

/** Everything a socket says until it ends, also when it is reset. */
export function readAll(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  return promise;
}

/** How a TLS client presents itself. */
export type TlsClient = { host: string | undefined; ca: string; alpn?: string[] };

/** A TLS connection to a front on loopback, with the certificate checked against the cage's CA. */
export function openTls(port: number, { host, ca, alpn }: TlsClient): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connectTls({
    socket: connect(port, "127.0.0.1"),
    host,
    servername: host,
    ca,
    ALPNProtocols: alpn ?? ["http/1.1"],
  });
  socket.once("secureConnect", () => {
    socket.off("error", reject);
    socket.on("error", () => {});
    resolve(socket);
  });
  socket.once("error", reject);
  return promise;
}

/** Reads from a socket until the text is there; what came so far is the answer. */
export function readUntil(socket: Socket, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let seen = "";
  const look = (chunk: Buffer) => {
    seen += chunk.toString("latin1");
    if (!seen.includes(text)) return;
    socket.off("data", look);
    socket.off("close", gone);
    resolve(seen);
  };
  const gone = () => reject(new Error(`the connection ended before ${JSON.stringify(text)}`));
  socket.on("data", look);
  socket.on("close", gone);
  return promise;
}

/** Status of a raw response. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(answer)?.[1] ?? 0);
}

/** Body of a raw response that is not chunked. */
export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}
