import { Resolver } from "node:dns";

/** The addresses of a name, and how long they may be used, in milliseconds. */
export type Addresses = { addresses: string[]; lifeMs: number };

/** Asks for the IPv4 addresses of a name. */
export type Resolve = (host: string) => Promise<Addresses>;

/** No address came: `code` is that of `node:dns`. */
export class ResolveError extends Error {
  override readonly name = "ResolveError";
  readonly code: string;
  constructor(code: string) {
    super(`the name does not resolve (${code})`);
    this.code = code;
  }
}

/** Time for one question to one server, in milliseconds, and how often each is asked. */
const TIMEOUT_MS = 2000;
const TRIES = 2;

/**
 * Makes the resolver of the gateway. Only IPv4 is asked for: only IPv4 is dialed, so an address of
 * another kind could neither be reached nor do harm.
 *
 * @param servers `address` or `address:port`; empty for the system's.
 */
export function createResolve(servers: readonly string[]): Resolve {
  let resolver: Resolver | undefined;
  const running = new Map<string, Promise<Addresses>>();

  function ask(host: string): Promise<Addresses> {
    if (resolver === undefined) {
      resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
      if (servers.length > 0) resolver.setServers(servers);
    }
    return new Promise((resolve, reject) => {
      resolver!.resolve4(host, { ttl: true }, (error, records) => {
        if (error !== null) return reject(new ResolveError(error.code ?? "EFAILED"));
        if (records.length === 0) return reject(new ResolveError("ENODATA"));
        const ttl = Math.min(...records.map((record) => record.ttl));
        resolve({ addresses: records.map((record) => record.address), lifeMs: ttl * 1000 });
      });
    });
  }

  return (host) => {
    const known = running.get(host);
    if (known !== undefined) return known;
    const answer = ask(host).finally(() => running.delete(host));
    running.set(host, answer);
    return answer;
  };
}
