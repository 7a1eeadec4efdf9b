import { EXIT, UserError } from "../errors.ts";

/** A TCP port of the cage published on the user's loopback. */
export type PublishedPort = { host: number; cage: number };

/**
 * Reads the `ports` of the config: `3000`, or `8080:3000` for host port 8080 to cage port 3000.
 *
 * @throws {UserError} If an entry is no port, or two entries want one host port.
 */
export function planPorts(ports: readonly string[]): PublishedPort[] {
  const planned = ports.map(parsePort);
  const seen = new Set<number>();
  for (const port of planned) {
    if (seen.has(port.host)) {
      throw new UserError(`Host port ${port.host} is published twice in "ports"`, {
        hint: `Give one of them another host port, for example "${port.host + 1}:${port.cage}"`,
        exit: EXIT.config,
        code: "config-invalid",
      });
    }
    seen.add(port.host);
  }
  return planned;
}

function parsePort(text: string): PublishedPort {
  const match = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text);
  const cage = Number(match?.[2]);
  const host = match?.[1] === undefined ? cage : Number(match[1]);
  if (match === null || !isPort(cage) || !isPort(host)) {
    throw new UserError(`Cannot read port ${JSON.stringify(text)} in "ports"`, {
      hint: 'Give a port between 1 and 65535, "3000", or host:cage, "8080:3000"; ' +
        "it is published on 127.0.0.1 only",
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  return { host, cage };
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}
