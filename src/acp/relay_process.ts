import type { Host } from "../host.ts";
import { readLines } from "./lines.ts";
import { observeProgram, planProgram } from "../self.ts";

/** Another `sandcage acp run`, as an editor has it. */
export type RelayProcess = AsyncDisposable & {
  /** What the agent says. */
  readable: ReadableStream<Uint8Array>;
  /** What it is told. */
  writable: WritableStream<Uint8Array>;
  /** Resolves with its exit code. */
  exit: Promise<number>;
};

/** Which agent it connects to. */
export type RelayRequest = {
  service: string;
  /** Absolute path of the project. */
  project: string;
  name?: string;
  engineContext?: string;
};

/** How long it may take to leave after SIGTERM before it is killed, in milliseconds. */
const TERM_GRACE_MS = 30_000;

/**
 * Starts this very program as an editor would. Disposing it ends it, and with it its session.
 *
 * @param options.talk Called with each line it says on stderr.
 */
export function startRelay(
  request: RelayRequest,
  options: { host: Pick<Host, "cwd">; talk(line: string): void },
): RelayProcess {
  const { service, project, name, engineContext } = request;
  const program = planProgram(observeProgram());
  const child = new Deno.Command(program.command, {
    args: [
      ...program.args,
      ...(engineContext === undefined ? [] : ["--context", engineContext]),
      ...["--path", project, "acp", "run", service],
      ...(name === undefined ? [] : ["--name", name]),
    ],
    cwd: options.host.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const heard = (async () => {
    for await (const line of readLines(child.stderr)) options.talk(line);
  })();
  const exit = Promise.all([child.status, heard]).then(([{ code }]) => code);
  return {
    readable: child.stdout,
    writable: child.stdin,
    exit,
    async [Symbol.asyncDispose]() {
      signal(child, "SIGTERM");
      const timer = setTimeout(() => signal(child, "SIGKILL"), TERM_GRACE_MS);
      await exit;
      clearTimeout(timer);
    },
  };
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It has left already.
  }
}
