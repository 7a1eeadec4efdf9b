import { type Conversation, openConversation } from "../../../src/acp/conversation.ts";
import { sandcageCommand } from "./sandcage.ts";
import type { World } from "./world.ts";

/** An editor that has started `sandcage acp run`. */
export type Editor = AsyncDisposable & {
  pid: number;
  ask: Conversation["ask"];
  /** Says nothing more and waits for the end: exit code and stderr. */
  leave(): Promise<{ code: number; stderr: string }>;
};

/** Starts `sandcage ARGS` as an editor does. */
export function openEditor(world: World, args: readonly string[]): Editor {
  const { command, args: all } = sandcageCommand(args, world.options());
  const child = new Deno.Command(command, {
    args: all,
    cwd: world.project,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const conversation = openConversation(
    { readable: child.stdout, writable: child.stdin },
    { nowMs: () => performance.now() },
  );
  return {
    pid: child.pid,
    ask: conversation.ask,
    async leave() {
      conversation.end();
      const { code } = await child.status;
      return { code, stderr: await stderr };
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has left.
      }
      await child.status;
      await stderr;
    },
  };
}
