/**
 * Writes the modules that are generated: src/service/built_in.ts and src/secrets/service_keys.ts from
 * registry/services, src/cage/skeleton.ts from compose, src/image/gateway_sources.ts and
 * src/image/courier_sources.ts from the names of their files. The YAML is what people edit; loading
 * its parser at every start would cost 12 ms of a start that has 80 (measured).
 */
import { parse } from "yaml";
import {
  formatBuiltIn,
  formatCourierSources,
  formatGatewaySources,
  formatServiceKeys,
  formatSkeletons,
} from "./generate_format.ts";
import { listCourierSources, listGatewaySources } from "./gateway_sources.ts";

type Definition = { auth?: { keys?: Record<string, string[]> } };

const root = new URL("../", import.meta.url);

const definitions: Record<string, Definition> = {};
for (const { name } of [...Deno.readDirSync(new URL("registry/services", root))].toSorted(byName)) {
  if (!name.endsWith(".yml")) continue;
  definitions[name.slice(0, -".yml".length)] = await readYaml(
    `registry/services/${name}`,
  ) as Definition;
}
const skeletons = {
  agent: await readYaml("compose/agent.yml"),
  gateway: await readYaml("compose/gateway.yml"),
};
await Deno.writeTextFile(new URL("src/service/built_in.ts", root), formatBuiltIn(definitions));
await Deno.writeTextFile(
  new URL("src/secrets/service_keys.ts", root),
  formatServiceKeys(definitions),
);
await Deno.writeTextFile(new URL("src/cage/skeleton.ts", root), formatSkeletons(skeletons));
await Deno.writeTextFile(
  new URL("src/image/gateway_sources.ts", root),
  formatGatewaySources(listGatewaySources(root)),
);
await Deno.writeTextFile(
  new URL("src/image/courier_sources.ts", root),
  formatCourierSources(listCourierSources(root)),
);

async function readYaml(path: string): Promise<unknown> {
  return parse(await Deno.readTextFile(new URL(path, root)));
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}
