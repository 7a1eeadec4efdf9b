import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../../errors.ts";
import { adopt, declare, newCommand, pathOf } from "../command.ts";
import { WORDS_COMMAND } from "../completions/entry.ts";
import type { Wiring } from "../wiring.ts";
import { BUILT_IN_SERVICES } from "./agents.ts";

/** Adds the commands about this machine, and help. */
export function addMachine(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Machine:");
  const doctor = newCommand("doctor", { summary: "find out what is missing on this machine" })
    .option("--json", "print JSON")
    .action(({ json }) =>
      wiring.end((async () => {
        const { runDoctor } = await import("../commands/doctor.ts");
        return await runDoctor({ json: json === true }, wiring.context());
      })())
    );
  declare(doctor, { examples: [{ line: "sandcage doctor", about: "every check with its fix" }] });
  adopt(root, doctor);
  addSetup(root, wiring);
  const completions = newCommand("completions", {
    summary: "print the completion script of a shell",
    description: "Prints a script that completes commands, options, services and cages.",
  })
    .argument("<shell>", "bash, zsh, fish or powershell")
    .action((shell) =>
      wiring.end((async () => {
        const { runCompletions } = await import("../commands/completions.ts");
        return runCompletions({ shell, root }, wiring.context());
      })())
    );
  declare(completions, {
    words: ["bash", "zsh", "fish", "powershell"],
    examples: [
      { line: 'eval "$(sandcage completions bash)"', about: "in ~/.bashrc" },
      {
        line: "sandcage completions fish > ~/.config/fish/completions/sandcage.fish",
        about: "once",
      },
    ],
  });
  adopt(root, completions);
  addHelp(root, wiring);
  addWords(root, wiring);
}

function addWords(root: CommandUnknownOpts, wiring: Wiring): void {
  const words = newCommand(WORDS_COMMAND, { summary: "print words for completions" })
    .argument("<kind>")
    .action((kind) =>
      wiring.end((async () => {
        const { runWords } = await import("../commands/words.ts");
        const builtIn = BUILT_IN_SERVICES.map(({ name }) => name);
        return await runWords({ kind, builtIn, ...wiring.path() }, wiring.context());
      })())
    );
  declare(words, { examples: [], hidden: true });
  adopt(root, words);
}

function addSetup(root: CommandUnknownOpts, wiring: Wiring): void {
  const setup = newCommand("setup", { summary: "set up the engine or SSH" });
  const engine = newCommand("engine", {
    summary: "install what the engine needs",
    description:
      "Installs Docker Engine and Compose v2 on Debian and Ubuntu as root, after asking. Elsewhere it prints what to do.",
  })
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "show the steps, change nothing")
    .action(({ yes, dryRun }) =>
      wiring.end((async () => {
        const { runSetupEngine } = await import("../commands/setup_engine.ts");
        const options = { yes: yes === true, dryRun: dryRun === true };
        return await runSetupEngine(options, wiring.context());
      })())
    );
  declare(engine, {
    examples: [{ line: "sandcage setup engine --dry-run", about: "look at the steps first" }],
  });
  const ssh = newCommand("ssh", {
    summary: "make the SSH set-up that cages use",
    description:
      "Makes a key for cages alone, or takes the one you name, with known hosts and one entry per host. Your own ~/.ssh is read where you say so and never mounted.",
  })
    .option("--host <host...>", "hosts to reach, as git.example.com or user@git.example.com:2222")
    .option("--key <file>", "use a copy of this private key instead of a new one")
    .option("--agent", "no key: forward this machine's SSH agent")
    .option("--scan", "ask the hosts themselves for keys that your known_hosts lacks")
    .option("--force", "replace the set-up that is there")
    .action((flags) =>
      wiring.end((async () => {
        const { runSetupSsh } = await import("../commands/setup_ssh.ts");
        return await runSetupSsh({
          hosts: flags.host ?? [],
          agent: flags.agent === true,
          scan: flags.scan === true,
          force: flags.force === true,
          ...(flags.key === undefined ? {} : { key: flags.key }),
        }, wiring.context());
      })())
    );
  declare(ssh, {
    examples: [
      { line: "sandcage setup ssh --host github.com", about: "a new key, for one host" },
      { line: "sandcage setup ssh --key ~/.ssh/deploy --host git.corp:2222", about: "your key" },
    ],
  });
  adopt(root, setup);
  for (const command of [engine, ssh]) adopt(setup, command);
}

function addHelp(root: CommandUnknownOpts, wiring: Wiring): void {
  const help = newCommand("help", { summary: "show the help of a command" })
    .argument("[command...]", "words of the command")
    .action((words) => {
      let found = root;
      for (const word of words) {
        const next = found.commands.find((command) => command.name() === word);
        if (next === undefined) {
          throw new UserError(`Cannot show help for "${words.join(" ")}": no such command`, {
            hint: `Run: ${pathOf(found)} --help`,
            exit: EXIT.usage,
            code: "usage",
          });
        }
        found = next;
      }
      found.outputHelp();
      return wiring.end(Promise.resolve(EXIT.ok));
    });
  declare(help, { examples: [{ line: "sandcage help config show", about: "of one command" }] });
  adopt(root, help);
}
