import type { Run } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";

/** A temporary directory that programs may mount into; gone when disposed. */
export type RootDir = AsyncDisposable & {
  readonly path: string;
  /** Aborts when the user interrupts, so that the directory is removed before the program ends. */
  readonly signal: AbortSignal;
};

/**
 * Makes a directory for a root file system. It lies in `/var/tmp`, as `/tmp` is often mounted without
 * device files, where debootstrap refuses to work.
 */
export async function makeRootDir(
  options: { run: Run; signal?: AbortSignal },
): Promise<RootDir> {
  const path = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "sandcage-root-" });
  const stop = new AbortController();
  const interrupt = () =>
    stop.abort(
      new UserError("Interrupted; nothing was left behind", {
        exit: EXIT.interrupted,
        code: "interrupted",
      }),
    );
  for (const name of SIGNALS) Deno.addSignalListener(name, interrupt);
  return {
    path,
    signal: options.signal === undefined
      ? stop.signal
      : AbortSignal.any([stop.signal, options.signal]),
    async [Symbol.asyncDispose]() {
      try {
        await removeTree(path, options.run);
      } finally {
        for (const name of SIGNALS) Deno.removeSignalListener(name, interrupt);
      }
    },
  };
}

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];

/** An interrupted debootstrap leaves /proc mounted inside, which must not be walked into. */
async function removeTree(path: string, run: Run): Promise<void> {
  const mounts = await Deno.readTextFile("/proc/self/mounts").catch(() => "");
  for (const point of findMountsBelow(mounts, path).reverse()) {
    await run("umount", ["--lazy", point], { timeoutMs: 10_000 });
  }
  // rm refuses to cross into a mount that could not be taken away.
  await run("rm", ["-rf", "--one-file-system", path], { timeoutMs: 120_000 });
}

/** Mount points below a directory, outermost first. Pure. */
export function findMountsBelow(mounts: string, path: string): string[] {
  return mounts.split("\n").map((line) => unescapeMount(line.split(" ")[1] ?? ""))
    .filter((point) => point.startsWith(`${path}/`));
}

/** Blank space stands as octal in the mount table. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}
