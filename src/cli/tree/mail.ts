import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../../errors.ts";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands that talk with agents who work without a terminal. */
export function addMail(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Without a terminal:");
  for (const make of [newOutbox, newInbox, newDiagnose]) adopt(root, make(wiring));
}

function newOutbox(wiring: Wiring): CommandUnknownOpts {
  const outbox = newCommand("outbox", {
    summary: "show what an agent has sent, or wait for it",
    description:
      "Shows the messages of an agent that were not shown yet, the oldest first, and marks them as seen once they are printed. With --poll it waits: it ends with 0 at a task_complete, info_request, error or going_idle, with 124 after --timeout, and with 1 when nothing runs that could send one. After three looks in vain the next ones are farther apart, by half each time.",
  })
    .argument("[cage]", "the cage; by default the one of this project launched last")
    .option("-a, --all", "also those that were shown before; none is marked as seen")
    .option("--json", "print JSON lines, one envelope each")
    .option("--service <service>", "only of this agent's mailbox")
    .option("--poll", "wait for a message that asks for something")
    .option("--timeout <seconds>", "longest wait of --poll", "1800")
    .option("--interval <seconds>", "time between two looks of --poll", "10")
    .option("--max-interval <seconds>", "longest time between two looks", "300")
    .option("--no-diagnose", "say nothing about the agent when --poll waited in vain")
    .action((cage, flags) =>
      wiring.end((async () => {
        if (flags.poll === true && flags.all === true) throw contradiction("--all", "--poll");
        const { runOutbox } = await import("../commands/outbox.ts");
        const { timeout, interval, maxInterval, diagnose } = flags;
        return await runOutbox({
          cage,
          service: flags.service,
          all: flags.all === true,
          json: flags.json === true,
          ...(flags.poll === true ? { poll: { timeout, interval, maxInterval, diagnose } } : {}),
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(outbox, {
    words: "cage",
    examples: [
      { line: "sandcage outbox web --poll --timeout 1800", about: "until it is done or asks" },
      { line: "sandcage outbox --all --json | jq .payload", about: "everything it ever sent" },
    ],
  });
  return outbox;
}

function newInbox(wiring: Wiring): CommandUnknownOpts {
  const inbox = newCommand("inbox", {
    summary: "send a message to an agent",
    description:
      "Sends a message to the agent in a cage, which gets it when it calls cage-wait: task_revision with instructions, info_response with request_id and content, or ack. Prints its id. Where nothing runs it lies ready in the cage for the next run.",
  })
    .argument("<cage>", "the cage")
    .argument("<type>", "task_revision, info_response or ack")
    .argument("[payload]", "JSON")
    .option("--payload-file <file>", "file with the JSON; - is stdin")
    .option("--service <service>", "another agent than the one that was launched last")
    .action((cage, type, payload, flags) =>
      wiring.end((async () => {
        const { runInbox } = await import("../commands/inbox.ts");
        return await runInbox({
          cage,
          type,
          payload,
          payloadFile: flags.payloadFile,
          service: flags.service,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(inbox, {
    words: "cage",
    examples: [
      {
        line: `sandcage inbox web task_revision '{"instructions": "add tests"}'`,
        about: "another round",
      },
      {
        line: "sandcage inbox web info_response --payload-file answer.json",
        about: "what it asked for",
      },
    ],
  });
  return inbox;
}

function newDiagnose(wiring: Wiring): CommandUnknownOpts {
  const diagnose = newCommand("diagnose", {
    summary: "say how an agent without a terminal is, and what to do",
    description:
      "Looks at the agent's process (alive, zombie, absent or unknown), its last run, both mailboxes, the work inside and the end of the log, and says what to do next. Changes nothing.",
  })
    .argument("[cage]", "the cage; by default the one of this project launched last")
    .option("--json", "print JSON")
    .option("--service <service>", "another agent than the one that was launched last")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runDiagnose } = await import("../commands/diagnose.ts");
        const options = { cage, service: flags.service, json: flags.json === true };
        return await runDiagnose({ ...options, ...wiring.path() }, wiring.context());
      })())
    );
  declare(diagnose, {
    words: "cage",
    examples: [{ line: "sandcage diagnose web --json | jq -r .suggestion", about: "what to do" }],
  });
  return diagnose;
}

function contradiction(one: string, other: string): UserError {
  return new UserError(`${one} and ${other} contradict each other`, {
    hint: "Give one",
    exit: EXIT.usage,
    code: "usage",
  });
}
