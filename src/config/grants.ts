import { ask, type Grant, type Planning, UNTRUSTED } from "./grant.ts";
import { planInside } from "./grants_inside.ts";
import { formatRule, planNetwork } from "./grants_network.ts";
import { childPath } from "./kit.ts";
import type { LoadedConfig } from "./layers.ts";
import { maskValue } from "./mask.ts";
import { mergeLayers } from "./merge.ts";
import type { MountConfig, RuleConfig } from "./schema.ts";
import { parseByteSize } from "./units.ts";

/** Weaker comes later. */
const GIT_STRICTNESS = ["none", "readonly", "protected"];
const MODE_GIVES = {
  mount: "the cage changes your files at once",
  copy: "files that are in no commit go in",
  promote: "commits of the cage land on your branch by themselves",
};
const ACP_STRICTNESS = { terminal: ["block", "allow"], fs: ["block", "workspace", "allow"] };

/**
 * Lists what the project's files widen, compared with the defaults and the user's own file. What
 * they tighten, and what a flag decides, needs nobody's yes. Pure: looks at no file.
 */
export function planGrants(loaded: LoadedConfig): Grant[] {
  const isUntrusted = loaded.layers.some((layer) => UNTRUSTED.includes(layer.name));
  if (!isUntrusted) return [];
  const trusted = mergeLayers(
    loaded.layers.filter((layer) => layer.name === "defaults" || layer.name === "user"),
  ).config;
  const { config, origins, layers } = loaded;
  const planning: Planning = { config, trusted, origins, layers, grants: [] };
  planHostPaths(planning);
  planImage(planning);
  planNetwork(planning);
  planScalars(planning);
  planInside(planning);
  planLostProtection(planning);
  return planning.grants;
}

function planHostPaths(planning: Planning): void {
  for (const [index, mount] of planning.config.mounts.entries()) {
    ask(planning, `mounts[${index}]`, {
      key: "mounts",
      value: canonicalMount(mount),
      shown: formatMount(mount),
      why: mount.readonly === false
        ? "the cage can read and change this host path"
        : "the cage can read this host path",
    });
  }
  for (const [index, dir] of planning.config.workspace.dirs.entries()) {
    ask(planning, `workspace.dirs[${index}]`, {
      key: "workspace.dirs",
      value: dir,
      why: "the cage can read and change this host directory",
    });
  }
}

function planImage(planning: Planning): void {
  const { image } = planning.config;
  const known = planning.trusted.image;
  if (image.base !== known.base) {
    ask(planning, "image.base", {
      value: image.base,
      why: "everything in the cage is built on this image",
    });
  }
  if (image.dockerfile !== null && image.dockerfile !== known.dockerfile) {
    ask(planning, "image.dockerfile", {
      value: image.dockerfile,
      contentOf: image.dockerfile,
      why: "these instructions run as root while the image is built",
    });
  }
  for (const [name, value] of Object.entries(image.args)) {
    if (Object.hasOwn(known.args, name) && known.args[name] === value) continue;
    ask(planning, childPath("image.args", name), {
      value,
      shown: maskValue(name, value),
      why: "changes how the image is built",
    });
  }
  if (JSON.stringify(image.ca) === JSON.stringify(known.ca) || image.ca === "none") return;
  for (const value of Array.isArray(image.ca) ? image.ca : ["auto"]) {
    ask(planning, "image.ca", {
      value,
      ...(Array.isArray(image.ca) ? { contentOf: value } : {}),
      why: "the cage trusts these certificate authorities",
    });
  }
}

