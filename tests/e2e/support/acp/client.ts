import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sandcageCommand } from "../sandcage.ts";
import { makeWorld, type World } from "../world.ts";

/** The scripted agent's file. */
export const AGENT = fileURLToPath(new URL("./agent.mjs", import.meta.url));

/** Building the image of a cage on a machine that never did. */
const BUILD_MS = 600_000;

/** One connection to the agent, relayed or direct. */
export type Connection = AsyncDisposable & {
  pid: number;
  /** Writes text as it is. */
  send(text: string | Uint8Array): Promise<void>;
  /** The next line of stdout without its newline; `undefined` at the end. */
  line(): Promise<string | undefined>;
  /** Everything else of stdout. */
  rest(): Promise<Uint8Array>;
  /** Ends stdin. */
  end(): Promise<void>;
  /** Closes the reading end of stdout: what is written there from now on has no reader. */
  deafen(): Promise<void>;
  signal(name: Deno.Signal): void;
  /** Exit code and stderr. */
  ended: Promise<{ code: number; stderr: string }>;
};

/** A world with the scripted agent as service `scripted`; its image is built. */
export async function makeAcpWorld(
  name: string,
  { config = "", network }: { config?: string; network?: string } = {},
): Promise<World> {
  const world = await makeWorld(name, {
    ...(network === undefined ? {} : { network }),
    config: `${config}\n[services.scripted]\ncommand = ["node"]\nacp = ["node", "agent.mjs"]\n`,
  });
  await Deno.copyFile(AGENT, join(world.project, "agent.mjs"));
  const built = await world.sandcage(["build", "scripted"], { timeoutMs: BUILD_MS });
  if (built.code !== 0) throw new Error(built.stderr);
  return world;
}

/** `sandcage acp run scripted OPTIONS -- ARGS` with pipes. */
export function openRelayed(
  world: World,
  args: readonly string[] = [],
  { options = [], env = {} }: { options?: readonly string[]; env?: Record<string, string> } = {},
): Connection {
  const { command, args: all } = sandcageCommand(
    ["acp", "run", "scripted", ...options, "--", ...args],
    world.options({ env }),
  );
  return open(command, { args: all, cwd: world.project });
}

/** The agent itself: no cage, no relay. */
export function openDirect(args: readonly string[] = []): Connection {
  return open(Deno.execPath(), { args: ["run", "-A", "--no-config", AGENT, ...args] });
}

function open(command: string, options: { args: string[]; cwd?: string }): Connection {
  const child = new Deno.Command(command, {
    ...options,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let held: Uint8Array[] = [];
  const stderr = new Response(child.stderr).text();
  const ended = Promise.all([child.status, stderr])
    .then(([{ code }, text]) => ({ code, stderr: text }));
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It has ended.
    }
  };
  return {
    pid: child.pid,
    async send(text) {
      await writer.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
    },
    async line() {
      for (;;) {
        const last = held.at(-1);
        const at = last?.indexOf(0x0a) ?? -1;
        if (last !== undefined && at >= 0) {
          const parts = [...held.slice(0, -1), last.subarray(0, at)];
          held = [last.subarray(at + 1)];
          return await new Blob(parts as BlobPart[]).text();
        }
        const { value, done } = await reader.read();
        if (done) return undefined;
        held.push(value);
      }
    },
    async rest() {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        held.push(value);
      }
      const all = new Uint8Array(await new Blob(held as BlobPart[]).arrayBuffer());
      held = [];
      return all;
    },
    end: () => writer.close().catch(() => {}),
    deafen: () => reader.cancel(),
    signal,
    ended,
    async [Symbol.asyncDispose]() {
      signal("SIGKILL");
      await reader.cancel().catch(() => {});
      await writer.abort().catch(() => {});
      await ended;
    },
  };
}
