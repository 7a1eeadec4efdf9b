/** Streams of GNU tar read by us, and ours by GNU tar, where there is one. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { comparePaths, type TreeEntry } from "../../../src/tree/entry.ts";
import { formatStream } from "../../fuzz/seeds/tar.ts";
import { findRefusal, takeAll } from "../support/tar.ts";

const LONG = `${"deep/".repeat(30)}${"n".repeat(140)}`;
/** Contents by path; a directory has none. */
const TREE: Readonly<Record<string, string | { target: string } | null>> = {
  "-rf": "dash",
  "a": null,
  "a/empty": "",
  "a/new\nline": "two\nlines\n",
  "a/\x1b[2J": "escape",
  "block": "x".repeat(512),
  "empty": null,
  "large": "0123456789".repeat(30_000),
  "long-target": { target: `${"t/".repeat(90)}t` },
  "to": { target: "a/empty" },
  "ünï/日本語": "unicode",
  [LONG]: "long",
};

for (const format of ["ustar", "pax", "gnu"]) {
  Deno.test({
    name: `a stream of GNU tar in its format ${format} is read right`,
    ignore: !await hasGnuTar(),
    fn: () =>
      withTree((dir) => {
        // ustar has no room for it.
        const names = Object.keys(TREE)
          .filter((path) => format !== "ustar" || (path !== LONG && path !== "long-target"));
        const args = [`--format=${format}`, "--no-recursion", "-cf", "-", "--", ...names];
        const taken = takeAll(runTar(dir, args));
        const text = (path: string) => {
          const found = taken.find(({ entry }) => entry.path === path);
          return found === undefined ? undefined : new TextDecoder().decode(found.bytes);
        };
        for (const name of names) {
          const wanted = TREE[name]!;
          const { entry } = taken.find(({ entry }) => entry.path === name)!;
          const info = Deno.lstatSync(joinPath(dir, name));
          const ms = info.mtime!.getTime();
          assert.equal(entry.mode, info.mode! & 0o777);
          assert.equal(entry.mtimeMs, format === "pax" ? ms : Math.floor(ms / 1000) * 1000);
          if (typeof wanted === "string") assert.equal(text(name), wanted);
          else if (wanted === null) assert.equal(entry.kind, "dir");
          else assert.equal(entry.target, wanted.target);
        }
      }),
  });
}

Deno.test({
  name: "what GNU tar makes of hard links, holes, dots and its own old format is refused",
  ignore: !await hasGnuTar(),
  fn: () =>
    withTree((dir) => {
      Deno.linkSync(joinPath(dir, "block"), joinPath(dir, "second"));
      assert.match(
        findRefusal(runTar(dir, ["-cf", "-", "block", "second"])),
        /^"second": it is a hard link$/,
      );
      const sparse = Deno.openSync(joinPath(dir, "sparse"), { create: true, write: true });
      sparse.truncateSync(1 << 20);
      sparse.close();
      assert.match(
        findRefusal(runTar(dir, ["--format=gnu", "-cSf", "-", "sparse"])),
        /^"sparse": it is a file with holes$/,
      );
      assert.match(
        findRefusal(runTar(dir, ["--format=pax", "-cSf", "-", "sparse"])),
        /with holes$/,
      );
      Deno.chmodSync(joinPath(dir, "large"), 0o4755);
      assert.match(findRefusal(runTar(dir, ["-cf", "-", "large"])), /^"large": it is set-user-ID/);
      assert.match(
        findRefusal(runTar(dir, ["-cf", "-", "./a"])),
        /^"\.\/a": it has the part "\."$/,
      );
      assert.match(findRefusal(runTar(dir, ["--format=v7", "-cf", "-", "block"])), /format that/);
    }),
});

Deno.test({
  name: "GNU tar makes of our streams what went in",
  ignore: !await hasGnuTar(),
  fn: () =>
    withTree((dir) => {
      const names = Object.keys(TREE).flatMap((path) => {
        const parts = path.split("/");
        return parts.map((_, end) => parts.slice(0, end + 1).join("/"));
      });
      const paths = [...new Set(names)].toSorted(comparePaths);
      const contents = new Map<string, Uint8Array>();
      const entries = paths.map((path): TreeEntry => {
        const wanted = TREE[path] ?? null;
        const base = { path, mtimeMs: 1_700_000_000_123, ctimeMs: 0, size: 0 };
        if (wanted === null) return { ...base, kind: "dir", mode: 0o750 };
        if (typeof wanted !== "string") return { ...base, kind: "link", mode: 0o777, ...wanted };
        const bytes = new TextEncoder().encode(wanted);
        contents.set(path, bytes);
        return { ...base, kind: "file", mode: 0o754, size: bytes.length };
      });
      const out = joinPath(dir, "out");
      Deno.mkdirSync(out);
      Deno.writeFileSync(joinPath(dir, "ours.tar"), formatStream(entries, contents));
      runTar(out, ["-xpf", "../ours.tar"]);
      for (const { path, kind, mode, mtimeMs, target } of entries) {
        const info = Deno.lstatSync(joinPath(out, path));
        assert.equal(info.mtime?.getTime(), mtimeMs, path);
        if (kind === "link") assert.equal(Deno.readLinkSync(joinPath(out, path)), target);
        else assert.equal(info.mode! & 0o777, mode);
        if (kind === "file") assert.equal(Deno.readTextFileSync(joinPath(out, path)), TREE[path]);
      }
    }),
});

async function hasGnuTar(): Promise<boolean> {
  // Windows has no such names as these, even where there is one.
  if (Deno.build.os === "windows") return false;
  try {
    const { stdout } = await new Deno.Command("tar", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).includes("GNU tar");
  } catch {
    return false;
  }
}

function runTar(cwd: string, args: readonly string[]): Uint8Array {
  const { success, stdout, stderr } = new Deno.Command("tar", {
    args: [...args],
    cwd,
    env: { LC_ALL: "C" },
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return stdout;
}

function withTree(use: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync({ dir: tmpdir(), prefix: "sandcage-tar-" });
  try {
    for (const [path, contents] of Object.entries(TREE)) {
      const place = joinPath(dir, path);
      Deno.mkdirSync(joinPath(place, ".."), { recursive: true });
      if (contents === null) Deno.mkdirSync(place, { recursive: true });
      else if (typeof contents === "string") Deno.writeTextFileSync(place, contents);
      else Deno.symlinkSync(contents.target, place);
    }
    use(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}
