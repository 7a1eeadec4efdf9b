import type { Probe } from "./probe/types.ts";

/** What a raw probe may say besides its place. */
export type RawOptions = Omit<Extract<Probe, { kind: "raw" }>, "id" | "kind">;

/** What a program is given besides its arguments. */
export type RunOptions = Omit<Extract<Probe, { kind: "run" }>, "id" | "kind" | "command">;

/** One TCP connection. `@gateway` is the session's gateway, `@bridge` the bridge it is on. */
export function raw(id: string, options: RawOptions): Probe {
  return { id, kind: "raw", ...options };
}

/** A CONNECT to the session's proxy, and what goes through the tunnel. */
export function connect(
  id: string,
  authority: string,
  options: Partial<RawOptions> = {},
): Probe {
  const first = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
  return raw(id, { host: "@gateway", port: 3128, first, ...options });
}

/** What a datagram needs besides its place. */
export type UdpOptions =
  & Partial<Omit<Extract<Probe, { kind: "udp" }>, "id" | "kind">>
  & { hex: string };

/** One datagram; to the gateway's name server unless told otherwise. */
export function udp(id: string, options: UdpOptions): Probe {
  return { id, kind: "udp", host: "@gateway", port: 53, ...options };
}

/** A program. */
export function run(
  id: string,
  command: string[],
  options: RunOptions = {},
): Probe {
  return { id, kind: "run", command, ...options };
}

/** curl, quiet but for errors, at most ten seconds. */
export function curl(id: string, args: string[], options: RunOptions = {}): Probe {
  return run(id, ["curl", "-sS", "-m", "10", ...args], options);
}

/** Every variable that names a proxy, with one value; `null` unsets them. */
export function everyProxy(value: string | null): Record<string, string | null> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  return Object.fromEntries(
    [...names, ...names.map((name) => name.toLowerCase())].map((name) => [name, value]),
  );
}

/** A request of HTTP/1.1 in full, after which the connection ends. */
export function formatGet(host: string, target = "/"): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}
