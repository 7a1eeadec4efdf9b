import { resolve } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { findRefusal, isSameOrInside } from "../project/refused.ts";
import { formatPath } from "../project/root.ts";
import type { CageRoot } from "../transfer/types.ts";
import { planDirName } from "./names.ts";

/** What an additional directory must go together with. */
export type DirOptions = {
  host: Host;
  /** Directories that the cage has already. */
  roots: readonly CageRoot[];
  /** The name to give it inside. */
  name?: string | undefined;
  /** Words that give it another name, for messages. */
  fix: string;
};

/**
 * Looks at a directory that is to come into a cage beside its project.
 *
 * @throws {UserError} If it is none, may never leave the host, overlaps with another one, or has a
 * name that is taken.
 */
export async function observeDir(path: string, options: DirOptions): Promise<CageRoot> {
  const { host, roots } = options;
  const hostPath = await readDirectory(resolve(host.cwd, path));
  const refusal = await findRefusal(hostPath, host);
  if (refusal !== undefined) {
    throw new UserError(`Cannot add ${formatPath(hostPath)}: it is ${refusal}`, {
      hint: "Name a directory below it that holds nothing else",
      exit: EXIT.config,
      code: "project-refused",
    });
  }
  const other = roots.find((root) => overlaps(root.hostPath, hostPath));
  if (other !== undefined) {
    throw new UserError(
      `Cannot add ${formatPath(hostPath)}: the cage has it with ${formatPath(other.hostPath)}`,
      {
        hint: "Work comes back to one place only: name a directory beside it",
        exit: EXIT.conflict,
        code: "conflict",
      },
    );
  }
  const name = planDirName(hostPath, {
    given: options.name,
    taken: roots.map((root) => root.name),
    fix: options.fix,
  });
  return { name, hostPath };
}

function overlaps(a: string, b: string): boolean {
  return isSameOrInside(a, b) || isSameOrInside(b, a);
}

async function readDirectory(path: string): Promise<string> {
  try {
    const real = await Deno.realPath(path);
    // Opening it is the only proof that it can be read.
    for await (const _ of Deno.readDir(real)) break;
    return real;
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "it does not exist"
      : cause instanceof Deno.errors.NotADirectory
      ? "it is no directory"
      : "it cannot be read";
    throw new UserError(`Cannot add ${formatPath(path)}: ${why}`, {
      hint: "Give the path of a directory",
      exit: EXIT.usage,
      code: "usage",
      cause,
    });
  }
}
