import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
  /** Upper bound in milliseconds. Defaults to 120 000: a session on two busy cores takes seconds. */
  timeoutMs?: number;
  runAs?: RunAs;
  /** A deno and a bundle that `runAs` may read, when the checkout is private to its owner. */
  program?: Program;
};

/** Where deno and the program are. */
export type Program = { deno: string; entry: string };

/** The split bundle of dist/, or the source with SANDCAGE_FROM_SOURCE=1. */
export function findProgram(): Program {
  const entry = Deno.env.get("SANDCAGE_FROM_SOURCE") === "1" ? "main.ts" : "dist/main.js";
  return { deno: Deno.execPath(), entry: join(REPOSITORY, entry) };
}

/** Runs `sandcage ARGS` to its end, without a terminal. */
export function sandcage(
  args: readonly string[],
  options: SandcageOptions,
): Promise<ProcessResult> {
  const { command, args: all } = sandcageCommand(args, options);
  return run(command, all, {
    cwd: options.cwd,
    timeoutMs: options.timeoutMs ?? 120_000,
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
  });
}

/** Starts `sandcage ARGS` and leaves it running; output is dropped unless `stdout` says otherwise. */
export function spawnSandcage(
  args: readonly string[],
  options: SandcageOptions & { stdout?: "piped" | "null" },
): Deno.ChildProcess {
  const { command, args: all } = sandcageCommand(args, options);
  return new Deno.Command(command, {
    args: all,
    cwd: options.cwd,
    stdin: "null",
    stdout: options.stdout ?? "null",
    stderr: "null",
  }).spawn();
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
  const inner = ["-i", ...pairs, deno, "run", "--quiet", "-A", ...lock, entry, ...args];
  if (options.runAs === undefined) return { command: "env", args: inner };
  const { uid, gid, groups } = options.runAs;
  const become = [`--reuid=${uid}`, `--regid=${gid}`];
  const supplementary = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`;
  return { command: "setpriv", args: [...become, supplementary, "env", ...inner] };
}
