import { pause } from "../pause.ts";

/** Waits for changes in a directory. */
export type Waker = Disposable & {
  /** Returns when something in it was written since the last call, or after `ms` at the latest. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
};

/**
 * Watches what is in a directory. Where the system has no watch left to give, {@link Waker.wait}
 * only ever waits its time: whoever calls looks anyway.
 */
export function watchDirectory(dir: string): Waker {
  const watcher = openWatcher(dir);
  let changed = false;
  let wake = () => {};
  if (watcher !== undefined) {
    void (async () => {
      for await (const { kind } of watcher) {
        // Who opens or closes a file, ourselves among them, changes nothing.
        if (kind === "access") continue;
        changed = true;
        wake();
      }
    })().catch(() => {});
  }
  return {
    async wait(ms, signal) {
      if (!changed) {
        const woken = new AbortController();
        wake = () => woken.abort();
        const signals = signal === undefined ? [woken.signal] : [woken.signal, signal];
        await pause(ms, AbortSignal.any(signals));
        wake = () => {};
      }
      changed = false;
    },
    [Symbol.dispose]: () => watcher?.close(),
  };
}

function openWatcher(dir: string): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(dir, { recursive: false });
  } catch {
    return undefined;
  }
}
