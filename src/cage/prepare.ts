import { createHash } from "node:crypto";
import { loadConfig } from "../config/layers.ts";
import type { Config } from "../config/schema.ts";
import { requireTrust } from "../config/trust.ts";
import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import { requireLocal } from "../engine/local.ts";
import type { Host } from "../host.ts";
import { ensureImages } from "../image/build.ts";
import { cageUser, observeImageFacts } from "../image/observe.ts";
import { cageCaEnv, cageEnv } from "../image/env.ts";
import { type ImagePlan, planImages } from "../image/recipe.ts";
import type { Io } from "../io.ts";
import { LABEL } from "../names.ts";
import { cageId } from "../project/identity.ts";
import { findProject, type Project } from "../project/root.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import { resolveService } from "../service/registry.ts";
import { checkHidden } from "../workspace/hidden_record.ts";
import { formatComposeFile } from "./compose_document.ts";
import { type CageFacts, type CagePlan, planCage } from "./plan.ts";
import { applyResources, planResources, type Resource } from "./resources.ts";
import { cageDir, claimCage, composePath, isPlanWritten, writePlan } from "./store.ts";
import { type CageWorkspace, observeCageWorkspace } from "./workspace.ts";

/** Which cage, for which service. */
export type CageRequest = { service: string; path?: string; name?: string };

/** What preparing needs from outside. */
export type CageContext = { host: Host; io: Io; engineContext?: string; signal?: AbortSignal };

/** Which cage it is, before its files are looked at. */
export type CageSite = {
  id: string;
  /** Where the cage keeps its files on the host. */
  dir: string;
  project: Project;
  config: Config;
  service: ServiceDefinition;
  engine: Engine;
};

/** A cage as decided for one service, before anything is made. */
export type CageDraft = CageSite & {
  workspace: CageWorkspace;
  user: { uid: number; gid: number };
  images: ImagePlan;
  plan: CagePlan;
};

/** A cage whose image, home and network exist and whose compose file is written. */
export type PreparedCage = CageDraft & { composePath: string };

/** From the command line to a cage: project, configuration, trust, service, engine. */
export async function locateCage(request: CageRequest, context: CageContext): Promise<CageSite> {
  const { host, io } = context;
  const project = await findProject({ host, path: request.path });
  const id = cageId(project, request.name);
  const dir = cageDir(host.stateDir, id);
  const loaded = await loadConfig(project.path, { host });
  const { config } = loaded;
  await requireTrust(loaded, { host, io, projectPath: project.path });
  const service = resolveService(request.service, config);
  const engine = await connectEngine({
    host,
    context: context.engineContext ?? config.engine.context,
  });
  await requireLocal(engine, "Mounting the project");
  return { id, dir, project, config, service, engine };
}

/** Plans a cage from what the host and the configuration hold now. Makes nothing. */
export async function draftCage(site: CageSite, context: CageContext): Promise<CageDraft> {
  const { id, project, config, service, engine } = site;
  const { host } = context;
  const [workspace, imageFacts] = await Promise.all([
    observeCageWorkspace({ project, config, engine, host }),
    observeImageFacts(config, { host, engine, projectPath: project.path }),
  ]);
  const images = planImages({ config, service, facts: imageFacts });
  const user = cageUser(host, engine.capabilities);
  const facts: CageFacts = {
    id,
    projectPath: project.path,
    insidePath: workspace.insidePath,
    user,
    mounts: workspace.mounts,
    env: { ...cageEnv(), ...cageCaEnv(), ...workspace.env },
    engineCpus: engine.capabilities.cpus,
    images: new Map([[service.name, images.final.ref]]),
  };
  const plan = planCage(config, { services: [service], facts });
  return { ...site, workspace, user, images, plan };
}

/**
 * Makes what a draft needs and does not have: image, home, network, compose file. An unchanged cage
 * costs one `docker inspect`.
 */
export async function prepareCage(draft: CageDraft, context: CageContext): Promise<PreparedCage> {
  const { id, dir, engine, images, plan, service, user } = draft;
  const { host, io, signal } = context;
  await claimCage(dir, { id, projectPath: draft.project.path });
  await checkHidden(dir, draft.workspace.roots);
  for (const warning of draft.workspace.warnings) io.warn(warning);
  const home = findHome(plan, service);
  const wanted: Resource[] = [
    {
      kind: "home",
      name: home,
      service: service.name,
      owner: `${user.uid}:${user.gid}`,
      ...(draft.config.home === "project" ? { cage: id } : {}),
    },
    ...(plan.network === undefined ? [] : [{ kind: "egress" as const, name: plan.network }]),
  ];
  const { final } = images;
  const present = await inspectAll(engine, [final.ref, ...wanted.map(({ name }) => name)]);
  if (present.get(final.ref)?.labels[LABEL.recipe] !== final.recipe) {
    await ensureImages(images, { engine, host, io, signal });
  }
  await applyResources(planResources(wanted, present), engine);
  return { ...draft, composePath: await writeComposeFile(draft) };
}

/** Name of the volume that holds the home of a planned service. */
export function findHome(plan: CagePlan, service: ServiceDefinition): string {
  const home = plan.homes.get(service.name);
  if (home === undefined) throw new Error(`No home planned for service ${service.name}`);
  return home;
}

async function writeComposeFile({ dir, plan, service }: CageDraft): Promise<string> {
  const path = composePath(dir, service.name);
  const hash = createHash("sha256").update(JSON.stringify(plan.document)).digest("hex");
  if (!await isPlanWritten(path, hash)) {
    await writePlan(path, { hash, text: await formatComposeFile(plan.document) });
  }
  return path;
}
