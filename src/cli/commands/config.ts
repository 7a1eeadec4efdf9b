import { loadConfig } from "../../config/layers.ts";
import { findProject } from "../../project/root.ts";
import type { CommandContext } from "../context.ts";
import { formatJson, formatTable } from "../output.ts";

/** What `config show` can be told. */
export type ConfigShowOptions = {
  /** Adds the layer, file and line of each value. */
  origin: boolean;
  json: boolean;
  /** Prints the compose document instead. */
  compose: boolean;
  path?: string;
};

/** `sandcage config show`: the effective configuration; values that look secret are masked. */
export async function runConfigShow(
  options: ConfigShowOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const project = await findProject({ host, path: options.path });
  const loaded = await loadConfig(project.path, { host });
  if (options.compose) {
    const { showCompose } = await import("../../cage/show.ts");
    return io.out(await showCompose(loaded.config, { path: options.path, context }));
  }
  const { formatOrigin, listValues, maskConfig } = await import("../../config/show.ts");
  if (options.origin) {
    const values = listValues(loaded);
    if (options.json) {
      return io.out(
        formatJson(values.map(({ key, value, origin }) => ({ key, value, ...origin }))),
      );
    }
    const rows = values.map(({ key, value, origin }) => [
      key,
      JSON.stringify(value) ?? "",
      formatOrigin(origin),
    ]);
    return io.out(formatTable(["KEY", "VALUE", "FROM"], rows, { color: io.color }));
  }
  const config = maskConfig(loaded.config);
  if (options.json) return io.out(formatJson(config));
  const { formatYaml } = await import("../../yaml.ts");
  io.out(formatYaml(config));
}

/** `sandcage config check`: reads every layer; an error is thrown, silence is success. */
export async function runConfigCheck(
  options: { path?: string },
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const project = await findProject({ host, path: options.path });
  const loaded = await loadConfig(project.path, { host });
  const files = loaded.layers.flatMap(({ file }) => file ?? []);
  for (const file of files) io.talk(`${file}: fine`);
  if (files.length === 0) io.talk("No configuration file; the defaults apply");
  const { findPendingGrants, formatGrants } = await import("../../config/trust.ts");
  const pending = await findPendingGrants(loaded, { host, projectPath: project.path });
  if (pending.length === 0) return;
  io.talk(`Not allowed yet, see: sandcage trust\n${formatGrants(pending)}`);
}

/** `sandcage config schema`: the JSON Schema of the config files. */
export async function runConfigSchema(
  _options: Record<never, never>,
  context: CommandContext,
): Promise<void> {
  const { jsonSchema } = await import("../../config/json_schema.ts");
  context.io.out(formatJson(jsonSchema()));
}
