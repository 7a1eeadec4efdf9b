import { RUN_ROOT } from "./world.ts";

/** A directory that is gone with its test. */
export type TempTree = AsyncDisposable & { path: string };

/** Makes an empty directory below the folder of the run. */
export async function makeTempTree(): Promise<TempTree> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const path = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "tree-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
