import { resolve } from "node:path";
import { loadConfig, type LoadedConfig } from "../config/layers.ts";
import { requireTrust } from "../config/trust.ts";
import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { findProject, formatPath } from "../project/root.ts";
import { findInstalledServices } from "../service/installed.ts";
import { enabledServices, resolveService } from "../service/registry.ts";
import { parseRepositoryAddress, type RepositoryAddress } from "./url.ts";
import type { CageContext } from "../cage/prepare.ts";

/** Where the files of a new cage come from. */
export type CopySource =
  | { kind: "dir"; path: string; basename: string; isRepository: boolean }
  | { kind: "url"; address: RepositoryAddress; basename: string };

/** What the project of a new cage says about it. */
export type CopyGround = { loaded: LoadedConfig; engine: Engine; service: string };

/**
 * Reads what a cage is asked to be made from; looks at nothing that is far away.
 *
 * @throws {UserError} If the directory may not enter a cage or the address is none.
 */
export async function readCopySource(
  wanted: { url?: string | undefined; path?: string | undefined },
  host: Host,
): Promise<CopySource> {
  if (wanted.url !== undefined) {
    const address = parseRepositoryAddress(wanted.url, { cwd: host.cwd });
    return { kind: "url", address, basename: address.basename };
  }
  const project = await findProject({
    host,
    ...(wanted.path === undefined ? {} : { path: wanted.path }),
  });
  const { path, basename, git } = project;
  return { kind: "dir", path, basename, isRepository: git !== "none" };
}

/**
 * Loads a project's configuration, with its trust, its service and its engine.
 *
 * @param service Defaults to the first that is enabled.
 * @throws {UserError} If one of them is not in order.
 */
export async function observeCopyGround(
  projectPath: string,
  context: CageContext,
  options: { service?: string | undefined },
): Promise<CopyGround> {
  const { host, io } = context;
  const loaded = await loadConfig(projectPath, { host });
  await requireTrust(loaded, { host, io, projectPath });
  const source = { ...loaded.config, installed: await findInstalledServices(host.stateDir) };
  const service = options.service === undefined
    ? enabledServices(source)[0]
    : resolveService(options.service, source);
  if (service === undefined) {
    throw new UserError("Every service is disabled by the configuration", {
      hint: "Enable the one that is to open: services: { claude: { enabled: true } }",
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  const engine = await connectEngine({
    host,
    context: context.engineContext ?? loaded.config.engine.context,
    onSlow: context.io.talk,
  });
  return { loaded, engine, service: service.name };
}

/**
 * Finds the Dockerfile that a command line names.
 *
 * @throws {UserError} If it is no file.
 */
export async function findDockerfile(path: string, host: Pick<Host, "cwd">): Promise<string> {
  const full = resolve(host.cwd, path);
  try {
    if ((await Deno.stat(full)).isFile) return full;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  throw new UserError(`Cannot read ${formatPath(full)}: there is no such file`, {
    hint: "Give the path of a Dockerfile that starts with FROM sandcage/base",
    exit: EXIT.usage,
    code: "usage",
  });
}
