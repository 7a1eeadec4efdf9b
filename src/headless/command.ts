import { EXIT, UserError } from "../errors.ts";
import type { HeadlessDefinition, ServiceDefinition } from "../service/definition.ts";

/** What a run's agent is started with. */
export type RunCommand = { command: string[]; format: HeadlessDefinition["format"] };

/** What the user asked of the run's agent. */
export type CommandWishes = {
  /** The user's own arguments, last. */
  args: readonly string[];
  /** Most that it may cost, in USD. */
  budgetUsd?: number | undefined;
};

/**
 * Plans the command line of an agent that works alone: nobody is there to be asked, so it asks for no
 * permission; the cage is what holds it. The prompt comes on its stdin. Pure.
 *
 * @throws {UserError} If the service cannot work alone, or says nothing of what it costs.
 */
export function planRunCommand(service: ServiceDefinition, wishes: CommandWishes): RunCommand {
  const { headless, args, bypass = [] } = service;
  if (headless === undefined) throw noWay(service);
  const { command, format, budget } = headless;
  if (format === "acp") return { command: [...command, ...wishes.args], format };
  return {
    command: [
      ...command,
      ...args,
      ...bypass,
      ...planBudget(service, { flag: budget, usd: wishes.budgetUsd }),
      ...wishes.args,
    ],
    format,
  };
}

function planBudget(
  service: ServiceDefinition,
  budget: { flag: string | undefined; usd: number | undefined },
): string[] {
  const { flag, usd } = budget;
  if (usd === undefined) return [];
  if (flag !== undefined) return [flag, String(usd)];
  // What a claude of another command line costs is known at its end, too late to keep to it.
  throw new UserError(`Cannot keep ${service.title} to a budget: it does not say what it costs`, {
    hint: "Leave out --budget, and set a --timeout; claude and agents that are driven over ACP " +
      "can be kept to one",
    exit: EXIT.usage,
    code: "usage",
  });
}

function noWay({ name, title }: ServiceDefinition): UserError {
  return new UserError(`Cannot launch ${title}: nobody says how it works without a terminal`, {
    hint: `Set services.${name}.headless.command to a command line that reads a prompt from ` +
      `stdin, or services.${name}.acp to one that speaks ACP`,
    exit: EXIT.config,
    code: "config-invalid",
  });
}
