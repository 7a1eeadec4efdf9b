import { posix } from "node:path";
import { INSIDE } from "../names.ts";
import { insidePath } from "../workspace/inside_path.ts";
import { createRootMap, type MapPath, mapWindowsPath } from "./mapping.ts";
import type { Roots } from "./roots.ts";

/** Directories of a copy cage, and what of the host they were copied from. */
type CopyRoots = readonly { name: string; hostPath: string }[];

/** The directories of a copy cage as places that a session may be opened in. */
export function planCopyRoots(roots: CopyRoots, platform: Roots["platform"]): Roots {
  return {
    platform,
    mounted: roots.map(({ name, hostPath }) => ({
      source: hostPath,
      target: posix.join(INSIDE.work, name),
      readonly: false,
      outside: hostPath,
    })),
    hidden: [],
    protected: [],
  };
}

/** How an editor's paths become those of a copy cage, and back. */
export function planCopyMap(
  roots: CopyRoots,
  { platform, realPath }: { platform: Roots["platform"]; realPath(path: string): string },
): MapPath {
  const map = createRootMap(
    roots.map(({ name, hostPath }) => ({
      outside: insidePath(hostPath, platform),
      inside: posix.join(INSIDE.work, name),
    })),
    platform === "windows" ? (path) => path : realPath,
  );
  if (platform !== "windows") return map;
  return (text, direction) =>
    direction === "inward"
      ? map(mapWindowsPath(text, direction), direction)
      : mapWindowsPath(map(text, direction), direction);
}
