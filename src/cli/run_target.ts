import { cageDir, findCage } from "../cage/store.ts";
import type { CopyRecord } from "../copy/record.ts";
import { listCopyCages } from "../copy/record.ts";
import { findConfiguredCopy, requireFilled } from "../copy/locate.ts";
import { loadConfig } from "../config/layers.ts";
import { EXIT, UserError } from "../errors.ts";
import { cageId } from "../project/identity.ts";
import { findProject } from "../project/root.ts";
import { findInstalledServices } from "../service/installed.ts";
import { enabledServices } from "../service/registry.ts";
import type { CommandContext } from "./context.ts";
import { chooseCopyCage, hasCopyCage } from "./copy_choice.ts";
import { type DeskWords, findOrMakeDeskRequest } from "./desk_request.ts";

/** Where an agent is to work alone. */
export type RunTarget = {
  cageId: string;
  /** What people call the cage. */
  title: string;
  service: string;
  path?: string;
  name?: string;
  /** Host path of its project. */
  projectPath: string;
};

/**
 * Finds the cage of a launch: the one that is named, else the copy cage of the project, else the
 * project's own. One that the configuration asks for and that can be made without a question is made.
 *
 * @throws {UserError} If it means none or several.
 */
export async function findRunTarget(
  words: DeskWords,
  context: CommandContext,
): Promise<RunTarget> {
  const { host } = context;
  const { cage, service, path } = words;
  if (cage !== undefined) {
    const mounted = await findCage(cageDir(host.stateDir, cage));
    const isCopy = (await listCopyCages(host.stateDir))
      .some(({ copy }) => copy.id === cage || copy.name === cage);
    if (mounted !== undefined && !isCopy) {
      return await planMounted({ service, path: mounted.projectPath }, context);
    }
  }
  if (cage !== undefined || (service === undefined && await hasCopyCage(words, host))) {
    return planCopy(requireFilled(await chooseCopyCage({ cage, path }, host)), service);
  }
  return await planMounted({ service, path }, context);
}

async function planMounted(
  words: Pick<DeskWords, "path" | "service">,
  context: CommandContext,
): Promise<RunTarget> {
  const { host } = context;
  const project = await findProject({
    host,
    ...(words.path === undefined ? {} : { path: words.path }),
  });
  const { config } = await loadConfig(project.path, { host });
  if (config.workspace.mode === "promote") {
    const { service, name } = await findOrMakeDeskRequest(words, context);
    const known = (await listCopyCages(host.stateDir)).find(({ copy }) => copy.id === name);
    if (known !== undefined) return planCopy(known.copy, service);
  }
  const copy = await findConfiguredCopy(config, { project, request: {}, host });
  if (copy !== undefined) return planCopy(copy, words.service);
  const id = cageId(project);
  const service = words.service ?? await findFirstService(config, host.stateDir);
  return { cageId: id, title: id, service, path: project.path, projectPath: project.path };
}

function planCopy(copy: CopyRecord, service: string | undefined): RunTarget {
  return {
    cageId: copy.id,
    title: copy.name,
    service: service ?? copy.service,
    name: copy.id,
    projectPath: copy.roots[0]!.hostPath,
  };
}

async function findFirstService(
  config: Parameters<typeof enabledServices>[0],
  stateDir: string,
): Promise<string> {
  const installed = await findInstalledServices(stateDir);
  const first = enabledServices({ ...config, installed })[0];
  if (first !== undefined) return first.name;
  throw new UserError("Every service is disabled", {
    hint: "Say which one with --service",
    exit: EXIT.config,
    code: "config-invalid",
  });
}
