import { loadConfig } from "../config/layers.ts";
import type { Config } from "../config/schema.ts";
import { requireTrust } from "../config/trust.ts";
import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectAll, type InspectedObject } from "../engine/inspect.ts";
import { requireLocal } from "../engine/local.ts";
import type { Host } from "../host.ts";
import { ensureAllImages } from "../image/build.ts";
import { cageUser, observeImageFacts } from "../image/observe.ts";
import { cageCaEnv, cageEnv } from "../image/env.ts";
import { planGatewayImage } from "../image/gateway.ts";
import { planImages } from "../image/recipe.ts";
import type { ImagePlan } from "../image/spec.ts";
import type { Io } from "../io.ts";
import { LABEL } from "../names.ts";
import { cageId } from "../project/identity.ts";
import { findProject, type Project, recordedProject } from "../project/root.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import { findInstalledServices } from "../service/installed.ts";
import { resolveService } from "../service/registry.ts";
import { checkHidden } from "../workspace/hidden_record.ts";
import type { CopyRecord } from "../copy/record.ts";
import {
  findConfiguredCopy,
  findNamedCopy,
  type MakeCopy,
  requireOwnEngine,
  requireWork,
} from "../copy/locate.ts";
import { planCopyConfig, planCopyWorkspace } from "../copy/workspace.ts";
import type { CageFacts } from "./plan.ts";
import { ensureEmptyDirectory, planPodmanMounts } from "./podman_mounts.ts";
import { applyResources, planResources, planWanted, type Resource } from "./resources.ts";
import { cageDir, claimCage } from "./store.ts";
import { type CageWorkspace, observeCageWorkspace } from "./workspace.ts";

/** Which cage, for which service. */
export type CageRequest = {
  service: string;
  path?: string;
  name?: string;
  /** For sessions of ACP: the image has what speaks it. Defaults to false. */
  acp?: boolean;
  /** For sessions people attach to: the image has tmux, editor and shell. Defaults to false. */
  desk?: boolean;
  /** The copy cage it is; by default what `name`, else the configuration, says. */
  copy?: CopyRecord;
  /** What makes one where the configuration asks for it and there is none yet. */
  makeCopy?: MakeCopy;
};

/** What preparing needs from outside. */
export type CageContext = {
  host: Host;
  io: Io;
  engineContext?: string;
  signal?: AbortSignal;
  /** Called before images are built, which takes minutes; throws where that is not to be done here. */
  beforeBuild?(): void;
};

/** Which cage it is, before its files are looked at. */
export type CageSite = {
  id: string;
  /** Where the cage keeps its files on the host. */
  dir: string;
  project: Project;
  config: Config;
  service: ServiceDefinition;
  engine: Engine;
  /** Its sessions speak ACP. */
  acp: boolean;
  /** People attach to its session. */
  desk: boolean;
  /** Its files are in a volume of its own. */
  copy?: CopyRecord;
};

/** Which image and which user, and what else the engine must have. */
export type PlannedSite = CageSite & {
  user: { uid: number; gid: number };
  images: ImagePlan;
  /** The gateway's image; only in network mode `allowlist`. */
  gateway?: ImagePlan;
  /** Certificate authorities of the host that agent and gateway trust besides the public ones. */
  hostCa: readonly string[];
  wanted: readonly Resource[];
};

/** A cage as decided for one service, before anything is made. */
export type CageDraft = PlannedSite & { workspace: CageWorkspace; facts: CageFacts };

/** A cage whose images, home and shared network exist: sessions can be opened in it. */
export type PreparedCage = CageDraft;

/** From the command line to a cage: project, configuration, trust, service, engine. */
export async function locateCage(request: CageRequest, context: CageContext): Promise<CageSite> {
  const { host, io } = context;
  const known = request.copy ?? await findNamedCopy(request, host);
  const project = known === undefined
    ? await findProject({ host, path: request.path })
    : await recordedProject(known.roots[0]!.hostPath);
  const loaded = await loadConfig(project.path, { host });
  await requireTrust(loaded, { host, io, projectPath: project.path });
  const copy = known ?? await findConfiguredCopy(loaded.config, { project, request, host });
  const config = copy === undefined ? loaded.config : planCopyConfig(loaded.config, copy);
  const id = copy?.id ?? cageId(project, request.name);
  const installed = await findInstalledServices(host.stateDir);
  const service = resolveService(request.service, { ...config, installed });
  const engine = await connectEngine({
    host,
    context: context.engineContext ?? config.engine.context,
    // Where files are carried nobody types at an agent meanwhile.
    ...(copy === undefined ? {} : { onSlow: io.talk }),
  });
  if (copy === undefined) await requireLocal(engine, "Mounting the project");
  else await requireOwnEngine(copy, { engine, config });
  return {
    id,
    dir: cageDir(host.stateDir, id),
    project,
    config,
    service,
    engine,
    acp: request.acp === true,
    desk: request.desk === true,
    ...(copy === undefined ? {} : { copy }),
  };
}

