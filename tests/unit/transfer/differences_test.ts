import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { UserError } from "../../../src/errors.ts";
import { sha256Hex } from "../../../src/hash.ts";
import { updateBase } from "../../../src/transfer/base_update.ts";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import { type Differences, observeDifferences } from "../../../src/transfer/differences.ts";
import { isSameDir, type KnownItem } from "../../../src/tree/dir_digest.ts";
import type { TreeItem } from "../../../src/tree/entry.ts";
import type { TreeFs } from "../../../src/tree/fs.ts";
import type { TreeRules } from "../../../src/tree/rules.ts";
import { scanKnownTree } from "../../../src/tree/scan.ts";
import { makeTemp } from "../support/workspace.ts";

/** Two directories that stand for a host's and a cage's, and what is done with them. */
type Sides = AsyncDisposable & {
  host: string;
  inner: string;
  /** Files that were read, `host:` or `inner:` before the path. */
  read: string[];
  /** Rules that the courier was given, one item for each walk. */
  walks: TreeRules[];
  /** Paths that the courier named, `same` before directories that are as they are known. */
  came: string[];
  put(side: "host" | "inner", files: Readonly<Record<string, string | null>>): Promise<void>;
  look(options?: Partial<Parameters<typeof observeDifferences>[0]>): Promise<Differences>;
  /** Looks, and remembers what was learned. */
  learn(): Promise<Differences>;
  base: string;
};

/** Long after all that a test does. */
const LATER = { hostMs: Date.now() + 3_600_000, innerMs: Date.now() + 3_600_000 };

