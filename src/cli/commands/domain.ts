import { join } from "node:path";
import { findRuleProblem } from "../../config/check_rule.ts";
import { addRules, removeRules, type RuleList } from "../../config/edit_rules.ts";
import { loadConfig } from "../../config/layers.ts";
import { readConfigText } from "../../config/read.ts";
import { formatRule } from "../../config/grants_network.ts";
import { formatOrigin } from "../../config/show.ts";
import { findPendingGrants, forgetGrants, storeGrants } from "../../config/trust.ts";
import { EXIT, UserError } from "../../errors.ts";
import { ensurePrivateDir, writeFileAtomic } from "../../files.ts";
import { CONFIG_FILE } from "../../names.ts";
import { findProject } from "../../project/root.ts";
import type { CommandContext } from "../context.ts";
import { type EffectiveRule, listEffectiveRules } from "../effective_rules.ts";
import { formatJson, formatTable } from "../output.ts";
import { replaceFile, restoreFile } from "../replace_file.ts";
import { reloadSessions } from "../reload.ts";

/** Which rules, and in which file. */
export type DomainOptions = {
  rules: string[];
  /** The user's own configuration instead of the project's. */
  global: boolean;
  path?: string;
};

/** The file that is edited; `projectPath` is absent for the user's own. */
type Site = { file: string; projectPath?: string; text: string | undefined };

/** `sandcage domain add`: allows or blocks rules in the right file, and in running sessions. */
export async function runDomainAdd(
  options: DomainOptions & { block: boolean },
  context: CommandContext,
): Promise<number> {
  const { io } = context;
  for (const rule of options.rules) requireRule(rule);
  const site = await findSite(options, context);
  const list: RuleList = options.block ? "block" : "allow";
  const text = await addRules({ file: site.file, text: site.text ?? "" }, {
    list,
    rules: options.rules,
  });
  const rules = options.rules.join(", ");
  const isSame = text === (site.text ?? "");
  await writeSite(site, { text, typed: options.block ? [] : options.rules }, context);
  const done = options.block ? "Blocked" : "Allowed";
  io.talk(isSame ? `${rules}: already in ${site.file}` : `${done} ${rules} in ${site.file}`);
  await warnOfLimits(options, context);
  return await reloadSessions(context, { projectPath: site.projectPath });
}

/** `sandcage domain rm`: takes rules out of the file again, allowed or blocked. */
export async function runDomainRemove(
  options: DomainOptions,
  context: CommandContext,
): Promise<number> {
  const site = await findSite(options, context);
  const { file } = site;
  const before = site.text ?? "";
  const allowed = await removeRules({ file, text: before }, {
    list: "allow",
    rules: options.rules,
  });
  const blocked = await removeRules({ file, text: allowed.text }, {
    list: "block",
    rules: options.rules,
  });
  const removed = new Set([...allowed.removed, ...blocked.removed]);
  const absent = options.rules.filter((rule) => !removed.has(rule));
  if (absent.length > 0) throw await explainAbsent(absent, { site, options, context });
  const had = await listAllowed(site, context);
  await writeSite(site, { text: blocked.text, typed: [] }, context);
  await forgetRemoved(site, had, context);
  context.io.talk(`Removed ${options.rules.join(", ")} from ${file}`);
  return await reloadSessions(context, { projectPath: site.projectPath });
}

/** `sandcage domain list`: every rule in force and where it comes from. */
export async function runDomainList(
  options: { json: boolean; path?: string },
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const project = await findProject({ host, path: options.path });
  const loaded = await loadConfig(project.path, { host });
  const { mode } = loaded.config.network;
  const rules = listEffectiveRules(loaded);
  if (options.json) return io.out(formatJson({ mode, rules: rules.map(toJson) }));
  const rows = rules.map((rule) => [rule.action, rule.rule, formatFrom(rule)]);
  io.out(formatTable(["ACTION", "RULE", "FROM"], rows, { color: io.color }));
  if (mode !== "allowlist") io.talk(`network.mode is ${mode}: these rules are not in force`);
}

async function findSite(options: DomainOptions, { host }: CommandContext): Promise<Site> {
  if (options.global) {
    const file = join(host.stateDir, CONFIG_FILE.user);
    return { file, text: await readConfigText(file) };
  }
  const { path: projectPath } = await findProject({ host, path: options.path });
  const file = join(projectPath, CONFIG_FILE.project);
  return { file, projectPath, text: await readConfigText(file, { inside: projectPath }) };
}

