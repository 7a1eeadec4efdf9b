import { applyRemoval } from "../../cage/remove.ts";
import { EXIT, UserError } from "../../errors.ts";
import { ensureImages } from "../../image/build.ts";
import { planImages } from "../../image/recipe.ts";
import type { ImagePlan } from "../../image/spec.ts";
import {
  type InstalledAgent,
  planInstalledService,
  readInstalled,
} from "../../service/installed.ts";
import { builtInNames } from "../../service/registry.ts";
import { checkDomains, settleDomains } from "./domains.ts";
import { observeOwned } from "./images.ts";
import type { LoadedRegistry } from "./load.ts";
import { findKnownDomains } from "./offline.ts";
import { type InstallGround, resolveAgent } from "./resolve.ts";
import { readAgent } from "./search.ts";
import { recordAgent, removeUnusedArchives } from "./store.ts";

/** What to install. */
export type InstallRequest = {
  id: string;
  /** Another version than the registry's. */
  version?: string;
  allowUnverified: boolean;
  /** Hosts named on the command line. */
  domains: readonly string[];
};

/** What came of it. */
export type InstallOutcome = {
  kind: "installed" | "updated" | "unchanged";
  agent: InstalledAgent;
  /** The version there was before. */
  previous?: string;
  /** What its sessions run in, in a project without tools of its own. */
  image: string;
};

/** An outcome as `--json` prints it. Pure. */
export function toJson({ kind, agent, previous, image }: InstallOutcome) {
  return { outcome: kind, previous: previous ?? null, image, ...agent };
}

/** Names of sandcage's own images: no agent may be called so. */
const RESERVED = ["base", "tools", "gateway"];

/**
 * Installs an agent of the registry, or brings it to another version. The record is written last, at
 * once: whatever fails or is killed before leaves what was there. The caller holds the lock.
 *
 * @throws {UserError} If there is no such agent, it is not offered here, cannot be verified or does
 *   not build.
 */
export async function installAgent(
  request: InstallRequest,
  options: { registry: LoadedRegistry; ground: InstallGround; nowMs: number },
): Promise<InstallOutcome> {
  const { id } = request;
  const { registry, ground, nowMs } = options;
  const { host, io } = ground;
  checkDomains(request.domains);
  refuseTaken(id);
  const entry = readAgent(registry, id);
  const { agents } = await readInstalled(host.stateDir);
  const before = Object.hasOwn(agents, id) ? agents[id] : undefined;
  try {
    const resolved = await resolveAgent(entry, {
      ...request,
      registry: registry.source.url,
      ground,
    });
    const draft = {
      id,
      name: entry.name,
      version: resolved.version,
      registry: registry.source.kind === "offline" ? "offline" : registry.source.url,
      origin: resolved.origin,
      args: [...resolved.args],
      env: { ...resolved.env },
    };
    const isSame = before !== undefined && isSameBuild(before, draft);
    const hosts = isSame && request.domains.length === 0 ? before : await settleDomains({
      id,
      named: request.domains,
      known: findKnownDomains(id),
      ...(before === undefined ? {} : { before }),
    }, io);
    const agent: InstalledAgent = {
      ...draft,
      domains: hosts.domains,
      askedDomains: hosts.askedDomains,
      installedAt: isSame ? before.installedAt : new Date(nowMs).toISOString(),
    };
    const plan = planAgentImages(agent, ground);
    const image = await ensureImages(plan, ground);
    await recordAgent(host.stateDir, agent);
    if (before !== undefined && !isSame) await removeOldImages(id, { plan, ground });
    return before === undefined
      ? { kind: "installed", agent, image }
      : { kind: isSame ? "unchanged" : "updated", agent, previous: before.version, image };
  } finally {
    await removeUnusedArchives(host.stateDir);
  }
}

/** The images of an installed agent for the user's own configuration. */
function planAgentImages(agent: InstalledAgent, ground: InstallGround): ImagePlan {
  const service = planInstalledService(agent, { stateDir: ground.host.stateDir });
  return planImages({ config: ground.config, service, facts: ground.facts, acp: true });
}

function isSameBuild(
  before: InstalledAgent,
  now: Pick<InstalledAgent, "origin" | "args" | "env">,
): boolean {
  const essence = ({ origin, args, env }: Pick<InstalledAgent, "origin" | "args" | "env">) =>
    JSON.stringify([
      Object.entries(origin).toSorted(),
      args,
      Object.entries(env).toSorted(),
    ]);
  return essence(before) === essence(now);
}

// A session may still run in one of them; it goes with the next update, or with `acp remove`.
async function removeOldImages(
  id: string,
  options: { plan: ImagePlan; ground: InstallGround },
): Promise<void> {
  const { plan, ground } = options;
  const images = await observeOwned("image", { service: id, engine: ground.engine });
  const old = images.filter(({ title }) => !plan.images.some(({ ref }) => title.includes(ref)));
  await applyRemoval(old, { engine: ground.engine });
}

function refuseTaken(id: string): void {
  if (builtInNames().includes(id)) {
    throw new UserError(`"${id}" is built in: there is nothing to install`, {
      hint: `Run: sandcage acp run ${id}\nAnother version of it: services.${id}.version in the ` +
        "configuration",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  if (!RESERVED.includes(id)) return;
  throw new UserError(`Cannot install "${id}": sandcage uses this name itself`, {
    exit: EXIT.conflict,
    code: "conflict",
  });
}
