import { join } from "node:path";
import { addPackages } from "../../config/edit.ts";
import { readConfigText } from "../../config/read.ts";
import { EXIT, UserError } from "../../errors.ts";
import { ensureAllImages, findUnbuilt } from "../../image/build.ts";
import { planImages } from "../../image/recipe.ts";
import { CONFIG_FILE } from "../../names.ts";
import { findProject } from "../../project/root.ts";
import { enabledServices } from "../../service/registry.ts";
import type { CommandContext } from "../context.ts";
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
  const { host, io } = context;
  for (const name of options.packages) requireName(name);
  const project = await findProject({
    host,
    ...(options.path === undefined ? {} : { path: options.path }),
  });
  const file = join(project.path, CONFIG_FILE.project);
  const before = await readConfigText(file, { inside: project.path });
  const after = addPackages(before ?? "", options.packages);
  const names = options.packages.join(", ");
  if (after === before) io.talk(`${names}: already in ${file}`);
  else await replaceFile(file, after);
  try {
    await rebuild(options, context);
  } catch (error) {
    if (after !== before) {
      if (before === undefined) await Deno.remove(file);
      else await replaceFile(file, before);
      io.talk(`${file} is as it was before`);
    }
    throw error;
  }
  if (after !== before) io.talk(`Added ${names} to ${file}; new sessions have it`);
}

/** Builds the project's tools, and the services whose agent has been installed before. */
async function rebuild(options: { path?: string }, context: CommandContext): Promise<void> {
  const { config, engine, facts } = await observeImages(options, context);
  const plans = enabledServices(config).map((service) => planImages({ config, service, facts }));
  const agents = plans.map(({ agent }) => agent).filter((agent) => agent !== undefined);
  const missing = new Set(await findUnbuilt(agents, engine));
  // The others are built when they are first started; until then nobody waits for them.
  const wanted = plans.filter(({ agent }) => agent === undefined || !missing.has(agent));
  await ensureAllImages(wanted, { engine, host: context.host, io: context.io });
}

function requireName(name: string): void {
  if (PACKAGE_NAME.test(name)) return;
  throw new UserError(`${JSON.stringify(name)} is no Debian package name`, {
    hint: "Names have lower-case letters, digits, and + - . as in: jq libssl-dev g++",
    exit: EXIT.usage,
    code: "usage",
  });
}

/** Writes the user's file whole or not at all, with the permissions it had. */
async function replaceFile(file: string, text: string): Promise<void> {
  // A symbolic link inside the project stays one.
  const path = await Deno.realPath(file).catch(() => file);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const mode = await Deno.stat(path).then((info) => info.mode, () => null);
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: (mode ?? 0o644) & 0o777 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