/** Plans the images of a cage and what else it needs of the engine. Makes nothing. */
export async function planSite(site: CageSite, { host }: CageContext): Promise<PlannedSite> {
  const { id, project, config, service, engine } = site;
  const facts = await observeImageFacts(config, { host, engine, projectPath: project.path });
  const user = site.copy?.user ?? cageUser(host, engine.capabilities);
  return {
    ...site,
    user,
    images: planImages({
      config,
      service,
      facts: { ...facts, user },
      acp: site.acp,
      ...(site.desk ? { desk: config.attach } : {}),
    }),
    ...(config.network.mode === "allowlist"
      ? { gateway: await planGatewayImage({ config, facts }) }
      : {}),
    hostCa: facts.ca,
    wanted: planWanted(config, {
      id,
      service: service.name,
      user,
      plainHome: site.copy?.plainHome,
      flavor: engine.capabilities.flavor,
    }),
  };
}

/** Plans the rest of a cage from what the project holds now. Makes nothing. */
export async function draftCage(site: PlannedSite, { host }: CageContext): Promise<CageDraft> {
  const { id, project, config, service, engine, user, images, copy } = site;
  const workspace = copy === undefined
    ? await observeCageWorkspace({ project, config, engine, host })
    : planCopyWorkspace(copy, config);
  const facts: CageFacts = {
    id,
    projectPath: project.path,
    insidePath: workspace.insidePath,
    user,
    mounts: engine.capabilities.flavor === "podman"
      ? planPodmanMounts(workspace.mounts, await ensureEmptyDirectory(host.stateDir))
      : workspace.mounts,
    env: { ...cageEnv(), ...cageCaEnv(), ...workspace.env },
    engineCpus: engine.capabilities.cpus,
    flavor: engine.capabilities.flavor,
    plainHome: copy?.plainHome,
    images: new Map([[service.name, images.final.ref]]),
  };
  return { ...site, workspace, facts };
}

/**
 * Brings a cage about: images, home, shared network. An unchanged cage costs one `docker inspect`,
 * which runs while the workspace is looked at.
 */
export async function prepareCage(site: CageSite, context: CageContext): Promise<PreparedCage> {
  const { engine } = site;
  const planned = await planSite(site, context);
  const { images, gateway, wanted } = planned;
  const plans = gateway === undefined ? [images] : [images, gateway];
  const work = site.copy === undefined ? [] : [site.copy.volumes.work];
  const [present, draft] = await Promise.all([
    inspectAll(engine, [
      ...plans.map(({ final }) => final.ref),
      ...wanted.map(({ name }) => name),
      ...work,
    ]),
    settleDraft(planned, context),
  ]);
  if (site.copy !== undefined) requireWork(site.copy, present);
  for (const warning of draft.workspace.warnings) context.io.warn(warning);
  const unbuilt = plans.filter((plan) => !isBuilt(plan, present));
  if (unbuilt.length > 0) context.beforeBuild?.();
  if (unbuilt.length > 0) await ensureAllImages(unbuilt, { engine, ...context });
  await applyResources(planResources(wanted, present), engine);
  return draft;
}

/** Whether the engine has the image of a plan, by its recipe. Pure. */
export function isBuilt(
  { final }: ImagePlan,
  present: ReadonlyMap<string, InspectedObject>,
): boolean {
  return present.get(final.ref)?.labels[LABEL.recipe] === final.recipe;
}

/** Everything about a cage that is kept on the host. */
async function settleDraft(site: PlannedSite, context: CageContext): Promise<CageDraft> {
  const { id, dir, project } = site;
  const draft = await draftCage(site, context);
  await claimCage(dir, { id, projectPath: project.path });
  await checkHidden(dir, draft.workspace.roots);
  return draft;
}

/** Name of the volume that holds a cage's home. */
export function findHome({ wanted }: Pick<PlannedSite, "wanted">): string {
  const home = wanted.find(({ kind }) => kind === "home");
  if (home === undefined) throw new Error("No home planned");
  return home.name;
}
