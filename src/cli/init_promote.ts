import { join } from "node:path";
import { findText, writeFileAtomic } from "../files.ts";
import { CONFIG_FILE } from "../names.ts";
import type { Project } from "../project/root.ts";
import { isLocalIgnored } from "../project/starter.ts";
import { readGitIdentity } from "../workspace/git_env.ts";
import type { CommandContext } from "./context.ts";
import { askPromoteAnswers, type PromoteAnswers } from "./init_answers.ts";
import { processPorts } from "./ports.ts";
import type { Starter } from "../project/starter.ts";

/** Asks at the terminal what a project of mode promote needs; `undefined` at the end of input. */
export async function askAtTerminal(
  starter: Starter,
  options: { project: Project; host: CommandContext["host"] },
): Promise<PromoteAnswers | undefined> {
  const ports = processPorts();
  const known = await readGitIdentity(options.host, options.project);
  return await askPromoteAnswers({
    ...known,
    toolchains: starter.toolchains,
    packages: starter.packages.map(({ name }) => name),
  }, { show: ports.stderr, readLine: ports.readLine });
}

/** What was detected, as it was changed in the answers. Pure. */
export function applyAnswers(starter: Starter, answers: PromoteAnswers): Starter {
  const cause = (known: readonly { name: string; cause: string }[], name: string) =>
    known.find((other) => other.name === name)?.cause ?? "as asked";
  return {
    ...starter,
    mode: "promote",
    setup: answers.setup,
    toolchains: answers.toolchains.map(({ name, version }) => ({
      name,
      version,
      cause: cause(starter.toolchains, name),
    })),
    packages: answers.packages.map((name) => ({ name, cause: cause(starter.packages, name) })),
  };
}

/**
 * Keeps the person's name out of the repository: in the local file, which git does not see.
 *
 * @returns Whether it was written; a file that is there is the person's own.
 */
export async function writeIdentity(
  project: Project,
  identity: Pick<PromoteAnswers, "name" | "email">,
): Promise<boolean> {
  const path = join(project.path, CONFIG_FILE.local);
  await excludeLocal(project);
  if (await findText(path) !== undefined) return false;
  const { name, email } = identity;
  await writeFileAtomic(
    path,
    "version: 1\npromotion:\n" +
      `  name: ${JSON.stringify(name)}\n  email: ${JSON.stringify(email)}\n`,
  );
  return true;
}

/** In git's own file of this clone: a line in `.gitignore` would have to be taken out of snapshots. */
async function excludeLocal({ commonDir }: Project): Promise<void> {
  if (commonDir === undefined) return;
  const path = join(commonDir, "info", "exclude");
  const text = await findText(path) ?? "";
  if (isLocalIgnored(text)) return;
  await Deno.mkdir(join(commonDir, "info"), { recursive: true });
  const glue = text === "" || text.endsWith("\n") ? "" : "\n";
  await Deno.writeTextFile(path, `${glue}${CONFIG_FILE.local}\n`, { append: true });
}
