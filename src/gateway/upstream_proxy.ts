import { Buffer } from "node:buffer";
import { BlockList, isIPv4, type Socket } from "node:net";
import { DialError } from "./context.ts";

/** The host's own proxy, ready for use. */
export type UpstreamProxy = {
  host: string;
  port: number;
  /** Says whether this host is reached without it. */
  isExempt(target: { host: string; port: number }): boolean;
  /**
   * Asks a connection to the proxy for a tunnel; what the host says first stays unread.
   *
   * @throws {DialError} Reason `dial`.
   */
  openTunnel(socket: Socket, target: { host: string; port: number }): Promise<void>;
};

const DEFAULT_PORT = 80;
/** Largest answer of a proxy to CONNECT, in bytes. */
const LONGEST_ANSWER = 16384;

/**
 * Reads the settings of the host's proxy.
 *
 * @throws {TypeError} If the URL is not `http://[user:pass@]host[:port]`; it is not repeated.
 */
export function parseUpstreamProxy(settings: { url: string; noProxy: string[] }): UpstreamProxy {
  const url = URL.parse(settings.url);
  if (url === null || url.protocol !== "http:" || url.hostname === "") {
    throw new TypeError("The proxy of the host is not of the form http://host:port");
  }
  const isExempt = createExemption(settings.noProxy);
  const credentials = url.username === "" ? null : Buffer.from(
    `${decodePart(url.username)}:${decodePart(url.password)}`,
  ).toString("base64");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    isExempt,
    openTunnel(socket, { host, port }) {
      const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
      if (credentials !== null) lines.push(`Proxy-Authorization: Basic ${credentials}`);
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      return readAnswer(socket);
    },
  };
}

/** A `%` that escapes nothing stands for itself. */
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Compiles exceptions: `*`, `host`, `.host` and `*.host` (with all below), `host:port`, IP, CIDR. */
function createExemption(patterns: readonly string[]): UpstreamProxy["isExempt"] {
  const networks = new BlockList();
  const names: { suffix: string; port: number | null }[] = [];
  let all = false;
  for (const pattern of patterns.map((text) => text.trim().toLowerCase())) {
    const [address, bits] = pattern.split("/") as [string, string | undefined];
    if (pattern === "*") all = true;
    else if (pattern === "") continue;
    else if (isIPv4(address) && (bits === undefined || /^([12]?\d|3[0-2])$/.test(bits))) {
      networks.addSubnet(address, bits === undefined ? 32 : Number(bits));
    } else {
      const [, suffix, port] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(pattern)!;
      names.push({ suffix: suffix!, port: port === undefined ? null : Number(port) });
    }
  }
  return ({ host, port }) => {
    if (all) return true;
    if (isIPv4(host) && networks.check(host)) return true;
    return names.some((name) =>
      (name.port === null || name.port === port) &&
      (host === name.suffix || host.endsWith(`.${name.suffix}`))
    );
  };
}

function readAnswer(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const finish = (problem: string | null) => {
      socket.off("readable", onReadable).off("end", onGone).off("close", onGone);
      if (problem === null) resolve();
      else reject(new DialError("dial", problem));
    };
    const onGone = () => finish("the host's proxy closed the connection");
    const onReadable = () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
        answer = Buffer.concat([answer, chunk]);
      }
      const end = answer.indexOf("\r\n\r\n");
      if (end < 0) {
        if (answer.length > LONGEST_ANSWER) finish("the host's proxy does not answer in HTTP");
        return;
      }
      const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(answer.toString("latin1", 0, 16))?.[1];
      const rest = answer.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      if (status?.startsWith("2")) finish(null);
      else if (status === "407") finish("the host's proxy asks for other credentials");
      else finish(`the host's proxy refuses (${status ?? "no HTTP"})`);
    };
    socket.on("readable", onReadable).on("end", onGone).on("close", onGone);
  });
}
