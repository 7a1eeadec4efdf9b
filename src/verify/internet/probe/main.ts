/**
 * Runs in a cage, as a thread of `serve.ts`: runs a list of probes all at once and tells the
 * outcomes. One file, however long: it is handed to Node as an argument, where no file of ours can
 * be.
 */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect as connectH2 } from "node:http2";
import { connect, isIP, type Socket } from "node:net";
import process from "node:process";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { parentPort, workerData } from "node:worker_threads";
import type {
  H2Probe,
  Outcome,
  Probe,
  RawProbe,
  RunProbe,
  UdpProbe,
  WebSocketProbe,
} from "./types.ts";

const WAIT_MS = 1500;
/** The gateway always says something, but on a busy machine it takes its time. */
const GATEWAY_WAIT_MS = 10_000;
/** Silence after which an answer is taken to be whole. */
const CALM_MS = 300;
const KEPT = 65_536;

type Draft = Omit<Outcome, "id">;

const probes = (workerData as Probe[]).map((probe) =>
  "host" in probe ? { ...waitFor(probe), host: findHost(probe.host) } : probe
);
const outcomes = await Promise.all(probes.map(async (probe) => {
  const draft: Draft = { reached: "nothing", data: "" };
  try {
    await runProbe(probe, draft);
  } catch (error) {
    draft.error ??= describe(error);
  }
  return { id: probe.id, ...draft };
}));
parentPort!.postMessage(outcomes);

function waitFor<P extends Probe>(probe: P): P {
  return probe.kind === "raw" && probe.host === "@gateway"
    ? { waitMs: GATEWAY_WAIT_MS, ...probe }
    : probe;
}

/**
 * `@gateway` is the session's gateway, as every program is told, and `@bridge` the address before it;
 * `@resolver` is whom a program asks for names.
 */
function findHost(host: string): string {
  const gateway = () => new URL(process.env.https_proxy ?? "").hostname;
  if (host === "@gateway") return gateway();
  if (host === "@bridge") return gateway().replace(/\d+$/, (last) => String(Number(last) - 1));
  if (host !== "@resolver") return host;
  const found = /^nameserver\s+(\S+)/m.exec(readFileSync("/etc/resolv.conf", "utf8"));
  return found?.[1] ?? "127.0.0.1";
}

function runProbe(probe: Probe, draft: Draft): Promise<void> {
  switch (probe.kind) {
    case "raw":
      return runRaw(probe, draft);
    case "udp":
      return runUdp(probe, draft);
    case "h2":
      return runH2(probe, draft);
    case "websocket":
      return runWebSocket(probe, draft);
    case "run":
      return runProgram(probe, draft);
    default:
      return probe satisfies never;
  }
}

async function runRaw(probe: RawProbe, draft: Draft): Promise<void> {
  const waitMs = probe.waitMs ?? WAIT_MS;
  const tcp = connect(probe.port, probe.host);
  await settled(tcp, "connect", waitMs);
  draft.reached = "tcp";
  let socket: Socket | TLSSocket = tcp;
  if (probe.first !== undefined) {
    tcp.write(probe.first, "latin1");
    draft.head = await readHead(tcp, waitMs);
    if (!/^HTTP\/1\.[01] 200 /.test(draft.head)) return void tcp.destroy();
    draft.reached = "connect";
  }
  if (probe.tls !== undefined) {
    const secure = connectTls({
      socket: tcp,
      ...(probe.tls.sni === null ? {} : { servername: probe.tls.sni }),
      ...(probe.tls.alpn === undefined ? {} : { ALPNProtocols: probe.tls.alpn }),
      rejectUnauthorized: false,
    });
    await settled(secure, "secureConnect", waitMs);
    const shown = secure.getPeerCertificate();
    draft.issuer = shown.issuer?.CN?.toString();
    draft.names = shown.subjectaltname;
    draft.reached = "tls";
    socket = secure;
  }
  await converse(socket, { send: probe.send ?? [], waitMs, draft });
  tcp.destroy();
}

/** Sends one message after the other, each when something came back for the one before. */
async function converse(
  socket: Socket,
  options: { send: string[]; waitMs: number; draft: Draft },
): Promise<void> {
  const { send, waitMs, draft } = options;
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    draft.reached = "data";
    if (draft.data.length < KEPT) draft.data += chunk.toString("latin1");
    wake();
  });
  socket.on("error", (error) => {
    draft.error = describe(error);
    wake();
  });
  socket.on("close", () => {
    draft.closed = true;
    wake();
  });
  const isOpen = () => draft.closed !== true;
  for (const message of send.length === 0 ? [""] : send) {
    if (!isOpen()) return;
    const before = draft.data.length;
    if (message !== "") socket.write(message, "latin1");
    const deadline = Date.now() + waitMs;
    // Something came: a little longer, for the rest of it.
    for (let calm = false; !calm && isOpen() && Date.now() < deadline;) {
      const length = draft.data.length;
      const patience = length > before ? CALM_MS : deadline - Date.now();
      calm = !await woken((resolve) => wake = resolve, patience) && length > before;
    }
  }
}

