import { dirname, isAbsolute, normalize } from "node:path/posix";
import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { planSealedRun } from "../engine/sealed_run.ts";
import { INSIDE } from "../names.ts";

/** A home volume and how to reach into it. */
export type HomeAccess = {
  volume: string;
  /** Any image with a shell: the service's own. */
  image: string;
  user: { uid: number; gid: number };
};

/** Reads a file below a cage's home; `undefined` when there is none. */
export async function findHomeFile(
  path: string,
  options: { home: HomeAccess; engine: Pick<Engine, "docker"> },
): Promise<string | undefined> {
  const script = 'test -e "$1" || exit 44; exec cat -- "$1"';
  const result = await options.engine.docker(
    planAccess(options.home, { script, args: [insidePath(path)] }),
  );
  if (result.code === 44) return undefined;
  if (result.code !== 0) throw accessError({ verb: "read", path }, result.stderr);
  return result.stdout;
}

/**
 * Writes a file below a cage's home, 0600 and by rename. The text travels on stdin into a throw-away
 * container without network, so it is in no argument and no inspect output.
 */
export async function writeHomeFile(
  file: { path: string; text: string },
  options: { home: HomeAccess; engine: Pick<Engine, "docker"> },
): Promise<void> {
  const path = insidePath(file.path);
  const script = 'umask 077; mkdir -p -- "$2" && cat > "$1.new" && mv -f -- "$1.new" "$1"';
  const access = planAccess(options.home, { script, args: [path, dirname(path)] });
  const result = await options.engine.docker(access, { stdin: file.text });
  if (result.code !== 0) throw accessError({ verb: "write", path: file.path }, result.stderr);
}

/** For a shell and `cat`. */
const MEMORY_MIB = 512;

/** Arguments of the throw-away container. Pure. */
export function planAccess(
  home: HomeAccess,
  command: { script: string; args: readonly string[] },
): string[] {
  return planSealedRun({
    image: home.image,
    command: ["/bin/sh", "-c", command.script, "sh", ...command.args],
    user: home.user,
    mounts: [`type=volume,source=${home.volume},target=${INSIDE.home}`],
    memoryMiB: MEMORY_MIB,
    stdin: "open",
  });
}

function insidePath(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean.startsWith("..")) {
    throw new Error(`Not a path below the home: ${path}`);
  }
  return `${INSIDE.home}/${clean}`;
}

function accessError(tried: { verb: string; path: string }, stderr: string): UserError {
  return new UserError(`Cannot ${tried.verb} ~/${tried.path} in the cage: ${stderr.trim()}`, {
    hint: "Run: sandcage doctor",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}
