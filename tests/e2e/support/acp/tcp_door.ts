/** An engine's socket as a TCP port of loopback: what `DOCKER_HOST=tcp://…` stands for. */
export type TcpDoor = AsyncDisposable & {
  /** `tcp://127.0.0.1:PORT`. */
  url: string;
  /** Connections so far. */
  count(): number;
};

/** Opens the door; disposing it closes every connection through it. */
export function openTcpDoor(socket: string): TcpDoor {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const passing: Promise<void>[] = [];
  const passOn = async (outer: Deno.TcpConn) => {
    open.add(outer);
    const inner = await Deno.connect({ transport: "unix", path: socket });
    open.add(inner);
    await Promise.all([copy(outer, inner), copy(inner, outer)]);
    for (const one of [outer, inner]) {
      open.delete(one);
      closeQuietly(one);
    }
  };
  const accepting = (async () => {
    for (;;) {
      const connection = await listener.accept().catch(() => undefined);
      if (connection === undefined) return;
      passing.push(passOn(connection).catch(() => closeQuietly(connection)));
    }
  })();
  return {
    url: `tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    count: () => passing.length,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const one of open) closeQuietly(one);
      await Promise.all(passing);
    },
  };
}

type End = Deno.TcpConn | Deno.UnixConn;

/** Each way ends by itself: an attached stdin that is closed is not the end of stdout. */
async function copy(from: End, to: End): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
    }
    await to.closeWrite();
  } catch {
    // One side has gone: so does the other.
    closeQuietly(from);
    closeQuietly(to);
  }
}

function closeQuietly(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
