import type { ProcessResult, Run } from "../../../src/engine/process.ts";
import type { Host } from "../../../src/host.ts";

/** A Linux host whose files lie below `root`. */
export function fakeHost(root: string, env: Record<string, string> = {}): Host {
  return {
    platform: "linux",
    arch: "x86_64",
    env,
    cwd: root,
    home: `${root}/home`,
    stateDir: `${root}/state`,
    user: { name: "user", uid: 1000, gid: 1000 },
    tty: { stdin: false, stdout: false, stderr: false },
  };
}

/** What a fake program answers, by the start of its command line. */
export type Answers = Record<string, Partial<ProcessResult> | Error>;

/** A process runner that answers from a table and remembers what it was asked. */
export function fakeRun(answers: Answers): { run: Run; calls: string[] } {
  const calls: string[] = [];
  const run: Run = (command, args) => {
    const line = [command, ...args].join(" ");
    calls.push(line);
    const key = Object.keys(answers).find((start) => line.startsWith(start));
    const answer = key === undefined ? undefined : answers[key];
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer === undefined) throw new Error(`No answer for: ${line}`);
    return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false, ...answer });
  };
  return { run, calls };
}

/** Reads a fixture as text. */
export function fixture(name: string): string {
  return Deno.readTextFileSync(new URL(`../../fixtures/engine/${name}`, import.meta.url));
}
