/** What a process holds. */
export type Resources = { files: number; bytes: number };

/** Longest wait for a process to rest, in milliseconds: kept connections end after a while. */
const REST_MS = 15_000;
/** Connections to origins that wait for a next request. */
const KEPT_FILES = 4;
const POLL_MS = 100;

/** Open files and resident memory of a process. */
export async function observeResources(pid: number): Promise<Resources> {
  let files = 0;
  for await (const _file of Deno.readDir(`/proc/${pid}/fd`)) files += 1;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return { files, bytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) * 1024 };
}

/** Waits until as few files are open as at the start, or it becomes clear that they stay open. */
export async function waitForRest(pid: number, start: Resources | undefined): Promise<Resources> {
  const deadline = performance.now() + REST_MS;
  for (;;) {
    const now = await observeResources(pid);
    if (
      start === undefined || now.files <= start.files + KEPT_FILES || performance.now() > deadline
    ) return now;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
