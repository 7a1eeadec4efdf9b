import { posix, win32 } from "node:path";
import type { Host } from "../host.ts";
import type { ConfigLayer } from "./schema.ts";

/**
 * Makes every host path of a layer absolute: `~` is the user's home, relative paths start at
 * `options.base`
 * (the folder of the config file, or the current directory for flags). Returns a new layer.
 */
export function resolvePaths(
  layer: ConfigLayer,
  options: { base: string; host: Pick<Host, "home" | "platform"> },
): ConfigLayer {
  const { base, host } = options;
  const paths = host.platform === "windows" ? win32 : posix;
  const absolute = (path: string) => {
    if (path === "~") return host.home;
    if (/^~[/\\]/.test(path)) return paths.resolve(host.home, path.slice(2));
    return paths.resolve(base, path);
  };
  const out = { ...layer };
  const { image, mounts, workspace } = layer;
  if (image !== undefined) {
    out.image = { ...image };
    if (typeof image.dockerfile === "string") out.image.dockerfile = absolute(image.dockerfile);
    if (Array.isArray(image.ca)) out.image.ca = image.ca.map(absolute);
  }
  if (mounts !== undefined) {
    out.mounts = mounts.map((mount) => ({ ...mount, source: absolute(mount.source) }));
  }
  if (layer.secrets !== undefined) {
    out.secrets = {};
    for (const [name, secret] of Object.entries(layer.secrets)) {
      const file = /^file:(.*)$/s.exec(secret.from ?? "")?.[1];
      out.secrets[name] = file === undefined
        ? secret
        : { ...secret, from: `file:${absolute(file)}` };
    }
  }
  if (workspace?.dirs !== undefined) {
    out.workspace = { ...workspace, dirs: workspace.dirs.map(absolute) };
  }
  return out;
}
