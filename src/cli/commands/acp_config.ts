import { resolve } from "node:path";
import {
  type Editor,
  type EditorAgent,
  type EditorPlace,
  EDITORS,
  formatSettings,
  planAgents,
  planPlace,
} from "../../acp/editors.ts";
import { observeProgram, planProgram } from "../../self.ts";
import { loadConfig } from "../../config/layers.ts";
import type { Config } from "../../config/schema.ts";
import { EXIT, UserError } from "../../errors.ts";
import { findText } from "../../files.ts";
import type { Host } from "../../host.ts";
import type { Io } from "../../io.ts";
import { findProject } from "../../project/root.ts";
import type { ServiceDefinition } from "../../service/definition.ts";
import { findInstalledServices } from "../../service/installed.ts";
import { enabledServices, resolveService } from "../../service/registry.ts";
import type { CommandContext } from "../context.ts";
import { replaceFile } from "../replace_file.ts";
import { findMeant } from "../suggest.ts";

/** What `acp config` can be told. */
export type AcpConfigOptions = {
  editor: string;
  /** Names of services; none means every enabled one that speaks ACP. */
  services: string[];
  /** Edits the editor's settings instead of printing what goes into them. */
  write: boolean;
  /** Settings in another place than the editor's own. */
  file?: string;
  /** As given on the command line: then the agents are of that project, wherever they are started. */
  path?: string;
};

/** `sandcage acp config`: prints what an editor needs to start the agents, or writes it there. */
export async function runAcpConfig(
  options: AcpConfigOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const editor = findEditor(options.editor);
  const services = await findServices(options, host);
  const agents = planAgents(services, {
    program: planProgram(observeProgram()),
    ...(options.path === undefined ? {} : { path: resolve(host.cwd, options.path) }),
  });
  const place = placeOf(editor, { host, file: options.file });
  if (place === undefined) {
    if (options.write) await writeLua(agents, { context, file: options.file });
    else {
      const { formatLua } = await import("../../acp/editors_lua.ts");
      io.out(formatLua(agents));
    }
  } else if (options.write) {
    await writeSettings(place, { agents, context });
  } else {
    io.out(formatSettings(place, agents));
    io.talk(`For ${place.title}: goes into ${place.path}, by itself with --write`);
  }
  io.talk(`Ahead of the first start: sandcage build ${names(services)} --acp`);
}

function placeOf(
  editor: Editor,
  { host, file }: { host: Host; file: string | undefined },
): EditorPlace | undefined {
  const place = planPlace(editor, host);
  if (place === undefined || file === undefined) return place;
  return { ...place, path: resolve(host.cwd, file) };
}

/** Neovim's configuration is a program of the user's: the agents are a module beside it. */
async function writeLua(
  agents: readonly EditorAgent[],
  { context, file }: { context: CommandContext; file: string | undefined },
): Promise<void> {
  const { host, io } = context;
  const { LUA_USE, planLuaModule, planLuaPath } = await import("../../acp/editors_lua.ts");
  const path = file === undefined ? planLuaPath(host) : resolve(host.cwd, file);
  const before = await findText(path);
  const after = planLuaModule(agents, { before, path });
  if (after === before) io.talk(`${path} has it already`);
  else await write(path, { text: after, agents, io });
  for (const line of LUA_USE) io.talk(line);
}

async function write(
  path: string,
  { text, agents, io }: { text: string; agents: readonly EditorAgent[]; io: Io },
): Promise<void> {
  await Deno.mkdir(resolve(path, ".."), { recursive: true });
  await replaceFile(path, text);
  io.talk(`Wrote ${agents.map(({ title }) => title).join(", ")} to ${path}`);
}

async function writeSettings(
  place: EditorPlace,
  { agents, context }: { agents: readonly EditorAgent[]; context: CommandContext },
): Promise<void> {
  const { planSettings } = await import("../../acp/editor_settings.ts");
  const before = await findText(place.path);
  const after = planSettings(before ?? "", { place, agents });
  if (after === before) return context.io.talk(`${place.path} has it already`);
  await write(place.path, { text: after, agents, io: context.io });
}

/** Services by name, or all that speak ACP; where there is no project, those of this machine. */
async function findServices(
  options: Pick<AcpConfigOptions, "services" | "path">,
  host: Host,
): Promise<ServiceDefinition[]> {
  const source = {
    ...await findConfig(options.path, host),
    installed: await findInstalledServices(host.stateDir),
  };
  if (options.services.length === 0) {
    return enabledServices(source).filter(({ acp }) => acp !== undefined);
  }
  return [...new Set(options.services)].map((name) => {
    const service = resolveService(name, source);
    if (service.acp !== undefined) return service;
    throw new UserError(`Service "${name}" does not speak ACP`, {
      hint: `Give services.${name}.acp, the command line that does`,
      exit: EXIT.config,
      code: "config-invalid",
    });
  });
}

async function findConfig(
  path: string | undefined,
  host: Host,
): Promise<Pick<Config, "services">> {
  try {
    const project = await findProject({ host, ...(path === undefined ? {} : { path }) });
    return (await loadConfig(project.path, { host })).config;
  } catch (error) {
    // An editor is set up once for all projects, from anywhere.
    if (error instanceof UserError && error.code === "project-refused" && path === undefined) {
      return { services: {} };
    }
    throw error;
  }
}

function findEditor(word: string): Editor {
  const editor = EDITORS.find((name) => name === word.toLowerCase());
  if (editor !== undefined) return editor;
  const meant = findMeant(word, EDITORS);
  throw new UserError(`There is no editor "${word}" that sandcage can set up`, {
    hint: `${meant === undefined ? "" : `Did you mean "${meant}"? `}Editors: ${EDITORS.join(", ")}`,
    exit: EXIT.usage,
    code: "usage",
  });
}

function names(services: readonly ServiceDefinition[]): string {
  return services.map(({ name }) => name).join(" ");
}
