import { must } from "../shell.ts";

/** A machine with less is better off with its disk, in bytes. */
const ENOUGH_MEMORY = 6 * 2 ** 30;

/** The folder a run works in. */
export type Scratch = AsyncDisposable & {
  /** Whether it lies in memory. */
  inMemory: boolean;
};

/**
 * Makes the folder, readable by every user; in memory where that is possible, because thousands of
 * small files are made sure of on a disk one by one. Disposing removes it with all that is in it.
 */
export async function makeScratch(path: string): Promise<Scratch> {
  await Deno.mkdir(path, { recursive: true, mode: 0o755 });
  const inMemory = Deno.build.os === "linux" && Deno.uid() === 0 &&
    Deno.systemMemoryInfo().available > ENOUGH_MEMORY && await mountMemory(path);
  return {
    inMemory,
    async [Symbol.asyncDispose]() {
      // Lazily: what a failed test left running may still hold it.
      if (inMemory) await must("umount", ["--lazy", path]);
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** A container may not mount anything: then it is the disk. */
async function mountMemory(path: string): Promise<boolean> {
  const { success } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "mode=0755", "tmpfs", path],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}
