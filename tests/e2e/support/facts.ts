import { join } from "node:path";
import { exists } from "./files.ts";

/**
 * What the product remembers of engine and machine, below its state directory. It believes none of it
 * when socket or certificates have changed, so it holds in every world of a machine; finding it out
 * anew costs a container and four processes. That it is found out rightly, `engine_test.ts` shows.
 */
const PLACES = ["engines", "cache"];

/** Puts what is known into a new state directory. */
export async function takeFacts(from: string, state: string): Promise<void> {
  for (const place of PLACES) {
    const names = await list(join(from, place));
    if (names.length === 0) continue;
    await Deno.mkdir(join(state, place), { mode: 0o700 });
    for (const name of names) await copy(join(from, place, name), join(state, place, name));
  }
}

/** Keeps what a state directory knows and nobody knew before. */
export async function keepFacts(to: string, state: string): Promise<void> {
  for (const place of PLACES) {
    for (const name of await list(join(state, place))) {
      const [path, kept] = [join(state, place, name), join(to, place, name)];
      if (await exists(kept) || !await isWhole(path)) continue;
      await Deno.mkdir(join(to, place), { recursive: true });
      // Another test file may be at it: each writes beside, and the last rename is as good.
      const staging = `${to}/${crypto.randomUUID()}`;
      await copy(path, staging);
      await Deno.rename(staging, kept);
    }
  }
}

/** An engine is worth remembering once it is proven to see this machine's files. */
async function isWhole(path: string): Promise<boolean> {
  if (!path.endsWith(".json")) return false;
  const { provenLocal, certificates } = JSON.parse(await Deno.readTextFile(path));
  return provenLocal === true || Array.isArray(certificates);
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.copyFile(from, to);
  await Deno.chmod(to, 0o600);
}

async function list(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
