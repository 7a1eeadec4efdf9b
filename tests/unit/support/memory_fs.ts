import type { TreeFs, TreeStat } from "../../../src/tree/fs.ts";

/** A file system in memory, and what a test does to it. */
export type MemoryFs = TreeFs & {
  /** Calls that were made so far. */
  readonly calls: number;
  /** From now on call `at` and, for a kill, every later one throws. */
  breakAt(at: number, how: "kill" | "error"): void;
  /** Everything works again. */
  mend(): void;
  /** Writes a file as a user would: in place, with the directories above it. */
  write(path: string, text: string, mode?: number): void;
  /** Makes directories, parents included. */
  makeDirs(path: string): void;
  /** Removes with all that is below. */
  removeAll(path: string): void;
  /** Everything below a path as lines, but for names that a test passes. */
  show(path: string, except?: readonly string[]): string[];
};

type Node = {
  id: number;
  kind: "file" | "dir" | "link" | "other";
  mode: number;
  data: Uint8Array;
  target: string;
  mtimeMs: number;
  ctimeMs: number;
  entries: Map<string, Node>;
};

/** The program was killed: nothing after it is done. */
export class Killed extends Error {}

/** Makes a file system that has only its root directory. */
export function createMemoryFs(): MemoryFs {
  let ids = 0;
  let clock = 1000;
  let calls = 0;
  let fault: { at: number; how: "kill" | "error" } | undefined;
  const make = (kind: Node["kind"], mode: number): Node => ({
    id: ++ids,
    kind,
    mode,
    data: new Uint8Array(),
    target: "",
    mtimeMs: ++clock,
    ctimeMs: clock,
    entries: new Map(),
  });
  const root = make("dir", 0o755);
  const fail = (code: string, path: string): never => {
    throw Object.assign(new Error(`${code}: ${path}`), { code });
  };
  const enter = (path: string) => {
    calls++;
    if (fault === undefined || calls < fault.at) return;
    if (fault.how === "kill") throw new Killed(`killed at call ${calls}`);
    if (calls === fault.at) fail("EIO", path);
  };
  // Parents are followed through symlinks, the last name is not.
  const find = (path: string, depth = 0): Node | undefined => {
    let node: Node = root;
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    for (const [at, part] of parts.entries()) {
      if (node.kind !== "dir") return undefined;
      const next = node.entries.get(part);
      if (next === undefined) return undefined;
      if (next.kind !== "link" || at === parts.length - 1) {
        node = next;
        continue;
      }
      if (depth > 10) return undefined;
      const above = `/${parts.slice(0, at).join("/")}`;
      const followed = next.target.startsWith("/") ? next.target : `${above}/${next.target}`;
      return find(`${resolve(followed)}/${parts.slice(at + 1).join("/")}`, depth + 1);
    }
    return node;
  };
  const parentOf = (path: string): { parent: Node; name: string } => {
    const cut = path.lastIndexOf("/");
    const parent = find(`${path.slice(0, cut)}/.`);
    if (parent?.kind !== "dir") return fail("ENOENT", path);
    return { parent, name: path.slice(cut + 1) };
  };
  const need = (path: string): Node => find(path) ?? fail("ENOENT", path);
  const add = (path: string, node: Node) => {
    const { parent, name } = parentOf(path);
    if (parent.entries.has(name)) fail("EEXIST", path);
    parent.entries.set(name, node);
    parent.mtimeMs = parent.ctimeMs = ++clock;
  };
  const statOf = ({ kind, mode, data, target, mtimeMs, ctimeMs, id }: Node): TreeStat => ({
    kind,
    mode,
    size: kind === "file" ? data.length : target.length,
    mtimeMs,
    ctimeMs,
    identity: `1:${id}`,
  });
  const fs: TreeFs = {
    list(path) {
      enter(path);
      const node = need(path);
      return node.kind === "dir" ? [...node.entries.keys()] : fail("ENOTDIR", path);
    },
    lstat(path) {
      enter(path);
      const node = find(path);
      return node === undefined ? undefined : statOf(node);
    },
    readLink(path) {
      enter(path);
      const node = need(path);
      return node.kind === "link" ? node.target : fail("EINVAL", path);
    },
    openRead(path) {
      enter(path);
      const node = need(path);
      if (node.kind !== "file") return fail("ELOOP", path);
      let at = 0;
      return {
        stat: () => statOf(node),
        read(buffer) {
          const piece = node.data.subarray(at, at + buffer.length);
          buffer.set(piece);
          at += piece.length;
          return piece.length;
        },
        close() {},
      };
    },
    openNew(path, mode) {
      enter(path);
      const node = make("file", mode & ~0o022);
      add(path, node);
      return {
        write(bytes) {
          enter(path);
          node.data = new Uint8Array([...node.data, ...bytes]);
          node.mtimeMs = node.ctimeMs = ++clock;
        },
        sync: () => enter(path),
        close() {},
      };
    },
    mkdir(path, mode) {
      enter(path);
      add(path, make("dir", mode & ~0o022));
    },
    symlink(target, path) {
      enter(path);
      add(path, Object.assign(make("link", 0o777), { target }));
    },
    link(from, to) {
      enter(to);
      const node = need(from);
      if (node.kind === "dir") fail("EPERM", from);
      add(to, node);
      node.ctimeMs = ++clock;
    },
    chmod(path, mode) {
      enter(path);
      const node = need(path);
      node.mode = mode;
      node.ctimeMs = ++clock;
    },
    setMtime(path, mtimeMs) {
      enter(path);
      const node = need(path);
      node.mtimeMs = mtimeMs;
      node.ctimeMs = ++clock;
    },
    rename(from, to) {
      enter(to);
      const source = parentOf(from);
      const node = source.parent.entries.get(source.name) ?? fail("ENOENT", from);
      const goal = parentOf(to);
      const there = goal.parent.entries.get(goal.name);
      if (there === node) return;
      if (there !== undefined) {
        if (node.kind === "dir" && there.kind !== "dir") fail("ENOTDIR", to);
        if (node.kind !== "dir" && there.kind === "dir") fail("EISDIR", to);
        if (there.entries.size > 0) fail("ENOTEMPTY", to);
      }
      source.parent.entries.delete(source.name);
      goal.parent.entries.set(goal.name, node);
      node.ctimeMs = ++clock;
    },
    remove(path) {
      enter(path);
      const { parent, name } = parentOf(path);
      const node = parent.entries.get(name) ?? fail("ENOENT", path);
      if (node.entries.size > 0) fail("ENOTEMPTY", path);
      parent.entries.delete(name);
      node.ctimeMs = ++clock;
    },
    syncDir: enter,
  };
  const makeDirs = (path: string) => {
    const parts = path.split("/").filter((part) => part !== "");
    for (let count = 1; count <= parts.length; count++) {
      const dir = `/${parts.slice(0, count).join("/")}`;
      if (find(`${dir}/.`) === undefined) add(dir, make("dir", 0o755));
    }
  };
  return {
    ...fs,
    get calls() {
      return calls;
    },
    breakAt(at, how) {
      fault = { at: calls + at, how };
    },
    mend() {
      fault = undefined;
    },
    makeDirs,
    write(path, text, mode = 0o644) {
      makeDirs(path.slice(0, path.lastIndexOf("/")));
      const node = find(path);
      const data = new TextEncoder().encode(text);
      if (node?.kind === "file") {
        Object.assign(node, { data, mtimeMs: ++clock, ctimeMs: clock });
      } else add(path, Object.assign(make("file", mode), { data }));
    },
    removeAll(path) {
      const { parent, name } = parentOf(path);
      parent.entries.delete(name);
    },
    show(path, except = []) {
      const lines: string[] = [];
      const walk = (node: Node, at: string) => {
        for (const [name, child] of [...node.entries].sort(([a], [b]) => a < b ? -1 : 1)) {
          if (at === "" && except.includes(name)) continue;
          const shown = at === "" ? name : `${at}/${name}`;
          lines.push(showNode(shown, child));
          walk(child, shown);
        }
      };
      walk(need(`${path}/.`), "");
      return lines;
    },
  };
}

function showNode(path: string, node: Node): string {
  const mode = node.mode.toString(8);
  switch (node.kind) {
    case "file":
      return `${path} ${mode} ${JSON.stringify(new TextDecoder().decode(node.data))}`;
    case "link":
      return `${path} -> ${node.target}`;
    default:
      return `${path}/ ${node.kind}`;
  }
}

function resolve(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