function planScalars(planning: Planning): void {
  const { config, trusted } = planning;
  if (parseByteSize(config.limits.memory) > parseByteSize(trusted.limits.memory)) {
    const why = `more than your limit of ${trusted.limits.memory}`;
    ask(planning, "limits.memory", { value: config.limits.memory, why });
  }
  for (const key of ["cpus", "pids"] as const) {
    if (config.limits[key] <= trusted.limits[key]) continue;
    const why = `more than your limit of ${trusted.limits[key]}`;
    ask(planning, `limits.${key}`, { value: String(config.limits[key]), why });
  }
  for (const key of ["enabled", "agent"] as const) {
    if (!config.ssh[key] || trusted.ssh[key]) continue;
    const why = key === "agent"
      ? "any process in the cage can use the keys of your SSH agent"
      : "the cage gets your SSH set-up";
    ask(planning, `ssh.${key}`, { value: "true", why });
  }
  if (config.home === "service" && trusted.home === "project") {
    ask(planning, "home", { value: "service", why: "your own config keeps homes per project" });
  }
  if (isWeakerGit(config.workspace.git, trusted.workspace.git)) {
    const why = `your own config says ${trusted.workspace.git}`;
    ask(planning, "workspace.git", { value: config.workspace.git, why });
  }
  const { mode } = config.workspace;
  // A mount gives the most. Of the others each gives what the other keeps back.
  if (mode !== trusted.workspace.mode && trusted.workspace.mode !== "mount") {
    const why = `${MODE_GIVES[mode]}; your own config says ${trusted.workspace.mode}`;
    ask(planning, "workspace.mode", { value: mode, why });
  }
  for (const key of ["name", "email"] as const) {
    const value = config.promotion[key];
    if (value === null || value === trusted.promotion[key]) continue;
    ask(planning, `promotion.${key}`, {
      value,
      why: "promoted commits carry it in place of yours",
    });
  }
  if (config.promotion.sign && !trusted.promotion.sign) {
    ask(planning, "promotion.sign", {
      value: "true",
      why: "promoted commits are signed with your key",
    });
  }
  for (const [index, value] of config.promotion.branches.entries()) {
    if (trusted.promotion.branches.includes(value)) continue;
    ask(planning, `promotion.branches[${index}]`, {
      key: "promotion.branches",
      value,
      why: "branches of the cage come to your repository as well",
    });
  }
  const { dotfiles } = config.attach;
  if (dotfiles !== null && dotfiles !== trusted.attach.dotfiles) {
    const why = "its install script runs in the home of new cages";
    ask(planning, "attach.dotfiles", { value: dotfiles, why });
  }
  for (const key of ["terminal", "fs"] as const) {
    const order: readonly string[] = ACP_STRICTNESS[key];
    if (order.indexOf(config.acp[key]) <= order.indexOf(trusted.acp[key])) continue;
    const why = key === "terminal"
      ? "the agent can have commands run on your machine by your editor"
      : `your own config says ${trusted.acp.fs}`;
    ask(planning, `acp.${key}`, { value: config.acp[key], why });
  }
  if (config.engine.context !== trusted.engine.context) {
    ask(planning, "engine.context", {
      value: JSON.stringify(config.engine.context),
      shown: config.engine.context ?? "the default engine",
      why: "the cage runs on that engine",
    });
  }
}

/** What the user's own file protects and a project file takes back, by reset or by negation. */
function planLostProtection(planning: Planning): void {
  for (const [name, service] of Object.entries(planning.trusted.services)) {
    const path = childPath("services", name);
    const now = Object.hasOwn(planning.config.services, name)
      ? planning.config.services[name]
      : undefined;
    if (service.enabled !== false || now?.enabled === false) continue;
    askLost(planning, `${path}.enabled`, {
      value: "true",
      why: "your own config disables this service",
    });
  }
  const lists = [
    ["workspace", "hide"],
    ["workspace", "readonly"],
    ["workspace", "protect"],
    ["network", "block"],
    ["network", "dns"],
    ["inspect", "hosts"],
  ] as const;
  for (const [section, key] of lists) {
    const path = `${section}.${key}`;
    const before = listOf(planning.trusted[section], key);
    const now = listOf(planning.config[section], key);
    const kept = new Set(now.map(formatRule));
    for (const value of before.map(formatRule).filter((item) => !kept.has(item))) {
      askLost(planning, path, {
        value: `without ${value}`,
        why: "your own config protects this",
      });
    }
    if (before.length === 0 || section !== "workspace") continue;
    for (const [index, value] of now.entries()) {
      if (typeof value !== "string" || !value.startsWith("!")) continue;
      const why = "takes back what your own config protects";
      ask(planning, `${path}[${index}]`, { key: path, value, why });
    }
  }
}

/**
 * Adds a grant for what is gone. A reset may leave no value, so no origin, and a flag may have added
 * something since: whoever resets at or above `path` is the one who asks. Flags cannot reset.
 */
function askLost(planning: Planning, path: string, grant: { value: string; why: string }): void {
  const origin = planning.origins.get(path);
  if (origin !== undefined && UNTRUSTED.includes(origin.layer)) return ask(planning, path, grant);
  for (const layer of planning.layers) {
    if (!UNTRUSTED.includes(layer.name)) continue;
    const reset = [...layer.resets].find((reset) => path === reset || path.startsWith(`${reset}.`));
    if (reset === undefined) continue;
    const line = layer.positions.get(reset)?.line ?? 1;
    planning.grants.push({
      key: path,
      value: grant.value,
      shown: grant.value,
      file: layer.file ?? "",
      line,
      why: grant.why,
    });
    return;
  }
}

function isWeakerGit(now: string, before: string): boolean {
  return GIT_STRICTNESS.indexOf(now) > GIT_STRICTNESS.indexOf(before);
}

function listOf(section: Readonly<Record<string, unknown>>, key: string): RuleConfig[] {
  return section[key] as RuleConfig[];
}

function canonicalMount(mount: MountConfig): string {
  return JSON.stringify([mount.source, mount.target ?? mount.source, mount.readonly ?? true]);
}

function formatMount(mount: MountConfig): string {
  const target = mount.target === undefined || mount.target === mount.source
    ? ""
    : ` at ${mount.target}`;
  return `${mount.source}${target}${mount.readonly === false ? " (writable)" : " (read-only)"}`;
}
