import type { CommandContext } from "../../../src/cli/context.ts";
import { runProgram } from "../../../src/cli/run.ts";
import { splitCommandLine } from "../../../src/cli/arguments.ts";
import type { Host } from "../../../src/host.ts";
import type { Io } from "../../../src/io.ts";

/** An Io that keeps what it is told. */
export type RecordingIo = Io & { said: { out: string; talk: string; warn: string } };

/** Makes an Io without a terminal; `answers` makes it one with a person. */
export function recordingIo(answers?: boolean[]): RecordingIo {
  const said = { out: "", talk: "", warn: "" };
  return {
    said,
    out: (text) => void (said.out += text.endsWith("\n") ? text : `${text}\n`),
    talk: (text) => void (said.talk += `${text}\n`),
    warn: (text) => void (said.warn += `${text}\n`),
    progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
    confirm: (_, { assumed }) => Promise.resolve(answers?.shift() ?? assumed),
    interactive: answers !== undefined,
    color: false,
  };
}

/** A host on which nothing is at home. */
export function bareHost(changes: Partial<Host> = {}): Host {
  return {
    platform: "linux",
    arch: "x86_64",
    env: {},
    cwd: "/nowhere",
    home: "/nowhere/home",
    stateDir: "/nowhere/state",
    user: { name: "ann", uid: 1000, gid: 1000 },
    tty: { stdin: false, stdout: false, stderr: false },
    ...changes,
  };
}

/** Runs a command line in this process. */
export async function runLine(
  line: readonly string[],
  options: { host?: Host; io?: RecordingIo } = {},
): Promise<{ exit: number; out: string; talk: string; warn: string }> {
  const io = options.io ?? recordingIo();
  const context: CommandContext = { host: options.host ?? bareHost(), io };
  const exit = await runProgram({ ...splitCommandLine(line), columns: 80 }, context);
  return { exit, ...io.said };
}

/** A directory that goes when the test ends. */
export async function makeTempDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-cli-" }));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
