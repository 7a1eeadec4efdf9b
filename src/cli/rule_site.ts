import { join } from "node:path";
import type { RuleFile } from "../config/edit_rules.ts";
import { formatRule } from "../config/grants_network.ts";
import { loadConfig } from "../config/layers.ts";
import { readConfigText } from "../config/read.ts";
import { findPendingGrants, forgetGrants, storeGrants } from "../config/trust.ts";
import { lockFile, writeFileAtomic } from "../files.ts";
import { CONFIG_FILE } from "../names.ts";
import { findProject } from "../project/root.ts";
import type { CommandContext } from "./context.ts";
import { replaceFile, restoreFile } from "./replace_file.ts";

/** Whose file is edited. */
export type RuleSiteOptions = {
  /** The user's own configuration instead of the project's. */
  global: boolean;
  path?: string;
};

/** The file that is edited; `projectPath` is absent for the user's own. */
export type RuleSite = { file: string; projectPath?: string; text: string | undefined };

/** One edit of the rules. */
export type RuleEdit = {
  context: CommandContext;
  /** Rules to allow that the user typed, and so said yes to. */
  typed: readonly string[];
  /** Gives the new text; what it throws leaves the file as it is. */
  edit(file: RuleFile, site: RuleSite): Promise<string>;
};

/**
 * Edits the rules of a config file, one command at a time: two at once lose no rule. When the
 * configuration is wrong with the new text, the file is as it was before.
 *
 * @returns `isSame` when there was nothing to change.
 * @throws {UserError} If the file or the configuration is wrong.
 */
export async function editRules(
  options: RuleSiteOptions,
  { context, typed, edit }: RuleEdit,
): Promise<{ site: RuleSite; isSame: boolean }> {
  using _lock = await lockFile(join(context.host.stateDir, "edit.lock"));
  const site = await findSite(options, context);
  const text = await edit({ file: site.file, text: site.text ?? "" }, site);
  const had = await listAllowed(site, context);
  await writeSite(site, { text, typed }, context);
  await forgetRemoved(site, had, context);
  return { site, isSame: text === (site.text ?? "") };
}

async function findSite(options: RuleSiteOptions, { host }: CommandContext): Promise<RuleSite> {
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
  site: RuleSite,
  edit: { text: string; typed: readonly string[] },
  context: CommandContext,
): Promise<void> {
  if (edit.text !== (site.text ?? "")) {
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
  { file, projectPath }: RuleSite,
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
  site: RuleSite,
  had: readonly string[],
  context: CommandContext,
): Promise<void> {
  if (site.projectPath === undefined) return;
  const has = new Set(await listAllowed(site, context));
  const gone = { key: "network.allow", shown: had.filter((rule) => !has.has(rule)) };
  await forgetGrants(await Deno.realPath(site.projectPath), gone, { host: context.host });
}

async function listAllowed({ projectPath }: RuleSite, { host }: CommandContext): Promise<string[]> {
  const { config } = await loadConfig(projectPath ?? host.stateDir, { host });
  return config.network.allow.map(formatRule);
}
