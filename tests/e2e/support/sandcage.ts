import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../../tools/compile.ts";
import { type ProcessResult, run } from "../../../src/engine/process.ts";

/** Root of the checkout. */
export const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** A user to run sandcage as; needs root on the host. */
export type RunAs = { uid: number; gid: number; groups: readonly number[] };

/** How one command of the product is run. */
export type SandcageOptions = {
  cwd: string;
  /** The whole environment but PATH; nothing of the test's own leaks in. */
  env: Record<string, string>;
  stdin?: string;
  /** Upper bound in milliseconds. Defaults to 400 000: whoever comes first builds what is missing. */
  timeoutMs?: number;
  runAs?: RunAs;
  /** A deno and a bundle that `runAs` may read, when the checkout is private to its owner. */
  program?: Program;
};

/** Where deno and the program are. */
export type Program = { deno: string; entry: string };

/**
 * The split bundle: of SANDCAGE_E2E_PROGRAM, where the runner keeps a copy that no other build
 * touches, else of dist/; or the source with SANDCAGE_FROM_SOURCE=1.
 */
export function findProgram(): Program {
  const deno = Deno.execPath();
  if (Deno.env.get("SANDCAGE_FROM_SOURCE") === "1") {
    return { deno, entry: join(REPOSITORY, "main.ts") };
  }
  const dist = Deno.env.get("SANDCAGE_E2E_PROGRAM") ?? join(REPOSITORY, "dist");
  return { deno, entry: join(dist, "main.js") };
}

/** Runs `sandcage ARGS` to its end, without a terminal. */
export function sandcage(
  args: readonly string[],
  options: SandcageOptions,
): Promise<ProcessResult> {
  const { command, args: all } = sandcageCommand(args, options);
  return run(command, all, {
    cwd: options.cwd,
    timeoutMs: options.timeoutMs ?? 400_000,
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
  });
}

/** A sandcage that runs beside the test. */
export type Running = {
  pid: number;
  /** Sends a signal and waits for the end; the exit code. One that has ended already is no error. */
  end(signal: Deno.Signal): Promise<number>;
  /** Waits for the end; exit code and what was said on stderr. */
  ended: Promise<{ code: number; stderr: string }>;
};

/** Starts `sandcage ARGS` and leaves it running, without input; its stdout is dropped. */
export function spawnSandcage(args: readonly string[], options: SandcageOptions): Running {
  const { command, args: all } = sandcageCommand(args, options);
  const child = new Deno.Command(command, {
    args: all,
    cwd: options.cwd,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const ended = Promise.all([child.status, new Response(child.stderr).text()])
    .then(([{ code }, stderr]) => ({ code, stderr }));
  return {
    pid: child.pid,
    ended,
    async end(signal) {
      try {
        child.kill(signal);
      } catch {
        // It has ended: the exit code says how.
      }
      return (await child.status).code;
    },
  };
}

/**
 * The command line of `sandcage ARGS`: `env -i` so that only what a test names is there, `setpriv`
 * to become another user. Both exec, so the process id is the product's.
 */
export function sandcageCommand(
  args: readonly string[],
  options: Pick<SandcageOptions, "env" | "runAs" | "program">,
): { command: string; args: string[] } {
  const { deno, entry } = options.program ?? findProgram();
  const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", ...options.env };
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const lock = entry.endsWith(".ts") ? [] : ["--no-lock", "--no-config"];
  const inner = ["-i", ...pairs, deno, "run", "--quiet", "-A", V8_FLAGS, ...lock, entry, ...args];
  if (options.runAs === undefined) return { command: "env", args: inner };
  const { uid, gid, groups } = options.runAs;
  const become = [`--reuid=${uid}`, `--regid=${gid}`];
  const supplementary = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`;
  return { command: "setpriv", args: [...become, supplementary, "env", ...inner] };
}
