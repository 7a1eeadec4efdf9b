/** Accepts TCP on every port of the tests, notes what comes, and answers TLS and HTTP. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import { createSecureContext, type TLSSocket } from "node:tls";
import type { Event, Reply, Role, Seen, ServerSettings, Shown } from "../types.ts";
import { reply } from "./reply.ts";
import { serveWebSocket } from "./websocket.ts";

/** Ports that are listened on; a packet to any other one is on record all the same. */
const PORTS = [21, 22, 25, 53, 80, 443, 853, 2222, 3128, 5000, 8000, 8080, 8443, 9418];

/** Ports whose servers speak first. */
const BANNERS: Record<number, string> = {
  22: "SSH-2.0-echo\r\n",
  2222: "SSH-2.0-echo\r\n",
  25: "220 echo ESMTP\r\n",
};

/** Longest body that is kept in the record, in bytes; longer ones are counted and hashed. */
const KEPT = 65_536;

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

type WebOptions = {
  log(event: Event): void;
  serveNames(socket: Socket): void;
  call(host: string, request: { seen: Seen; body: Buffer }): Promise<Reply> | undefined;
};

type Connection = { id: number; role: Role; sni: string | null };

/** Starts all listeners; resolves when they listen. */
export async function startWeb(settings: ServerSettings, options: WebOptions): Promise<void> {
  const { log } = options;
  // A decrypted request is told from its peer: node has no way from it back to the raw socket.
  const connections = new Map<string, Connection>();
  const find = (socket: Socket) => connections.get(peerOf(socket));
  const serve = (request: Request, response: Response) => {
    const socket = "stream" in request ? request.stream.session!.socket as Socket : request.socket;
    const connection = find(socket);
    if (connection === undefined) return void socket.destroy();
    const seen = look(request, { connection, isSecure: "encrypted" in socket });
    log({ kind: "request", role: connection.role, ...seen });
    void serveRequest(request, { response, seen, ...options });
  };
  const upgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const connection = find(socket);
    if (connection === undefined) return void socket.destroy();
    const seen = look(request, { connection, isSecure: "encrypted" in socket });
    log({ kind: "request", role: connection.role, ...seen });
    serveWebSocket(socket, { seen, head, log });
  };
  const plain = createServer(serve).on("upgrade", upgrade);
  const shake = (socket: TLSSocket & { servername?: string | false }) => {
    const connection = find(socket);
    if (connection === undefined) return;
    connection.sni = socket.servername || null;
    const alpn = socket.alpnProtocol || null;
    log({ kind: "tls", id: connection.id, role: connection.role, sni: connection.sni, alpn });
  };
  const makeSecure = (shown: readonly Shown[]) =>
    createSecureServer({ allowHTTP1: true, SNICallback: chooser(shown) }, serve)
      .on("upgrade", upgrade).on("secureConnection", shake);
  const [good, decoy] = [
    makeSecure(settings.certificates.echo),
    makeSecure(settings.certificates.decoy),
  ];
  for (const server of [plain, good, decoy]) {
    server.on("clientError", (_error: Error, socket: Socket) => socket.destroy());
    server.on("tlsClientError", () => {});
    server.on("sessionError", () => {});
  }
  let count = 0;
  const accept = (socket: Socket) => {
    const to = socket.localAddress!;
    const connection = { id: ++count, role: roleOf(to, settings), sni: null };
    connections.set(peerOf(socket), connection);
    const { id, role } = connection;
    const port = socket.localPort!;
    log({ kind: "connection", id, role, from: socket.remoteAddress!, to, port });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => connections.delete(peerOf(socket)));
    if (role === "dns" && port === 53) return options.serveNames(socket);
    const banner = BANNERS[port];
    if (banner !== undefined) socket.write(banner);
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      log({ kind: "bytes", id, role, text: first.toString("latin1", 0, 256) });
      if (banner !== undefined) {
        socket.write(first);
        return void socket.on("data", (data) => socket.write(data));
      }
      socket.unshift(first);
      // Resumed here, both servers would wait for ever.
      if (first[0] === 0x16) (role === "decoy" ? decoy : good).emit("connection", socket);
      else plain.emit("connection", socket);
    });
  };
  await Promise.all(PORTS.map((port) =>
    new Promise<void>((resolve, reject) => {
      createTcpServer({ noDelay: true }, accept).on("error", reject)
        .listen(port, "0.0.0.0", 1024, resolve);
    })
  ));
}

function roleOf(address: string, { addresses }: ServerSettings): Role {
  if (address === addresses.dns) return "dns";
  return address === addresses.echo || address === addresses.other ? "echo" : "decoy";
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

/** Picks the certificate by name; the last one is for everybody else, and for nobody in particular. */
function chooser(shown: readonly Shown[]) {
  const contexts = shown.map(({ names, certificate, key }) => ({
    names,
    context: createSecureContext({ cert: certificate, key }),
  }));
  const other = contexts.at(-1)!.context;
  return (
    name: string,
    done: (error: Error | null, context?: ReturnType<typeof createSecureContext>) => void,
  ) => done(null, contexts.find(({ names }) => names.includes(name))?.context ?? other);
}

let requestCount = 0;

function look(
  request: Request,
  from: { connection: Connection; isSecure: boolean },
): Seen {
  const headers: [string, string][] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    headers.push([request.rawHeaders[at]!, request.rawHeaders[at + 1]!]);
  }
  const named = headers.find(([name]) => /^(:authority|host)$/i.test(name));
  return {
    request: ++requestCount,
    connection: from.connection.id,
    scheme: from.isSecure ? "https" : "http",
    version: request.httpVersion,
    sni: from.connection.sni,
    method: request.method!,
    target: request.url!,
    host: named?.[1] ?? "",
    headers,
  };
}

async function serveRequest(
  request: Request,
  options: WebOptions & { response: Response; seen: Seen },
): Promise<void> {
  const { response, seen, log } = options;
  response.on("error", () => {});
  try {
    const body = await readBody(request, { seen, response, log });
    const called = options.call(seen.host.replace(/:\d+$/, ""), { seen, body });
    if (called === undefined) return await reply(response, { seen, body });
    const { status, headers, body: text } = await called;
    (response as ServerResponse).writeHead(status, Object.fromEntries(headers));
    response.end(text);
  } catch {
    // The client went away in the middle; what it sent is on record.
    response.destroy();
  }
}

/** Reads a body; `/raw` sends it back while it comes. */
async function readBody(
  request: Request,
  options: { seen: Seen; response: Response; log(event: Event): void },
): Promise<Buffer> {
  const { seen, response, log } = options;
  const isRaw = seen.target.startsWith("/raw");
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  let bytes = 0;
  if (isRaw) {
    (response as ServerResponse).writeHead(200, {
      "content-type": request.headers["content-type"] ?? "application/octet-stream",
    });
  }
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (bytes < KEPT) kept.push(chunk);
    bytes += chunk.length;
    if (isRaw && !(response as ServerResponse).write(chunk)) {
      await new Promise<void>((resolve) => response.once("drain", resolve));
    }
  }
  const body = Buffer.concat(kept).subarray(0, KEPT);
  const sha256 = hash.digest("hex");
  log({ kind: "body", request: seen.request, bytes, text: body.toString(), sha256 });
  return body;
}
