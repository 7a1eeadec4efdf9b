/**
 * Writes src/service/built_in.ts from registry/services/*.yml. The YAML is what people edit; parsing
 * it at every start would cost 12 ms of a start that has 80 (measured).
 */
import { parse } from "yaml";
import { formatBuiltIn } from "./services_format.ts";

const root = new URL("../", import.meta.url);

const definitions: Record<string, unknown> = {};
for (const { name } of [...Deno.readDirSync(new URL("registry/services", root))].toSorted(byName)) {
  if (!name.endsWith(".yml")) continue;
  const text = await Deno.readTextFile(new URL(`registry/services/${name}`, root));
  definitions[name.slice(0, -".yml".length)] = parse(text);
}
await Deno.writeTextFile(new URL("src/service/built_in.ts", root), formatBuiltIn(definitions));

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}