async function makeSides(): Promise<Sides> {
  const temp = await makeTemp();
  const [host, inner] = [join(temp.path, "host"), join(temp.path, "inner")];
  for (const side of [host, inner]) await Deno.mkdir(side);
  const read: string[] = [];
  const walks: TreeRules[] = [];
  const came: string[] = [];
  const base = join(temp.path, "base.jsonl");
  const hashOf = async (full: string) => {
    try {
      return sha256Hex(await Deno.readFile(full));
    } catch {
      return undefined;
    }
  };
  async function* scan(
    _: string,
    rules: TreeRules,
    options: { known: readonly [string, string][] },
  ): AsyncGenerator<readonly KnownItem[]> {
    walks.push(rules);
    const known = new Map(options.known);
    // Batches of any size, an empty one too.
    const items = [...scanKnownTree(inner, { fs: denoFs(), rules, known })];
    came.push(...items.map((item) => isSameDir(item) ? `same ${item.path}` : item.path));
    for (let at = 0; at < items.length; at += 3) {
      await Promise.resolve();
      yield items.slice(at, at + 3);
      yield [];
    }
  }
  async function hash(_: string, paths: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const path of paths) {
      read.push(`inner:${path}`);
      const sha256 = await hashOf(join(inner, path));
      if (sha256 !== undefined) found.set(path, sha256);
    }
    return found;
  }
  const look: Sides["look"] = (options) =>
    observeDifferences({
      courier: { scan, hash },
      root: "project",
      hostRoot: host,
      fs: denoFs(),
      platform: "linux",
      rules: { before: [], after: [] },
      baseFile: base,
      hashHost: (path) => {
        read.push(`host:${path}`);
        return hashOf(join(host, path));
      },
      clocks: LATER,
      ...options,
    });
  return {
    host,
    inner,
    read,
    walks,
    came,
    base,
    look,
    async put(side, files) {
      for (const [name, text] of Object.entries(files)) {
        const [path = "", target] = name.split(" -> ");
        const full = join(side === "host" ? host : inner, path);
        await Deno.remove(full, { recursive: true }).catch(() => undefined);
        if (text === null) continue;
        await Deno.mkdir(path.endsWith("/") ? full : dirname(full), { recursive: true });
        if (target !== undefined) await Deno.symlink(target, full);
        else if (!path.endsWith("/")) await Deno.writeTextFile(full, text);
      }
    },
    async learn() {
      const found = await look();
      await updateBase(base, found.learned);
      return found;
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

function show({ differences, problems }: Differences): string[] {
  return [
    ...differences.map(({ path, side, change, hostChange, inTheWay }) => {
      const both = hostChange === undefined ? "" : `/${hostChange}`;
      return `${path}: ${side} ${change}${both}${inTheWay === true ? " in the way" : ""}`;
    }),
    ...problems.map(({ path, side, problem }) => `${path}: ${side} ${problem}`),
  ];
}

const FILES = { "a": "a", "d/b": "b", "d/e/": "", "l -> d/b": "", "x/y": "y" };

Deno.test("equal trees have no differences, and are not read again", async () => {
  await using sides = await makeSides();
  await sides.put("host", FILES);
  await sides.put("inner", FILES);
  assert.deepEqual(show(await sides.learn()), []);
  assert.deepEqual(sides.read.toSorted(), [
    ...["host:a", "host:d/b", "host:x/y"],
    ...["inner:a", "inner:d/b", "inner:x/y"],
  ]);
  sides.read.length = 0;
  const again = await sides.look();
  assert.deepEqual(show(again), []);
  assert.deepEqual(sides.read, []);
  assert.deepEqual(again.learned.changes, []);
});

Deno.test("in directories that are as they were on one side, changes of the other are found", async () => {
  await using sides = await makeSides();
  const files = { "top": "t", "d/a": "a", "d/l -> a": "", "d/sub/b": "b", "e/c": "c", "e/z": "z" };
  await sides.put("host", files);
  await sides.put("inner", files);
  await sides.learn();
  await sides.put("host", { "d/a": "of the host", "d/host only": "", "e/z": null });
  await sides.put("inner", { "d/sub/b": "of the cage", "d/sub/new": "", "e/c": null });
  await sides.put("inner", { "d/l -> sub/b": "" });
  sides.read.length = 0;
  assert.deepEqual(show(await sides.learn()), [
    "d/a: host modified",
    "d/host only: host added",
    "d/l: inner modified",
    "d/sub/b: inner modified",
    "d/sub/new: inner added",
    "e/c: inner deleted",
    "e/z: host deleted",
  ]);
  assert.deepEqual(sides.read, []);
});

Deno.test("what cannot be read in a directory that is as it was is told", async () => {
  await using sides = await makeSides();
  const files = { "d/sub/b": "b", "d/a": "a" };
  await sides.put("host", files);
  await sides.put("inner", files);
  await sides.learn();
  const fs: TreeFs = {
    ...denoFs(),
    list(path) {
      if (path.endsWith("host/d/sub")) throw new Error("EACCES");
      return denoFs().list(path);
    },
  };
  assert.deepEqual(show(await sides.look({ fs })), ["d/sub: host unreadable"]);
});

Deno.test("differences tell what happened, and on which side", async () => {
  await using sides = await makeSides();
  await sides.put("host", { ...FILES, "g": "g", "h": "h", "k": "k", "m": "m" });
  await sides.put("inner", { ...FILES, "g": "g", "h": "h", "k": "k", "m": "m" });
  await sides.learn();
  await sides.put("inner", { "a": "A", "d/new": "", "l -> a": "", "x/y": null, "g": "inner" });
  await sides.put("host", { "d/b": "longer", "host only": "", "g": "host", "k": null });
  await sides.put("inner", { "k": "changed", "m": null, "m/n": "" });
  await Deno.chmod(join(sides.inner, "h"), 0o755);
  assert.deepEqual(show(await sides.look()), [
    "a: inner modified",
    "d/b: host modified",
    "d/new: inner added",
    "g: both modified/modified",
    "h: inner mode",
    "host only: host added",
    "k: both modified/deleted",
    "l: inner modified",
    "m: inner kind",
    "m/n: inner added",
    "x/y: inner deleted",
  ]);
});

Deno.test("content decides, not time; what was touched is read once", async () => {
  await using sides = await makeSides();
  await sides.put("host", FILES);
  await sides.put("inner", FILES);
  await sides.learn();
  sides.read.length = 0;
  await Deno.utime(join(sides.inner, "a"), 1, 1);
  await Deno.utime(join(sides.host, "x/y"), 2, 2);
  assert.deepEqual(show(await sides.learn()), []);
  assert.deepEqual(sides.read, ["inner:a", "host:x/y"]);
  sides.read.length = 0;
  assert.deepEqual(show(await sides.learn()), []);
  assert.deepEqual(sides.read, []);
});

Deno.test("what is learned is due when it is more than times of a few small files", async () => {
  await using sides = await makeSides();
  const isDue = async () => (await sides.look()).learned.isDue;
  await sides.put("host", FILES);
  await sides.put("inner", FILES);
  assert.equal(await isDue(), true);
  await sides.learn();
  assert.equal(await isDue(), false);
  await Deno.utime(join(sides.inner, "a"), 1, 1);
  assert.equal(await isDue(), false);
  for (const side of ["host", "inner"] as const) await sides.put(side, { "a": "the same on both" });
  assert.equal(await isDue(), true);
  await sides.learn();
  for (const side of ["host", "inner"] as const) await sides.put(side, { "a": null });
  assert.equal(await isDue(), true);
  await sides.learn();
  for (const side of ["host", "inner"] as const) await sides.put(side, { "x/.gitignore": "" });
  await sides.learn();
  await sides.put("host", { "x/.gitignore": null });
  assert.equal(await isDue(), true);
  await sides.learn();
  for (const side of ["host", "inner"] as const) {
    await sides.put(side, { "large": "x".repeat(1 << 21) });
  }
  await sides.learn();
  await Deno.utime(join(sides.host, "large"), 1, 1);
  assert.equal(await isDue(), true);
});

Deno.test("what was changed just before a look is read the next time", async () => {
  await using sides = await makeSides();
  await sides.put("host", { a: "a" });
  await sides.put("inner", { a: "a" });
  const timeOf = (dir: string) => denoFs().lstat(join(dir, "a"))!.ctimeMs + 50;
  const clocks = { hostMs: timeOf(sides.host), innerMs: timeOf(sides.inner) };
  const found = await sides.look({ clocks });
  await updateBase(sides.base, found.learned);
  sides.read.length = 0;
  await sides.look();
  assert.deepEqual(sides.read, ["inner:a", "host:a"]);
});

Deno.test("without a base what differs is a conflict, and what is equal is learned", async () => {
  await using sides = await makeSides();
  await sides.put("host", { a: "1", b: "same", c: "" });
  await sides.put("inner", { a: "2", b: "same", d: "" });
  const found = await sides.look();
  assert.deepEqual(show(found), ["a: both added/added", "c: host added", "d: inner added"]);
  assert.deepEqual(found.learned.changes.map(({ path }) => path), ["b"]);
});

Deno.test("the host's ignore files keep things back on both sides, at one walk of the courier", async () => {
  await using sides = await makeSides();
  const rules = { ".gitignore": "*.log\n", "s/.gitignore": "local\n" };
  await sides.put("host", { ...rules, "x.log": "h", "s/local": "h" });
  await sides.put("inner", { ...rules, "y.log": "i", "s/local": "i", "t/local": "" });
  assert.deepEqual(show(await sides.learn()), ["t: inner added", "t/local: inner added"]);
  // The first time nobody knew of the second file.
  assert.equal(sides.walks.length, 2);
  await sides.look();
  assert.equal(sides.walks.length, 3);
  assert.deepEqual(sides.walks[2]!.map(({ base }) => base), ["", "s"]);
});

Deno.test("what the cage says in its ignore files counts for nothing", async () => {
  await using sides = await makeSides();
  await sides.put("host", { ".gitignore": ".env\n", ".env": "secret" });
  await sides.put("inner", { ".gitignore": "*\n", ".env": "made up", "a": "" });
  assert.deepEqual(show(await sides.look()), [".gitignore: both added/added", "a: inner added"]);
});

Deno.test("what the rules hide on the host is in the way", async () => {
  await using sides = await makeSides();
  await sides.put("host", { ".gitignore": "build/\nkeep\n", "build/x": "", "was/keep": "" });
  await sides.put("inner", { ".gitignore": "build/\nkeep\n", "build": "a file", "was": "a file" });
  await sides.put("inner", { "new/deep/file": "" });
  assert.deepEqual(show(await sides.look()), [
    "build: inner added in the way",
    "new: inner added",
    "new/deep: inner added",
    "new/deep/file: inner added",
    "was: both added/added in the way",
  ]);
});

Deno.test("what cannot cross is a problem, with all that is below it", async () => {
  await using sides = await makeSides();
  await sides.put("host", { "d/a": "", "d/b": "", "out": "" });
  await sides.put("inner", { "out -> ../../etc/passwd": "", "d/.GIT/config": "", "d/a": "" });
  await sides.put("inner", { "d/b": "" });
  assert.deepEqual(show(await sides.look()), [
    "d/.GIT: inner unsafe name",
    "out: inner unsafe link",
  ]);
});

Deno.test("nothing is compared when the host's own .gitignore cannot be read", async () => {
  await using sides = await makeSides();
  await sides.put("host", { ".gitignore": "secret", secret: "", a: "" });
  await sides.put("inner", { b: "" });
  const fs = denoFs();
  const openRead = (path: string) => {
    if (path.endsWith(".gitignore")) throw new Error("EACCES");
    return fs.openRead(path);
  };
  const found = await sides.look({ fs: { ...fs, openRead } });
  assert.deepEqual(show(found), [": host unreadable"]);
  assert.deepEqual(found.learned.changes, []);
});

Deno.test("a file that cannot be read is a problem and no difference", async () => {
  await using sides = await makeSides();
  await sides.put("host", { a: "1", b: "1" });
  await sides.put("inner", { a: "2", b: "1" });
  const hashHost = (path: string) => Promise.resolve(path === "a" ? undefined : sha256Hex("1"));
  assert.deepEqual(show(await sides.look({ hashHost })), ["a: host unreadable"]);
});

for (
  const [platform, wanted] of [
    ["linux", ["A: inner added", "A/x: inner added", "a: inner added", "aux.c: inner added"]],
    ["darwin", [
      "A: inner added",
      "A/x: inner added",
      "aux.c: inner added",
      "a: inner unsafe name",
    ]],
    ["windows", [
      "A: inner added",
      "A/x: inner added",
      "a: inner unsafe name",
      "aux.c: inner unsafe name",
    ]],
  ] as const
) {
  Deno.test(`names that ${platform} does not tell apart, or reads in its own way, are problems`, async () => {
    await using sides = await makeSides();
    await sides.put("inner", { "A/x": "", "a": "", "aux.c": "" });
    assert.deepEqual(show(await sides.look({ platform })), wanted);
  });
}

Deno.test("another target takes what is as the cage's directory was, and conflicts with the rest", async () => {
  await using sides = await makeSides();
  const files = { a: "a", b: "b", c: "c", d: "d" };
  await sides.put("host", files);
  await sides.put("inner", files);
  await sides.learn();
  await sides.put("inner", { a: "A", b: "B", d: null });
  const other = join(dirname(sides.host), "other");
  await Deno.mkdir(other);
  for (const [name, text] of [["a", "a"], ["b", "own"], ["d", "d"]] as const) {
    await Deno.writeTextFile(join(other, name), text);
  }
  const baseFile = join(dirname(sides.host), "other.jsonl");
  const look = () =>
    sides.look({
      hostRoot: other,
      rulesRoot: sides.host,
      baseFile,
      borrowedBaseFile: sides.base,
      hashHost: async (path) => sha256Hex(await Deno.readFile(join(other, path))),
    });
  const found = await look();
  // The last one is none of the cage's: it may stay.
  const wanted = ["a: inner modified", "b: both added/added", "c: inner added", "d: host added"];
  assert.deepEqual(show(found), wanted);
  await updateBase(baseFile, found.learned);
  assert.deepEqual(show(await look()), wanted, "the same with a base of its own");
});

Deno.test("ignore files that change while they are read are an error", async () => {
  await using sides = await makeSides();
  await sides.put("host", { ".gitignore": "a" });
  const fs = denoFs();
  let count = 0;
  const openRead = (path: string) => {
    Deno.writeTextFileSync(path, `${count++}`);
    return fs.openRead(path);
  };
  await assert.rejects(
    sides.look({ fs: { ...fs, openRead } }),
    (error) => error instanceof UserError && /keep changing/.test(error.message),
  );
});

Deno.test("a courier that breaks off fails the look", async () => {
  await using sides = await makeSides();
  // deno-lint-ignore require-yield
  async function* scan(): AsyncGenerator<readonly TreeItem[]> {
    await Promise.resolve();
    throw new UserError("The courier broke off");
  }
  const courier = { scan, hash: () => Promise.resolve(new Map()) };
  await assert.rejects(sides.look({ courier }), /broke off/);
});

Deno.test("what is inside as it was does not come, where its directory has nothing else", async () => {
  await using sides = await makeSides();
  const files = { "a/1": "1", "a/b/2": "2", "a.c": "3", "d/4": "4", "d/e/5": "5", "l -> a.c": "" };
  await sides.put("host", files);
  await sides.put("inner", files);
  await sides.learn();
  sides.came.length = 0;
  await sides.put("inner", { "d/4": "changed" });
  await sides.put("host", { "a/1": null });
  assert.deepEqual(show(await sides.look()), ["a/1: host deleted", "d/4: inner modified"]);
  assert.deepEqual(sides.came, ["same ", "same a", "same a/b", "d/4", "same d/e", "d/e", "l"]);
  await sides.put("host", { "l -> d": "" });
  const [changed] = (await sides.look()).differences.filter(({ path }) => path === "l");
  const stat = await Deno.lstat(`${sides.inner}/l`);
  assert.equal(changed?.inner?.mtimeMs, stat.mtime?.getTime(), "a change of the link would show");
  await sides.put("host", { "l -> a.c": "" });
  await sides.put("inner", { "a/b": null, "new/6": "6" });
  assert.deepEqual(show(await sides.look()), [
    ...["a/1: host deleted", "a/b: inner deleted", "a/b/2: inner deleted", "d/4: inner modified"],
    ...["new: inner added", "new/6: inner added"],
  ]);
});

const name = fc.constantFrom("a", "b", "c", "a.b", "é");
const files = fc.dictionary(
  fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  fc.constantFrom("", "1", "2", "33"),
  { maxKeys: 8 },
);

Deno.test("observeDifferences() names what comparing every byte would, on random trees", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, files, async (common, ours, theirs) => {
      await using sides = await makeSides();
      const put = async (side: "host" | "inner", all: Readonly<Record<string, string>>) => {
        for (const [path, text] of Object.entries(all)) {
          await sides.put(side, { [path]: text }).catch(() => undefined);
        }
      };
      await put("host", common);
      await put("inner", common);
      await sides.learn();
      await put("host", ours);
      await put("inner", theirs);
      const expected = [...new Set([...walk(sides.host), ...walk(sides.inner)].map(([at]) => at))]
        .filter((at) => walk(sides.host).get(at) !== walk(sides.inner).get(at));
      for (const { differences } of [await sides.learn(), await sides.look()]) {
        const found = differences.map(({ path }) => path);
        assert.deepEqual(found.toSorted(), expected.toSorted());
      }
    }),
    { numRuns: 80, seed: 21 },
  );
});

/** Everything in a directory with what is in it. */
function walk(root: string, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of Deno.readDirSync(join(root, prefix))) {
    const path = prefix + entry.name;
    if (entry.isDirectory) {
      found.set(path, "dir");
      for (const [below, text] of walk(root, `${path}/`)) found.set(below, text);
    } else found.set(path, `file ${Deno.readTextFileSync(join(root, path))}`);
  }
  return found;
}
