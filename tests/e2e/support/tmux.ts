import { join } from "node:path";
import { run } from "../../../src/engine/process.ts";
import { waitFor } from "./files.ts";
import { sandcageCommand } from "./sandcage.ts";
import type { World } from "./world.ts";

/** A real terminal on a screen of its own. */
export type Terminal = AsyncDisposable & {
  /** Types text, then Enter. */
  type(text: string): Promise<void>;
  /** Presses keys by their tmux names, for example `C-c`: several arrive all at once. */
  press(...keys: readonly string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** What the screen shows, long lines joined. */
  screen(): Promise<string>;
  /** Waits until the screen matches, and returns the match. */
  expect(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
};

/**
 * Opens a terminal with a plain shell in the world's project, in which `sandcage` is the product.
 * The prompt is `host$`.
 */
export async function openTerminal(
  world: World,
  size: { columns: number; rows: number } = { columns: 100, rows: 30 },
): Promise<Terminal> {
  const dir = await Deno.makeTempDir({ dir: world.root, prefix: "tmux-" });
  const socket = join(dir, "s");
  await writeShell(world, dir);
  const tmux = async (args: readonly string[]): Promise<string> => {
    const result = await run("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      env: { TERM: "xterm-256color" },
      timeoutMs: 60_000,
    });
    if (result.code !== 0) throw new Error(`tmux ${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  };
  const shell = `bash --noprofile --rcfile ${join(dir, "rc")} -i`;
  const at = ["-x", String(size.columns), "-y", String(size.rows)];
  await tmux(["new-session", "-d", ...at, "-s", "main", "-c", world.project, shell]);
  const screen = () => tmux(["capture-pane", "-p", "-J", "-S", "-200", "-t", "main"]);
  const terminal: Terminal = {
    type: async (text) => {
      await tmux(["send-keys", "-t", "main", "-l", text]);
      await tmux(["send-keys", "-t", "main", "Enter"]);
    },
    press: async (...keys) => void await tmux(["send-keys", "-t", "main", ...keys]),
    resize: async (columns, rows) =>
      void await tmux(["resize-window", "-t", "main", "-x", `${columns}`, "-y", `${rows}`]),
    screen,
    async expect(pattern, timeoutMs = 120_000) {
      try {
        return await waitFor(
          `${pattern} on the screen`,
          async () => (await screen()).match(pattern) ?? undefined,
          { timeoutMs },
        );
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}:\n${await screen()}`);
      }
    },
    [Symbol.asyncDispose]: async () => void await tmux(["kill-server"]),
  };
  await terminal.expect(/host\$/);
  return terminal;
}

/** A shell whose `sandcage` is the product, with exactly the world's environment. */
async function writeShell(world: World, dir: string): Promise<void> {
  const { command, args } = sandcageCommand([], world.options({ env: { TERM: "xterm-256color" } }));
  const quoted = [command, ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(" ");
  await Deno.writeTextFile(
    join(dir, "rc"),
    `PS1='host$ '\nsandcage() { ${quoted} "$@"; }\nexport TERM=xterm-256color\n`,
  );
}
