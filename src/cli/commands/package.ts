import { join } from "node:path";
import { addPackages } from "../../config/edit.ts";
import { readConfigText } from "../../config/read.ts";
import { EXIT, UserError } from "../../errors.ts";
import { ensureImages } from "../../image/build.ts";
import { planImages } from "../../image/recipe.ts";
import { CONFIG_FILE, SHELL_SERVICE } from "../../names.ts";
import { resolveService } from "../../service/registry.ts";
import type { CommandContext } from "../context.ts";
import { replaceFile, restoreFile } from "../replace_file.ts";
import { observeImages } from "./build.ts";

/** A Debian package name, with an exact version if wanted. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]+(=[^\s]+)?$/;

/**
 * `sandcage package add`: writes the packages into .sandcage.yml, keeping its comments, and builds
 * the project's images anew. When Debian has no such package the file is as it was before.
 */
export async function runPackageAdd(
  options: { packages: string[]; path?: string },
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  for (const name of options.packages) requireName(name);
  // Project, trust and engine are in order before the file is touched.
  const { projectPath } = await observeImages(options, context);
  const file = join(projectPath, CONFIG_FILE.project);
  const before = await readConfigText(file, { inside: projectPath });
  const after = addPackages(before ?? "", options.packages);
  const names = options.packages.join(", ");
  if (after === before) io.talk(`${names}: already in ${file}`);
  else await replaceFile(file, after);
  try {
    await buildTools(options, context);
  } catch (error) {
    if (after !== before) {
      await restoreFile(file, before);
      io.talk(`${file} is as it was before`);
    }
    throw error;
  }
  if (after !== before) io.talk(`Added ${names} to ${file}; new sessions have it`);
}

/**
 * Builds the project's tools with a shell on top: that tells whether Debian has the package. An agent
 * is copied onto them in seconds when it is next started, and not for projects that never start it.
 */
async function buildTools(options: { path?: string }, context: CommandContext): Promise<void> {
  const { config, engine, facts } = await observeImages(options, context);
  const service = resolveService(SHELL_SERVICE, { services: {} });
  const plan = planImages({ config, service, facts });
  await ensureImages(plan, { engine, host: context.host, io: context.io });
}

function requireName(name: string): void {
  if (PACKAGE_NAME.test(name)) return;
  throw new UserError(`${JSON.stringify(name)} is no Debian package name`, {
    hint: "Names have lower-case letters, digits, and + - . as in: jq libssl-dev g++",
    exit: EXIT.usage,
    code: "usage",
  });
}
