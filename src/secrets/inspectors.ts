import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { InspectorSource } from "../policy/document.ts";

/** Largest inspector, in bytes: all of them travel to the gateway in one line. */
const SOURCE_BYTES_MAX = 1024 * 1024;

/**
 * Reads the user's own inspectors, `<stateDir>/inspectors/*.{js,mjs,ts}`, by name. A project has
 * none: they see every request.
 *
 * @throws {UserError} If one cannot be read: going on without it would drop a check the user wrote.
 */
export async function listInspectors(stateDir: string): Promise<InspectorSource[]> {
  const dir = join(stateDir, "inspectors");
  const names = (await listNames(dir)).filter((name) => /^[^.].*\.(js|mjs|ts)$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => ({ name, source: await readSource(join(dir, name)) })),
  );
}

async function listNames(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function readSource(path: string): Promise<string> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new TypeError("it is no regular file");
    if (size > SOURCE_BYTES_MAX) throw new TypeError("it is larger than 1 MiB");
    return await Deno.readTextFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`Cannot read the inspector ${path}: ${reason}`, {
      hint: "Make it readable for you, or move it out of that folder",
      exit: EXIT.config,
      code: "config-unreadable",
      cause,
    });
  }
}
