import { findRuleProblem } from "../../config/check_rule.ts";
import { addRules, removeRules, type RuleList } from "../../config/edit_rules.ts";
import { loadConfig } from "../../config/layers.ts";
import { formatOrigin } from "../../config/show.ts";
import { EXIT, UserError } from "../../errors.ts";
import { findProject } from "../../project/root.ts";
import { findInstalledServices } from "../../service/installed.ts";
import type { CommandContext } from "../context.ts";
import { type EffectiveRule, listEffectiveRules } from "../effective_rules.ts";
import { formatJson, formatTable } from "../output.ts";
import { reloadSessions } from "../reload.ts";
import { editRules, type RuleSite } from "../rule_site.ts";

/** Which rules, and in which file. */
export type DomainOptions = {
  rules: string[];
  /** The user's own configuration instead of the project's. */
  global: boolean;
  path?: string;
};

/** `sandcage domain add`: allows or blocks rules in the right file, and in running sessions. */
export async function runDomainAdd(
  options: DomainOptions & { block: boolean },
  context: CommandContext,
): Promise<number> {
  const { io } = context;
  for (const rule of options.rules) requireRule(rule);
  const list: RuleList = options.block ? "block" : "allow";
  const { site, isSame } = await editRules(options, {
    context,
    typed: options.block ? [] : options.rules,
    edit: (file) => addRules(file, { list, rules: options.rules }),
  });
  const rules = options.rules.join(", ");
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
  const { rules } = options;
  const { site } = await editRules(options, {
    context,
    typed: [],
    async edit(file, site) {
      const allowed = await removeRules(file, { list: "allow", rules });
      const blocked = await removeRules({ ...file, text: allowed.text }, { list: "block", rules });
      const removed = new Set([...allowed.removed, ...blocked.removed]);
      const absent = rules.filter((rule) => !removed.has(rule));
      if (absent.length > 0) throw await explainAbsent(absent, { site, options, context });
      return blocked.text;
    },
  });
  context.io.talk(`Removed ${rules.join(", ")} from ${site.file}`);
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
  const installed = await findInstalledServices(host.stateDir);
  const rules = listEffectiveRules(loaded, { installed });
  if (options.json) return io.out(formatJson({ mode, rules: rules.map(toJson) }));
  const rows = rules.map((rule) => [rule.action, rule.rule, formatFrom(rule)]);
  io.out(formatTable(["ACTION", "RULE", "FROM"], rows, { color: io.color }));
  if (mode !== "allowlist") io.talk(`network.mode is ${mode}: these rules are not in force`);
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
  const installed = await findInstalledServices(host.stateDir);
  for (const rule of listEffectiveRules(loaded, { installed })) {
    if (rule.action !== "block" || !options.rules.includes(rule.rule)) continue;
    io.warn(`${rule.rule} stays blocked, by ${formatFrom(rule)}; block beats allow`);
  }
}

async function explainAbsent(
  absent: readonly string[],
  at: { site: RuleSite; options: DomainOptions; context: CommandContext },
): Promise<UserError> {
  const { site, options, context } = at;
  const { host } = context;
  const loaded = await loadConfig(site.projectPath ?? host.stateDir, { host });
  const installed = await findInstalledServices(host.stateDir);
  const elsewhere = listEffectiveRules(loaded, { installed }).find(({ rule }) =>
    absent.includes(rule)
  );
  const hint = elsewhere === undefined
    ? "See what there is: sandcage domain list"
    : elsewhere.origin?.layer === "user" && !options.global
    ? `It is in ${formatFrom(elsewhere)}; run: sandcage domain rm --global ${elsewhere.rule}`
    : elsewhere.by === "" || elsewhere.by === "preset"
    ? `It is in ${formatFrom(elsewhere)}; remove it there`
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
