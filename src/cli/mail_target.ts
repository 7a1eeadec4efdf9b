import { cageDir, findCage } from "../cage/store.ts";
import { type CageContext, locateCage, planSite } from "../cage/prepare.ts";
import { loadConfig } from "../config/layers.ts";
import { findCopyRecord } from "../copy/record.ts";
import { EXIT, UserError } from "../errors.ts";
import type { RunRecord } from "../headless/event.ts";
import { findLastRun } from "../headless/runs.ts";
import { findRunningServices } from "../mail/place.ts";
import { type MailSite, planMailSite } from "../mail/site.ts";
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
  /** The service whose agent is meant: the one that was launched last, unless another is named. */
  service: string;
  /** What was launched last. */
  run: RunRecord | undefined;
  /** Ways to the mailboxes: of the service that is meant first, then of what else runs. */
  openSites(): Promise<MailSite[]>;
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
  const service = words.service ?? run?.service ?? copy?.service ??
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
    service,
    run,
    async openSites() {
      const first = await openSite(service);
      if (words.service !== undefined) return [first];
      const others = (await findRunningServices(first)).filter((one) => one !== service);
      return [first, ...await Promise.all(others.map(openSite))];
    },
  };
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
