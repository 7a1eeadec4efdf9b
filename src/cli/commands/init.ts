import { join } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { findText } from "../../files.ts";
import { CONFIG_FILE } from "../../names.ts";
import { detectEcosystems } from "../../project/ecosystem.ts";
import { observeProjectFiles } from "../../project/files.ts";
import { findProject, type Project } from "../../project/root.ts";
import { observeRemotes, suggestPresets } from "../../project/presets.ts";
import {
  formatStarter,
  formatSuggestion,
  isLocalIgnored,
  type Starter,
} from "../../project/starter.ts";
import type { CommandContext } from "../context.ts";
import type { PromoteAnswers } from "../init_answers.ts";
import { applyAnswers, askAtTerminal, writeIdentity } from "../init_promote.ts";

/** How `init` goes about it. */
export type InitOptions = {
  yes: boolean;
  force: boolean;
  /** What is committed in the cage lands on the branch; asks what that needs. */
  promote: boolean;
  path?: string;
};

/** `sandcage init`: writes a commented .sandcage.yml from what the project's files tell. */
export async function runInit(options: InitOptions, context: CommandContext): Promise<number> {
  const { host, io } = context;
  const { yes, force, promote, ...where } = options;
  const project = await findProject({ host, ...where });
  const target = join(project.path, CONFIG_FILE.project);
  const exists = await isPresent(target);
  if (exists && !force) {
    throw new UserError(`Cannot write ${target}: it exists already`, {
      hint: "Edit it, or replace it with: sandcage init --force (keeps a backup)",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  const detected = detectEcosystems(await observeProjectFiles(project.path));
  const presets = suggestPresets(detected, await observeRemotes(project));
  const found: Starter = { ...detected, presets };
  const answers = promote && !yes && io.interactive
    ? await askAtTerminal(found, { project, host })
    : undefined;
  if (promote && !yes && io.interactive && answers === undefined) return EXIT.failed;
  const suggestion: Starter = answers !== undefined
    ? applyAnswers(found, answers)
    : promote
    ? { ...found, mode: "promote" }
    : found;
  const text = formatStarter(suggestion);
  io.talk(`Suggested for ${project.path}:\n${formatSuggestion(suggestion)}`);
  if (!yes) {
    if (!io.interactive) {
      throw new UserError("Cannot ask whether to write the file: there is no terminal", {
        hint: "Take the suggestion as it is: sandcage init --yes",
        exit: EXIT.usage,
        code: "usage",
      });
    }
    io.talk(`\n${text}`);
    if (!await io.confirm(`Write ${CONFIG_FILE.project}?`, { assumed: true })) return EXIT.failed;
  }
  if (exists) io.talk(`Kept the old file as ${await backUp(target)}`);
  await writeProjectFile(target, { text, replace: exists });
  io.talk(`Wrote ${target}`);
  const values = [
    ...presets.map(({ name }) => name),
    ...(promote ? ["promote"] : []),
    ...answers?.setup ?? [],
  ];
  if (values.length > 0) {
    const keys = ["network.presets", "workspace.mode", "setup"];
    await trustWritten(project.path, target, { host, keys, values });
  }
  if (answers !== undefined) await keepIdentity(project, answers, { host, io });
  if (!promote) await offerIgnore(project, { yes, io });
  io.talk(promote ? "Next: sandcage start" : "Next: sandcage claude");
  return EXIT.ok;
}

async function keepIdentity(
  project: Project,
  answers: PromoteAnswers,
  { host, io }: Pick<CommandContext, "host" | "io">,
): Promise<void> {
  const path = join(project.path, CONFIG_FILE.local);
  if (!await writeIdentity(project, answers)) {
    const { name, email } = answers;
    io.talk(`Say it in ${path}: promotion: { name: ${JSON.stringify(name)}, email: ${email} }`);
    return;
  }
  io.talk(`Wrote ${path}, which git does not see`);
  await trustWritten(project.path, path, { host, keys: ["promotion.name", "promotion.email"] });
}

/** Keeps the file beside itself under a name that is free. */
async function backUp(path: string): Promise<string> {
  for (let number = 1;; number++) {
    const backup = number === 1 ? `${path}.bak` : `${path}.bak${number}`;
    if (await isPresent(backup)) continue;
    await Deno.copyFile(path, backup);
    return backup;
  }
}

// Readable as any other file of the project; a rename never leaves half a file where one was.
async function writeProjectFile(
  path: string,
  options: { text: string; replace: boolean },
): Promise<void> {
  const target = options.replace ? `${path}.${crypto.randomUUID()}.tmp` : path;
  try {
    await Deno.writeTextFile(target, options.text, { createNew: true });
    if (options.replace) await Deno.rename(target, path);
  } catch (cause) {
    const taken = cause instanceof Deno.errors.AlreadyExists;
    // Half a file of ours is worse than none; one that is not ours stays.
    if (!taken) await Deno.remove(target).catch(() => {});
    throw new UserError(`Cannot write ${path}: ${reasonOf(cause)}`, {
      hint: taken ? "Look at it, then run init again" : "Make the folder writable for your user",
      exit: taken ? EXIT.conflict : EXIT.failed,
      code: taken ? "conflict" : "failed",
      cause,
    });
  }
}

/** The user saw what was written and said yes to it: nobody has to ask for it again. */
async function trustWritten(
  projectPath: string,
  file: string,
  options: { host: CommandContext["host"]; keys: readonly string[]; values?: readonly string[] },
): Promise<void> {
  const { host, keys, values } = options;
  const { loadConfig } = await import("../../config/layers.ts");
  const { findPendingGrants, storeGrants } = await import("../../config/trust.ts");
  let pending: Awaited<ReturnType<typeof findPendingGrants>>;
  try {
    const loaded = await loadConfig(projectPath, { host });
    pending = await findPendingGrants(loaded, { host, projectPath });
  } catch (error) {
    // Another file of the configuration is wrong: the next command says so, with its place.
    if (error instanceof UserError) return;
    throw error;
  }
  const written = pending.filter((grant) =>
    keys.includes(grant.key) && grant.file === file && (values?.includes(grant.value) ?? true)
  );
  await storeGrants(await Deno.realPath(projectPath), written, { host });
}

async function offerIgnore(
  project: { path: string; git: string },
  options: { yes: boolean; io: CommandContext["io"] },
): Promise<void> {
  if (project.git === "none") return;
  const path = join(project.path, ".gitignore");
  const text = await findText(path) ?? "";
  if (isLocalIgnored(text)) return;
  const { io, yes } = options;
  const question = `Add ${CONFIG_FILE.local} to .gitignore?`;
  // Without a person to ask, files that are not ours stay as they are.
  if (yes || !await io.confirm(question, { assumed: true })) {
    io.talk(`Keep your own settings out of the repository: add ${CONFIG_FILE.local} to .gitignore`);
    return;
  }
  const glue = text === "" || text.endsWith("\n") ? "" : "\n";
  await Deno.writeTextFile(path, `${glue}${CONFIG_FILE.local}\n`, { append: true });
}

async function isPresent(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Deno.errors.AlreadyExists) return "it appeared in the meantime";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  return cause instanceof Error ? cause.message : String(cause);
}