/** Writes the file, or leaves it as it was when the configuration is wrong with it. */
async function writeSite(
  site: Site,
  edit: { text: string; typed: readonly string[] },
  context: CommandContext,
): Promise<void> {
  const { host } = context;
  if (edit.text !== (site.text ?? "")) {
    if (site.projectPath === undefined) await ensurePrivateDir(host.stateDir);
    if (site.text === undefined && site.projectPath === undefined) {
      await writeFileAtomic(site.file, edit.text);
    } else await replaceFile(site.file, edit.text);
  }
  try {
    await trustTyped(site, edit.typed, context);
  } catch (error) {
    if (edit.text !== (site.text ?? "")) await restoreFile(site.file, site.text);
    throw error;
  }
}

/**
 * Stores the user's yes for the rules just typed, and for nothing else: what more the project asks
 * for is still to be decided.
 */
async function trustTyped(
  { file, projectPath }: Site,
  typed: readonly string[],
  { host, io }: CommandContext,
): Promise<void> {
  const loaded = await loadConfig(projectPath ?? host.stateDir, { host });
  if (projectPath === undefined) return;
  const pending = await findPendingGrants(loaded, { host, projectPath });
  const isTyped = (grant: typeof pending[number]) =>
    grant.key === "network.allow" && grant.file === file && typed.includes(grant.value);
  const granted = pending.filter(isTyped);
  if (granted.length > 0) {
    await storeGrants(await Deno.realPath(projectPath), granted, { host });
  }
  if (pending.length > granted.length) {
    io.talk("This project asks for more that you have not allowed; see: sandcage trust");
  }
}

/** An agent that writes the rule again must not find it allowed. */
async function forgetRemoved(
  site: Site,
  had: readonly string[],
  context: CommandContext,
): Promise<void> {
  if (site.projectPath === undefined) return;
  const has = new Set(await listAllowed(site, context));
  const gone = { key: "network.allow", shown: had.filter((rule) => !has.has(rule)) };
  await forgetGrants(await Deno.realPath(site.projectPath), gone, { host: context.host });
}

async function listAllowed({ projectPath }: Site, { host }: CommandContext): Promise<string[]> {
  const { config } = await loadConfig(projectPath ?? host.stateDir, { host });
  return config.network.allow.map(formatRule);
}

/** Says why what was just allowed may still not be reached. */
async function warnOfLimits(
  options: DomainOptions & { block: boolean },
  { host, io }: CommandContext,
): Promise<void> {
  const projectPath = options.global
    ? host.stateDir
    : (await findProject({ host, path: options.path })).path;
  const loaded = await loadConfig(projectPath, { host });
  const { mode } = loaded.config.network;
  if (mode !== "allowlist") io.warn(`network.mode is ${mode}: rules are not in force`);
  if (options.block) return;
  for (const rule of listEffectiveRules(loaded)) {
    if (rule.action !== "block" || !options.rules.includes(rule.rule)) continue;
    io.warn(`${rule.rule} stays blocked, by ${formatFrom(rule)}; block beats allow`);
  }
}

async function explainAbsent(
  absent: readonly string[],
  at: { site: Site; options: DomainOptions; context: CommandContext },
): Promise<UserError> {
  const { site, options, context } = at;
  const { host } = context;
  const loaded = await loadConfig(site.projectPath ?? host.stateDir, { host });
  const elsewhere = listEffectiveRules(loaded).find(({ rule }) => absent.includes(rule));
  const hint = elsewhere === undefined
    ? "See what there is: sandcage domain list"
    : elsewhere.origin?.layer === "user" && !options.global
    ? `It is in ${formatFrom(elsewhere)}; run: sandcage domain rm --global ${elsewhere.rule}`
    : `It comes from ${formatFrom(elsewhere)}; to forbid it: ` +
      `sandcage domain add --block ${elsewhere.rule}`;
  return new UserError(`Cannot remove ${absent.join(", ")}: not in ${site.file}`, { hint });
}

function requireRule(rule: string): void {
  const found = findRuleProblem(rule);
  if (found === undefined) return;
  throw new UserError(`Cannot read the rule ${rule}: ${found.problem}`, {
    hint: found.hint,
    exit: EXIT.usage,
    code: "usage",
  });
}

function formatFrom({ by, origin }: EffectiveRule): string {
  if (origin === undefined) return by;
  return by === "" ? formatOrigin(origin) : `${by}, ${formatOrigin(origin)}`;
}

function toJson({ action, rule, by, origin }: EffectiveRule) {
  return {
    action,
    rule,
    by: by === "" ? null : by,
    layer: origin?.layer ?? null,
    file: origin?.file ?? null,
    line: origin?.line ?? null,
  };
}
