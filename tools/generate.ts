/**
 * Writes the modules that are generated from YAML: src/service/built_in.ts from registry/services,
 * src/cage/skeleton.ts from compose/agent.yml. The YAML is what people edit; loading its parser at
 * every start would cost 12 ms of a start that has 80 (measured).
 */
import { parse } from "yaml";
import { formatBuiltIn, formatSkeleton } from "./generate_format.ts";

const root = new URL("../", import.meta.url);

const definitions: Record<string, unknown> = {};
for (const { name } of [...Deno.readDirSync(new URL("registry/services", root))].toSorted(byName)) {
  if (!name.endsWith(".yml")) continue;
  definitions[name.slice(0, -".yml".length)] = await readYaml(`registry/services/${name}`);
}
const skeleton = await readYaml("compose/agent.yml");
await Deno.writeTextFile(new URL("src/service/built_in.ts", root), formatBuiltIn(definitions));
await Deno.writeTextFile(new URL("src/cage/skeleton.ts", root), formatSkeleton(skeleton));

async function readYaml(path: string): Promise<unknown> {
  return parse(await Deno.readTextFile(new URL(path, root)));
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}
