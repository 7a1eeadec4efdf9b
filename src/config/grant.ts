import type { Layer, LayerName, Origin } from "./merge.ts";
import type { Config } from "./schema.ts";

/** One thing a project file asks for that opens the cage further than the user's own config does. */
export type Grant = {
  /** Key path without list indexes: `mounts`, `limits.memory`. */
  key: string;
  /** The exact value, canonical: what the stored hash covers, with {@link key}. */
  value: string;
  /** The value for people; what looks like a credential is masked. */
  shown: string;
  file: string;
  line: number;
  /** What saying yes means. */
  why: string;
  /** Host file whose content the grant covers too. */
  contentOf?: string;
};

/** What planning reads, and the list it fills. */
export type Planning = {
  config: Config;
  /** What holds without the project's files. */
  trusted: Config;
  origins: ReadonlyMap<string, Origin>;
  layers: readonly Layer[];
  grants: Grant[];
};

/** Layers that anyone who can write to the project controls. */
export const UNTRUSTED: readonly LayerName[] = ["project", "local"];

/** Adds a grant when the value at `path` comes from a file of the project. */
export function ask(
  planning: Planning,
  path: string,
  options: { key?: string; value: string; shown?: string; why: string; contentOf?: string },
): void {
  const origin = planning.origins.get(path);
  if (origin === undefined || !UNTRUSTED.includes(origin.layer)) return;
  planning.grants.push({
    key: options.key ?? path,
    value: options.value,
    shown: options.shown ?? options.value,
    file: origin.file ?? "",
    line: origin.line ?? 1,
    why: options.why,
    ...(options.contentOf === undefined ? {} : { contentOf: options.contentOf }),
  });
}
