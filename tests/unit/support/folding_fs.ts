import { denoFs } from "../../../src/transfer/deno_fs.ts";
import type { TreeFs } from "../../../src/tree/fs.ts";

/** The files of this machine as where case does not count: a name means what is there in any case. */
export function foldingFs(): TreeFs {
  const fs = denoFs();
  const resolve = (path: string): string => {
    if (fs.lstat(path) !== undefined) return path;
    const slash = path.lastIndexOf("/");
    const parent = slash <= 0 ? "/" : resolve(path.slice(0, slash));
    const name = path.slice(slash + 1);
    const names = fs.lstat(parent)?.kind === "dir" ? fs.list(parent) : [];
    const there = names.find((one) =>
      typeof one === "string" && one.toLowerCase() === name.toLowerCase()
    );
    return `${parent === "/" ? "" : parent}/${there ?? name}`;
  };
  return {
    list: (path) => fs.list(resolve(path)),
    lstat: (path) => fs.lstat(resolve(path)),
    readLink: (path) => fs.readLink(resolve(path)),
    openRead: (path) => fs.openRead(resolve(path)),
    openNew: (path, mode) => fs.openNew(resolve(path), mode),
    mkdir: (path, mode) => fs.mkdir(resolve(path), mode),
    symlink: (target, path) => fs.symlink(target, resolve(path)),
    link: (from, to) => fs.link(resolve(from), resolve(to)),
    chmod: (path, mode) => fs.chmod(resolve(path), mode),
    setMtime: (path, mtimeMs) => fs.setMtime(resolve(path), mtimeMs),
    rename: (from, to) => fs.rename(resolve(from), resolve(to)),
    remove: (path) => fs.remove(resolve(path)),
    syncDir: (path) => fs.syncDir(resolve(path)),
  };
}