/** Whether something happened before the time was up. */
function woken(listen: (resolve: () => void) => void, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    listen(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function readHead(socket: Socket, waitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = "";
    const timer = setTimeout(() => reject(new Error("no answer to the first bytes")), waitMs * 2);
    const done = () => {
      clearTimeout(timer);
      resolve(head);
    };
    const read = () => {
      for (let chunk: Buffer | null; (chunk = socket.read()) !== null;) {
        head += chunk.toString("latin1");
      }
      // A denial has a body; it ends with the connection.
      if (!/^HTTP\/1\.[01] 200 [^]*\r\n\r\n$/.test(head)) return;
      socket.removeListener("readable", read);
      done();
    };
    socket.on("readable", read);
    socket.once("end", done);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    setTimeout(() => head !== "" && done(), waitMs).unref();
  });
}

function settled(socket: Socket, event: string, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no ${event} in ${waitMs} ms`));
    }, waitMs);
    socket.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
    // It stays: an error may also come after the connection.
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error("closed"));
    });
  });
}

function runUdp(probe: UdpProbe, draft: Draft): Promise<void> {
  const socket = createSocket(isIP(probe.host) === 6 ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.close();
      resolve();
    }, probe.waitMs ?? WAIT_MS);
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on("message", (message) => {
      draft.reached = "data";
      draft.data = message.toString("hex");
      clearTimeout(timer);
      socket.close();
      resolve();
    });
    socket.send(Buffer.from(probe.hex, "hex"), probe.port, probe.host, (error) => {
      if (error !== null) draft.error = describe(error);
    });
  });
}

async function runH2(probe: H2Probe, draft: Draft): Promise<void> {
  const socket = connectTls({
    host: probe.host,
    port: probe.port,
    servername: probe.sni,
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
  });
  await settled(socket, "secureConnect", GATEWAY_WAIT_MS);
  draft.reached = "tls";
  if (socket.alpnProtocol !== "h2") throw new Error(`ALPN: ${socket.alpnProtocol}`);
  const session = connectH2(`https://${probe.sni}`, { createConnection: () => socket });
  session.on("error", () => {});
  draft.answers = await Promise.all(
    probe.requests.map(({ authority, path, headers }) =>
      new Promise<{ status: number; body: string; error?: string }>((resolve) => {
        const answer = { status: 0, body: "" };
        const timer = setTimeout(() => resolve({ ...answer, error: "no answer" }), GATEWAY_WAIT_MS);
        const stream = session.request({ ":authority": authority, ":path": path, ...headers });
        stream.on("response", (headers) => answer.status = Number(headers[":status"]));
        stream.on("data", (chunk: Buffer) => answer.body += chunk.toString());
        stream.on("error", (error) => resolve({ ...answer, error: describe(error) }));
        stream.on("close", () => {
          clearTimeout(timer);
          resolve(answer);
        });
        stream.end();
      })
    ),
  );
  draft.reached = "data";
  session.destroy();
}

function runWebSocket(probe: WebSocketProbe, draft: Draft): Promise<void> {
  const socket = new WebSocket(probe.url);
  const waiting = [...probe.send];
  const texts: string[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("no answer")),
      probe.waitMs ?? GATEWAY_WAIT_MS,
    );
    const end = () => {
      clearTimeout(timer);
      draft.data = JSON.stringify(texts);
      socket.close();
      resolve();
    };
    const next = () => {
      const text = waiting.shift();
      if (text === undefined) end();
      else socket.send(text);
    };
    socket.addEventListener("open", () => {
      draft.reached = "connect";
      next();
    });
    socket.addEventListener("message", ({ data }) => {
      draft.reached = "data";
      texts.push(String(data));
      next();
    });
    socket.addEventListener("error", (event) => {
      draft.error = describe((event as ErrorEvent).error ?? "error");
      end();
    });
    socket.addEventListener("close", ({ code }) => {
      draft.closed = true;
      draft.code = code;
      end();
    });
  });
}

function runProgram(probe: RunProbe, draft: Draft): Promise<void> {
  const [program, ...args] = probe.command;
  const env: Record<string, string | undefined> = { ...process.env };
  for (const [name, value] of Object.entries(probe.env ?? {})) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  const child = spawn(program!, args, { env, timeout: probe.timeoutMs ?? 15_000 });
  draft.stderr = "";
  child.stdout.on("data", (chunk: Buffer) => draft.data += chunk.toString());
  child.stderr.on("data", (chunk: Buffer) => draft.stderr += chunk.toString());
  child.stdin.on("error", () => {});
  child.stdin.end(probe.stdin ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      draft.code = code ?? -1;
      if (signal !== null) draft.error = `ended by ${signal}`;
      resolve();
    });
  });
}

function describe(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
