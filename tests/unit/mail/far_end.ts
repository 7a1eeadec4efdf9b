import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExecStreams } from "../../../src/engine/exec.ts";

/** Where the programs of the mailbox are in the repository. */
export const PROGRAMS = fileURLToPath(new URL("../../../images/agent/mail/", import.meta.url));

/** Command line of one of the programs, in this runtime. */
export function planProgram(name: string, args: readonly string[]): string[] {
  return ["run", "--quiet", "--no-config", "--allow-all", join(PROGRAMS, name), ...args];
}

/** Starts the far end of a mailbox as a process of this machine. */
export function startFarEnd(box: string): ExecStreams & { pid: number } {
  const child = new Deno.Command(Deno.execPath(), {
    args: planProgram("serve.mjs", [box]),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = child.stdout.getReader();
  const stdin = child.stdin.getWriter();
  stdin.closed.catch(() => {});
  let said = "";
  const listening = (async () => {
    const decoder = new TextDecoder();
    for await (const piece of child.stderr) said += decoder.decode(piece, { stream: true });
  })();
  return {
    pid: child.pid,
    read: async () => (await stdout.read()).value,
    write: (bytes) => stdin.write(bytes),
    closeWrite: () => stdin.close(),
    stderr: () => said,
    exit: async () => (await child.status).code,
    async close() {
      await stdin.abort().catch(() => {});
      await stdout.cancel().catch(() => {});
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await Promise.all([child.status, listening]);
    },
  };
}
