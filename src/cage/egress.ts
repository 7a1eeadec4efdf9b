import type { Engine } from "../engine/engine.ts";

/** One of several networks of the same name. */
export type NetworkTwin = {
  id: string;
  /** RFC 3339, as the engine says; compared as text, for all who look see the same. */
  created: string;
};

/** How often and how long networks of one name are looked at until one is left, in milliseconds. */
const LOOK_MS = 100;
const SETTLE_MS = 5_000;

/** After this long whoever made a surplus network is taken for dead, in milliseconds. */
const ABANDONED_MS = 1_000;

/**
 * Which network of a name stays: the oldest, so that all who look decide alike. Pure.
 *
 * @returns `undefined` when there is none.
 */
export function chooseTwin(twins: readonly NetworkTwin[]): NetworkTwin | undefined {
  return twins.toSorted((a, b) => order(a.created, b.created) || order(a.id, b.id))[0];
}

/**
 * Brings networks of one name down to one. The engine refuses a second one, but not when two clients
 * make theirs in the same moment: then the name is ambiguous and no cage starts any more.
 *
 * @param own Id of the network this process has just made, if it has.
 * @returns Whether one is there at the end.
 */
export async function settleNetwork(
  name: string,
  options: { engine: Pick<Engine, "docker">; own?: string; nowMs: () => number },
): Promise<boolean> {
  const { engine, own, nowMs } = options;
  const startMs = nowMs();
  while (true) {
    const twins = await listTwins(name, engine);
    if (twins.length === 1) return true;
    // None yet: the engine knows the name before it lists the network.
    const waitedMs = nowMs() - startMs;
    if (waitedMs > SETTLE_MS) return false;
    const kept = chooseTwin(twins);
    for (const { id } of twins) {
      // Everybody removes his own; what is left over belongs to a client that died. A network that
      // is in use refuses.
      const isMine = id === own || waitedMs > ABANDONED_MS;
      if (id !== kept?.id && isMine) await engine.docker(["network", "rm", id]);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function listTwins(name: string, engine: Pick<Engine, "docker">): Promise<NetworkTwin[]> {
  const filter = `name=^${name}$`;
  const listed = await engine.docker([
    "network",
    "ls",
    "--no-trunc",
    "--quiet",
    "--filter",
    filter,
  ]);
  const ids = listed.stdout.split("\n").filter((id) => id !== "");
  if (ids.length <= 1) return ids.map((id) => ({ id, created: "" }));
  const format = ["--format", "{{.Id}} {{.Created}}"];
  // One of them may be gone by now: docker then prints the others.
  const inspected = await engine.docker(["network", "inspect", ...format, ...ids]);
  return inspected.stdout.split("\n").filter((line) => line !== "").map((line) => {
    const [id = "", created = ""] = line.split(" ");
    return { id, created };
  });
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
