/** Lists the sources the gateway is bundled from, as paths in the repository, sorted. */
export function listGatewaySources(root: URL): string[] {
  return ["src/gateway", "src/policy"].flatMap((dir) => listModules(root, dir)).toSorted();
}

/** The same for the courier. */
export function listCourierSources(root: URL): string[] {
  return ["src/courier", "src/tree"].flatMap((dir) => listModules(root, dir)).toSorted();
}

function listModules(root: URL, dir: string): string[] {
  return [...Deno.readDirSync(new URL(dir, root))].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? listModules(root, `${dir}/${name}`)
      : name.endsWith(".ts")
      ? [`${dir}/${name}`]
      : []
  );
}
