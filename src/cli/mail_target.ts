import { cageDir, findCage } from "../cage/store.ts";
import { type CageContext, locateCage, planSite } from "../cage/prepare.ts";
import { loadConfig } from "../config/layers.ts";
import { findCopyRecord } from "../copy/record.ts";
import { EXIT, UserError } from "../errors.ts";
import type { RunRecord } from "../headless/event.ts";
import { findLastRun } from "../headless/runs.ts";
import { isLiveState } from "../headless/run_record.ts";
import { findHomeServices, findRunningServices } from "../mail/place.ts";
import { START } from "../mail/log.ts";
import { mailDir, type MailSite, planMailSite } from "../mail/site.ts";
import { openMailStore } from "../mail/store.ts";
import { cageId } from "../project/identity.ts";
import { recordedProject } from "../project/root.ts";
import { findInstalledServices } from "../service/installed.ts";
import { enabledServices } from "../service/registry.ts";
import type { CommandContext } from "./context.ts";
import { chooseRunCage, type RunCage } from "./run_choice.ts";

/** Which mailbox a command line means. */
export type MailWords = {
  cage?: string | undefined;
  service?: string | undefined;
  path?: string | undefined;
};

/** A cage whose mailbox is meant. */
export type MailTarget = {
  cage: RunCage;
  /** Where the cage keeps its files on the host. */
  dir: string;
  /** What was launched last. */
  run: RunRecord | undefined;
  /** The service that is meant as far as it can be told without the engine. */
  known: string;
  /** Asks the engine. */
  open(): Promise<OpenTarget>;
};

/** The mailboxes of a cage. */
export type OpenTarget = {
  /** That of the agent that is meant: what is named, else what runs, else what was launched last. */
  site: MailSite;
  /** Those in which something may lie: of every agent that runs, else of all that have a home. */
  sites: readonly [MailSite, ...MailSite[]];
};

/**
 * Finds the mailbox that a command line means; the engine is asked when it is opened.
 *
 * @throws {UserError} If there is no such cage.
 */
export async function findMailTarget(
  words: MailWords,
  context: CommandContext,
): Promise<MailTarget> {
  const { host, signals } = context;
  const cage = await chooseRunCage(words, host);
  const dir = cageDir(host.stateDir, cage.id);
  const copy = await findCopyRecord(dir);
  const projectPath = (await findCage(dir))?.projectPath;
  if (projectPath === undefined) throw unknown(cage);
  const run = await findLastRun(host.stateDir, cage.id);
  const known = words.service ?? run?.service ?? findLastSender(dir) ?? copy?.service ??
    await findFirstService(projectPath, host);
  const looking: CageContext = {
    ...context,
    ...(signals === undefined ? {} : { signal: signals.signal }),
  };
  const openSite = async (of: string) => {
    const request = copy === undefined
      ? { service: of, path: projectPath, ...await nameOf(cage.id, projectPath) }
      : { service: of, copy };
    return planMailSite(await planSite(await locateCage(request, looking), looking));
  };
  return {
    cage,
    dir,
    run,
    known,
    async open() {
      const first = await openSite(known);
      const [running, homes] = await Promise.all([
        findRunningServices(first),
        findHomeServices(first),
      ]);
      const meant = chooseService({ words, run, running, homes, known });
      const others = words.service !== undefined ? [] : running.length > 0 ? running : homes;
      const services = new Set(
        running.length > 0 && others.length > 0 ? others : [meant, ...others],
      );
      const open = (of: string) => of === known ? first : openSite(of);
      const [site, ...sites] = await Promise.all([meant, ...services].map(open));
      return { site: site!, sites: [sites[0] ?? site!, ...sites.slice(1)] };
    },
  };
}

/** The agent that a message is meant for. Pure. */
export function chooseService(facts: {
  words: Pick<MailWords, "service">;
  run: Pick<RunRecord, "service" | "state"> | undefined;
  running: readonly string[];
  homes: readonly string[];
  known: string;
}): string {
  const { words, run, running, homes, known } = facts;
  if (words.service !== undefined) return words.service;
  if (run !== undefined && isLiveState(run.state)) return run.service;
  if (running.length > 0) return running.includes(known) ? known : running[0]!;
  return run !== undefined || homes.length === 0 || homes.includes(known) ? known : homes[0]!;
}

/** The service whose agent has sent something last. */
function findLastSender(dir: string): string | undefined {
  const { outbox } = openMailStore(mailDir(dir));
  const last = outbox.last();
  if (last === 0) return undefined;
  const [read] = outbox.read({ ...START, seq: last - 1 });
  return read?.row.service;
}

/** The name that a cage was given, where it is not that of its project. */
async function nameOf(id: string, projectPath: string): Promise<{ name?: string }> {
  return cageId(await recordedProject(projectPath)) === id ? {} : { name: id };
}

async function findFirstService(
  projectPath: string,
  host: CommandContext["host"],
): Promise<string> {
  const [{ config }, installed] = await Promise.all([
    loadConfig(projectPath, { host }),
    findInstalledServices(host.stateDir),
  ]);
  const first = enabledServices({ ...config, installed })[0];
  if (first !== undefined) return first.name;
  throw new UserError("Every service is disabled", {
    hint: "Say which one with --service",
    exit: EXIT.config,
    code: "config-invalid",
  });
}

function unknown({ name }: RunCage): UserError {
  return new UserError(`There is no cage ${JSON.stringify(name)} yet: no agent ever ran in it`, {
    hint: 'Run: sandcage launch -p "…"',
    exit: EXIT.usage,
    code: "usage",
  });
}
