import { dirname } from "node:path";
import { formatPath } from "../project/root.ts";
import { findIdentity } from "./file_identity.ts";
import type { MountInfo } from "./mount_info.ts";
import type { WatchedMask } from "./types.ts";

/** A mask that no longer does its work. */
export type MaskLoss = {
  mask: WatchedMask;
  /**
   * `unmounted`: the kernel removed the mount. `replaced`: another file stands at the host path.
   * `appeared`: something that must not exist was made.
   */
  cause: "unmounted" | "replaced" | "appeared";
};

/** How masks are watched. */
export type WatchOptions = {
  masks: readonly WatchedMask[];
  /**
   * The mounts inside, seen from outside; `undefined` where they cannot be seen. Then the host's
   * side alone decides: a mount is lost exactly when the file under it is replaced or removed.
   */
  readMounts: () => Promise<MountInfo[] | undefined>;
  /** Freezes the cage at once, then tells the user. Called once for each batch of losses. */
  pause: (losses: readonly MaskLoss[]) => Promise<void>;
  /** Upper bound between two looks, in milliseconds. Defaults to 1000; events come sooner. */
  intervalMs?: number;
  /** Ends the watch. */
  signal: AbortSignal;
};

/**
 * Watches masks until the signal. File system events of the directories that hold them start a look
 * within milliseconds; a timer catches what has no events. Costs nothing without masks.
 */
export async function watchMasks(options: WatchOptions): Promise<void> {
  const { masks, signal } = options;
  if (masks.length === 0 || signal.aborted) return;
  const bell = new Bell();
  const lost = new Set<WatchedMask>();
  const state: WatchState = { ids: new Map(), lost };
  using _events = ringOnEvents(masks, bell);
  const stop = () => bell.ring();
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted && lost.size < masks.length) {
      const losses = await findLosses(options, state);
      for (const { mask } of losses) lost.add(mask);
      if (losses.length > 0 && !signal.aborted) await options.pause(losses);
      await bell.wait(options.intervalMs ?? 1000);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Formats losses for the user: what was lost, why, what it means. */
export function formatLosses(losses: readonly MaskLoss[]): string[] {
  return losses.map(({ mask, cause }) => {
    const path = formatPath(mask.path);
    if (cause === "appeared") return `${path} was created, and your machine's git would obey it`;
    const how = cause === "unmounted" ? "was replaced or deleted" : "was replaced";
    switch (mask.kind) {
      case "hidden":
        return `${path} ${how} on the host: it is no longer hidden from the cage`;
      case "readonly":
        return `${path} ${how} on the host: it is no longer read-only in the cage`;
      case "git":
        return `${path} ${how} on the host: the cage could change what your machine's git executes`;
    }
  });
}

type WatchState = {
  /** Mount id by target, from the first look on. */
  ids: Map<string, string>;
  lost: ReadonlySet<WatchedMask>;
};

async function findLosses(options: WatchOptions, state: WatchState): Promise<MaskLoss[]> {
  const mounts = await options.readMounts();
  const byTarget = new Map(mounts?.map((mount) => [mount.target, mount.id]));
  const ids = new Set(byTarget.values());
  const losses: MaskLoss[] = [];
  for (const mask of options.masks) {
    if (state.lost.has(mask)) continue;
    const now = await findIdentity(mask.path);
    if (mask.state === "absent") {
      if (now !== undefined) losses.push({ mask, cause: "appeared" });
      continue;
    }
    if (mounts !== undefined) {
      const id = byTarget.get(mask.target);
      const known = state.ids.get(mask.target);
      if (id !== undefined) state.ids.set(mask.target, id);
      // The agent renamed the directory around it: the mount went along and still covers the file.
      const hasMoved = id === undefined && known !== undefined && ids.has(known);
      if (id === undefined && !(hasMoved && now === undefined)) {
        losses.push({ mask, cause: "unmounted" });
        continue;
      }
    }
    // Gone without a trace can be the agent's rename around it; only another file is a loss.
    const isReplaced = now !== undefined && now.identity !== mask.identity;
    const isGone = now === undefined && mounts === undefined;
    if (isReplaced || isGone) losses.push({ mask, cause: "replaced" });
  }
  return losses;
}

/** Wakes one waiter; a ring while nobody waits is kept. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}

function ringOnEvents(masks: readonly WatchedMask[], bell: Bell): Disposable {
  const paths = new Set(masks.map((mask) => mask.path));
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs([...new Set(masks.map((mask) => dirname(mask.path)))], {
      recursive: false,
    });
  } catch {
    // No more watches, or a directory has gone: the timer alone looks.
    return { [Symbol.dispose]() {} };
  }
  const listen = async () => {
    for await (const event of watcher) {
      if (event.kind !== "access" && event.paths.some((path) => paths.has(path))) bell.ring();
    }
  };
  // A failing watcher leaves the timer.
  listen().catch(() => undefined);
  return { [Symbol.dispose]: () => watcher.close() };
}
