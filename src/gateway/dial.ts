import { connect, isIP, type Socket } from "node:net";
import type { Policy } from "../policy/compile.ts";
import { decideAddress } from "../policy/decide.ts";
import { type Dialer, DialError, type Snapshot } from "./context.ts";
import { type Resolve, ResolveError } from "./resolve.ts";
import type { UpstreamProxy } from "./upstream_proxy.ts";

/** What a dialer decides with. */
export type DialerParts = {
  snapshot(): Pick<Snapshot, "policy">;
  resolve: Resolve;
  /** Addresses of the gateway itself, never dialed whatever a rule says. */
  listOwnAddresses(): ReadonlySet<string>;
  proxy: UpstreamProxy | null;
  /** Time for all of one dial, in milliseconds. */
  timeoutMs?: number;
};

/** Time a connection may take, over all addresses of a host. */
const DIAL_TIMEOUT_MS = 10_000;
/** A checked answer is used this long at most, so that a host that moves is found again. */
const LONGEST_LIFE_MS = 30_000;
const MOST_CACHED = 1024;

type Target = { host: string; port: number };
type Checked = { policy: Policy; addresses: string[]; expiresMs: number };

/** Makes the only way out: what is dialed is always an address that was checked, never a name. */
export function createDialer(parts: DialerParts): Dialer {
  const timeoutMs = parts.timeoutMs ?? DIAL_TIMEOUT_MS;
  const cache = new Map<string, Checked>();

  /** Addresses of the host, every one of them allowed by the policy in force. */
  async function findAddresses({ host, port }: Target): Promise<string[]> {
    const key = `${host} ${port}`;
    const known = cache.get(key);
    if (known?.policy === parts.snapshot().policy && known.expiresMs > performance.now()) {
      return known.addresses;
    }
    const askedMs = performance.now();
    const { addresses, lifeMs } = isIP(host) === 0
      ? await parts.resolve(host)
      : { addresses: [host], lifeMs: 0 };
    const { policy } = parts.snapshot();
    const own = parts.listOwnAddresses();
    for (const address of addresses) {
      // One hostile address spoils them all: a name that has one is not to be trusted.
      if (own.has(address)) throw new DialError("address", `${host} is the gateway itself`);
      const decision = decideAddress(policy, { host, address, port });
      if (decision.verdict === "deny") {
        throw new DialError(decision.reason, `${host} resolves to ${address}`);
      }
    }
    cache.delete(key);
    if (lifeMs > 0) {
      const expiresMs = askedMs + Math.min(lifeMs, LONGEST_LIFE_MS);
      cache.set(key, { policy, addresses, expiresMs });
      if (cache.size > MOST_CACHED) cache.delete(cache.keys().next().value!);
    }
    return addresses;
  }

  /** The same, given up after the time of the whole dial; name servers can be slower. */
  async function findInTime(target: Target, signal: AbortSignal): Promise<string[]> {
    const { promise: gaveUp, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(givenUp());
    const timer = setTimeout(
      () => reject(new DialError("timeout", "the name servers do not answer")),
      timeoutMs,
    );
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    try {
      return await Promise.race([findAddresses(target), gaveUp]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async function dialDirectly(target: Target, signal: AbortSignal) {
    const startedMs = performance.now();
    const addresses = await findInTime(target, signal).catch((error) => {
      if (error instanceof ResolveError) throw new DialError("resolve", error.message);
      throw error;
    });
    let problem: unknown;
    for (const [index, address] of addresses.entries()) {
      // What is left is shared, so that a dead first address leaves time for the next.
      const leftMs = timeoutMs - (performance.now() - startedMs);
      const shareMs = leftMs / (addresses.length - index);
      try {
        const socket = await connectTo(address, target.port, {
          name: `${address}:${target.port}`,
          timeoutMs: shareMs,
          signal,
        });
        return { socket, address };
      } catch (error) {
        problem = error;
        if (signal.aborted) break;
      }
    }
    throw problem;
  }

  async function dialThrough(proxy: UpstreamProxy, target: Target, signal: AbortSignal) {
    try {
      await findInTime(target, signal);
    } catch (error) {
      // Behind a proxy names often resolve only there; those that resolve here are checked.
      if (!(error instanceof ResolveError)) throw error;
    }
    const socket = await connectTo(proxy.host, proxy.port, {
      name: "the host's proxy",
      timeoutMs,
      signal,
    });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    try {
      await proxy.openTunnel(socket, target);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return { socket, address: socket.remoteAddress ?? proxy.host };
  }

  return {
    dial(target, signal = new AbortController().signal) {
      const { proxy } = parts;
      return proxy === null || proxy.isExempt(target)
        ? dialDirectly(target, signal)
        : dialThrough(proxy, target, signal);
    },
  };
}

/** Connects; the address is a name only for the host's own proxy. */
function connectTo(
  address: string,
  port: number,
  options: { name: string; timeoutMs: number; signal: AbortSignal },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { name, signal } = options;
    const socket = connect({ host: address, port, noDelay: true });
    const finish = (error: DialError | null) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect);
      if (error === null) return resolve(socket);
      socket.destroy();
      reject(error);
    };
    const onConnect = () => finish(null);
    const onAbort = () => finish(givenUp());
    const timer = setTimeout(
      () => finish(new DialError("timeout", `${name} does not answer`)),
      options.timeoutMs,
    );
    socket.once("connect", onConnect);
    // Stays for the life of the socket: an error without a listener would end the process.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      finish(new DialError("dial", `${name}: ${error.code ?? "failed"}`));
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
}

function givenUp(): DialError {
  return new DialError("dial", "given up before it was connected");
}
