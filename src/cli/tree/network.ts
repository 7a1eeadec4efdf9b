import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands about what a cage reaches and what it may use there. */
export function addNetwork(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Network:");
  addDomain(root, wiring);
  addSecret(root, wiring);
  const audit = newCommand("audit", {
    summary: "show what the gateway decided",
    description:
      "Shows what the gateways of this project's cages allowed and blocked, oldest first: time, service, decision, host, reason, request and rule. Never a query, a header or a body.",
  })
    .option("-f, --follow", "go on with new decisions until interrupted")
    .option("--blocked", "only what was blocked")
    .option("--since <when>", "only newer ones: 10m, 2h, 1d or a date")
    .option("--all", "of every project")
    .option("--json", "print JSON lines")
    .action((flags) =>
      wiring.end((async () => {
        const { runAudit } = await import("../commands/audit.ts");
        return await runAudit({
          follow: flags.follow === true,
          blocked: flags.blocked === true,
          json: flags.json === true,
          all: flags.all === true,
          ...(flags.since === undefined ? {} : { since: flags.since }),
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(audit, {
    examples: [
      { line: "sandcage audit --blocked --since 1h", about: "what was refused lately" },
      { line: "sandcage audit -f", about: "watch an agent at work" },
      { line: "sandcage audit --json | jq -r .host | sort -u", about: "every host it asked for" },
    ],
  });
  adopt(root, audit);
}

function addDomain(root: CommandUnknownOpts, wiring: Wiring): void {
  const domain = newCommand("domain", { summary: "allow and block what a cage can reach" });
  const add = newCommand("add", {
    summary: "allow hosts, or block them",
    description:
      "Adds rules to network.allow of .sandcage.yml, keeping its comments, and has running sessions take them over. A rule is a host, *.host (every name below it), host:port, a URL (its path is a prefix), an IP address or a CIDR. What you type here you allow; what else the project asks for stays as it is.",
  })
    .argument("<rule...>", "what to allow")
    .option("--global", "in your own configuration, for every project")
    .option("--block", "block instead: beats whatever allows it")
    .action((rules, { global, block }) =>
      wiring.end((async () => {
        const { runDomainAdd } = await import("../commands/domain.ts");
        return await runDomainAdd({
          rules,
          global: global === true,
          block: block === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(add, {
    examples: [
      { line: "sandcage domain add api.example.com", about: "for this project" },
      { line: "sandcage domain add '*.example.com' --global", about: "for every project" },
      { line: "sandcage domain add https://example.com/v1", about: "one path of a host" },
    ],
  });
  const remove = newCommand("rm", {
    summary: "remove rules again",
    description:
      "Removes rules from network.allow and network.block of .sandcage.yml, and has running sessions take it over: connections that are no longer allowed end.",
  })
    .argument("<rule...>", "rules as they are written")
    .option("--global", "from your own configuration")
    .action((rules, { global }) =>
      wiring.end((async () => {
        const { runDomainRemove } = await import("../commands/domain.ts");
        const options = { rules, global: global === true, ...wiring.path() };
        return await runDomainRemove(options, wiring.context());
      })())
    );
  declare(remove, {
    examples: [{ line: "sandcage domain rm api.example.com", about: "no longer reachable" }],
  });
  const list = newCommand("list", { summary: "list every rule and where it comes from" })
    .option("--json", "print JSON")
    .action(({ json }) =>
      wiring.end((async () => {
        const { runDomainList } = await import("../commands/domain.ts");
        return await runDomainList({ json: json === true, ...wiring.path() }, wiring.context());
      })())
    );
  declare(list, { examples: [{ line: "sandcage domain list", about: "with file and line" }] });
  adopt(root, domain);
  for (const command of [add, remove, list]) adopt(domain, command);
}

function addSecret(root: CommandUnknownOpts, wiring: Wiring): void {
  const secret = newCommand("secret", { summary: "store API keys that no agent sees" });
  const set = newCommand("set", {
    summary: "store a secret",
    description:
      "Asks for the value without showing it, or reads it from a pipe, and stores it where only you can read it. An agent sees a placeholder; the gateway puts the value into requests to the hosts it is for. Running sessions take it over.",
  })
    .argument("<name>", "name of the variable; never the value")
    .action((_name, _flags, { args: words }) =>
      wiring.end((async () => {
        const { runSecretSet } = await import("../commands/secret.ts");
        return await runSecretSet({ words, ...wiring.path() }, wiring.context());
      })())
    );
  declare(set, {
    examples: [
      { line: "sandcage secret set ANTHROPIC_API_KEY", about: "asks for the value" },
      { line: "pass show key | sandcage secret set MY_KEY", about: "from a password manager" },
    ],
  });
  const list = newCommand("list", {
    summary: "list the secrets of this project, without values",
  })
    .option("--json", "print JSON")
    .action(({ json }) =>
      wiring.end((async () => {
        const { runSecretList } = await import("../commands/secret.ts");
        return await runSecretList({ json: json === true, ...wiring.path() }, wiring.context());
      })())
    );
  declare(list, { examples: [{ line: "sandcage secret list", about: "what is missing" }] });
  const remove = newCommand("rm", { summary: "remove a stored secret" })
    .argument("<name>", "name of the secret")
    .action((name) =>
      wiring.end((async () => {
        const { runSecretRemove } = await import("../commands/secret.ts");
        return await runSecretRemove({ name }, wiring.context());
      })())
    );
  declare(remove, { examples: [{ line: "sandcage secret rm MY_KEY", about: "forget it" }] });
  adopt(root, secret);
  for (const command of [set, list, remove]) adopt(secret, command);
  // A value beside the name is refused by the command, which says why.
  set.allowExcessArguments();
}
