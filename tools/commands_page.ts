import { formatHelp, isHidden, pathOf, walkCommands } from "../src/cli/command.ts";
import type { CommandContext } from "../src/cli/context.ts";
import { buildProgram } from "../src/cli/program.ts";
import { ERROR_CODES } from "../src/errors.ts";
import introduction from "./commands_intro.md" with { type: "text" };

/** Width of the help on the page, in columns: what a terminal without a size gets. */
const COLUMNS = 80;

/** The text of docs/commands.md: the introduction, then the help of every command. */
export function commandsPage(): string {
  const root = buildProgram({ context: SILENT, columns: COLUMNS, end: () => {} });
  const parts = [
    introduction.trimEnd().replace("ERROR_CODES", ERROR_CODES.join("\n")),
    "## Every command",
    ...walkCommands(root).filter((command) => !isHidden(command)).map((command) =>
      `### ${pathOf(command)}\n\n\`\`\`text\n${formatHelp(command).trimEnd()}\n\`\`\``
    ),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Help asks nothing of the machine, so the page is the same on every one. */
const SILENT: CommandContext = {
  host: {
    platform: "linux",
    arch: "x86_64",
    env: {},
    cwd: "/",
    home: "/",
    stateDir: "/",
    user: { name: "user", uid: 1000, gid: 1000 },
    tty: { stdin: false, stdout: false, stderr: false },
  },
  io: {
    out() {},
    talk() {},
    warn() {},
    progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
    confirm: (_, { assumed }) => Promise.resolve(assumed),
    interactive: false,
    color: false,
  },
};
