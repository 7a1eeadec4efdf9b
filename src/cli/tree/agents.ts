import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** The built-in services, in the order help shows them. */
export const BUILT_IN_SERVICES = [
  { name: "claude", title: "Claude Code" },
  { name: "codex", title: "Codex" },
  { name: "gemini", title: "Gemini CLI" },
  { name: "shell", title: "a shell" },
] as const;

/** Adds the commands that open an agent. */
export function addAgents(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Agents:");
  for (const { name, title } of BUILT_IN_SERVICES) {
    const command = newCommand(name, {
      summary: `open ${title} in a cage`,
      description:
        `Opens ${title} in a cage of the project and ends with its exit code. What stands after -- goes to it verbatim.`,
    })
      .usage("[options] [-- ARGS…]")
      .option("--name <cage>", "name of the cage; by default one per project")
      .option("--shell", "a shell in the service's container instead of the agent")
      .action((flags) => wiring.end(runService({ service: name, ...flags }, wiring)));
    declare(command, {
      passesArguments: true,
      examples: name === "shell" ? SHELL_EXAMPLES : agentExamples(name),
    });
    adopt(root, command);
  }
  const run = newCommand("run", {
    summary: "open any service, your own included",
    description:
      "Opens a service by name: a built-in one or one under `services` in the configuration. `sandcage NAME` does the same where no command has that name.",
  })
    .usage("<service> [options] [-- ARGS…]")
    .argument("<service>", "name of the service")
    .option("--name <cage>", "name of the cage; by default one per project")
    .option("--shell", "a shell in the service's container instead of the agent")
    .action((service, flags) => wiring.end(runService({ service, ...flags }, wiring)));
  declare(run, {
    passesArguments: true,
    words: "service",
    examples: [{ line: "sandcage run myagent -- --model big", about: "an agent of your own" }],
  });
  adopt(root, run);
  const auth = newCommand("auth", {
    summary: "bring a login of this machine into the cage",
    description:
      "Copies the service's existing login from this machine into its home in the cage. With --login it logs in inside the cage instead. A cage with files of its own has a home of its own: give its name.",
  })
    .argument("<service>", "name of the service, or of a cage with files of its own")
    .option("--login", "log in inside the cage instead of copying")
    .action((service, { login }) =>
      wiring.end((async () => {
        const { runAuth } = await import("../commands/auth.ts");
        const options = { service, login: login === true, ...wiring.path() };
        return await runAuth(options, wiring.context());
      })())
    );
  declare(auth, {
    words: "service",
    examples: [
      { line: "sandcage auth claude", about: "copy the login Claude Code has here" },
      { line: "sandcage auth codex --login", about: "log in from inside the cage" },
      { line: "sandcage auth try", about: "for the service and the home of the cage try" },
    ],
  });
  adopt(root, auth);
}

async function runService(
  options: { service: string; name?: string | undefined; shell?: true | undefined },
  wiring: Wiring,
): Promise<number> {
  const { runService } = await import("../commands/service.ts");
  return await runService({
    service: options.service,
    shell: options.shell === true,
    args: wiring.rest(),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...wiring.path(),
  }, wiring.context());
}

const SHELL_EXAMPLES = [
  { line: "sandcage shell", about: "look around in the cage" },
  { line: "sandcage shell -- make test", about: "run one command" },
];

function agentExamples(name: string) {
  return [
    { line: `sandcage ${name}`, about: "on the current project" },
    { line: `sandcage ${name} -p ~/work/api -- --help`, about: "elsewhere, with arguments" },
    { line: `sandcage ${name} --shell`, about: "a shell where the agent would run" },
  ];
}
