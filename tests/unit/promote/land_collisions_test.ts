import assert from "node:assert/strict";
import { join } from "node:path";
import type { Wait } from "../../../src/promote/types.ts";
import { type LandingWorld, openLandingWorld } from "../support/landing_world.ts";

type Files = Record<string, string | Uint8Array | undefined>;

/** What the user has in the way of a commit, and how it goes again. */
type Row = {
  name: string;
  first: Record<string, string>;
  inside: Files;
  enter(world: LandingWorld): Promise<unknown>;
  leave(world: LandingWorld): Promise<unknown>;
  reason: Wait["reason"];
  paths: string[];
  text: RegExp;
};

const ROWS: Row[] = [
  {
    name: "an untracked file at an added path",
    first: { a: "a" },
    inside: { new: "theirs" },
    enter: (world) => world.write(world.user, { new: "mine" }),
    leave: (world) => world.write(world.user, { new: undefined }),
    reason: "collision",
    paths: ["new"],
    text: /"new" is not in git/,
  },
  {
    name: "an untracked file of the same bytes at an added path",
    first: { a: "a" },
    inside: { new: "same" },
    enter: (world) => world.write(world.user, { new: "same" }),
    leave: (world) => world.write(world.user, { new: undefined }),
    reason: "collision",
    paths: ["new"],
    text: /"new" is not in git/,
  },
  {
    name: "an ignored file at an added path, which read-tree would overwrite",
    first: { ".gitignore": ".env\n" },
    inside: { ".env": "theirs" },
    enter: (world) => world.write(world.user, { ".env": "SECRET=mine" }),
    leave: (world) => world.write(world.user, { ".env": undefined }),
    reason: "collision",
    paths: [".env"],
    text: /"\.env" is not in git/,
  },
  {
    name: "a change that is not committed",
    first: { a: "a", b: "b" },
    inside: { a: "theirs", b: undefined },
    enter: (world) => world.write(world.user, { a: "mine!", b: "mine too" }),
    leave: (world) => world.run(world.user, "checkout", "a", "b"),
    reason: "collision",
    paths: ["a", "b"],
    text: /"a" has changes that are not committed, and 1 more path is in the way/,
  },
  {
    name: "a change of the same size as the file had",
    first: { a: "aaaa" },
    inside: { a: "theirs" },
    enter: (world) => world.write(world.user, { a: "mine" }),
    leave: (world) => world.write(world.user, { a: "aaaa" }),
    reason: "collision",
    paths: ["a"],
    text: /"a" has changes/,
  },
  {
    name: "a mode that is not committed",
    first: { a: "a" },
    inside: { a: "theirs" },
    enter: (world) => Deno.chmod(join(world.user, "a"), 0o755),
    leave: (world) => Deno.chmod(join(world.user, "a"), 0o644),
    reason: "collision",
    paths: ["a"],
    text: /"a" has changes/,
  },
  {
    name: "a file that became a link",
    first: { a: "a" },
    inside: { a: "theirs" },
    async enter(world) {
      await Deno.remove(join(world.user, "a"));
      await Deno.symlink("/etc/hostname", join(world.user, "a"));
    },
    async leave(world) {
      await Deno.remove(join(world.user, "a"));
      await world.run(world.user, "checkout", "a");
    },
    reason: "collision",
    paths: ["a"],
    text: /"a" has changes/,
  },
  {
    name: "a deletion that is not committed",
    first: { a: "a" },
    inside: { a: "theirs" },
    enter: (world) => world.write(world.user, { a: undefined }),
    leave: (world) => world.run(world.user, "checkout", "a"),
    reason: "collision",
    paths: ["a"],
    text: /"a" is deleted/,
  },
  {
    name: "a staged change",
    first: { a: "a" },
    inside: { a: "theirs" },
    async enter(world) {
      await world.write(world.user, { a: "mine" });
      await world.run(world.user, "add", "a");
      await world.write(world.user, { a: "a" });
    },
    leave: (world) => world.run(world.user, "reset", "-q", "a"),
    reason: "collision",
    paths: ["a"],
    text: /"a" has staged changes/,
  },
  {
    name: "a file that git was told to expect",
    first: { a: "a" },
    inside: { new: "theirs" },
    async enter(world) {
      await world.write(world.user, { new: "mine" });
      await world.run(world.user, "add", "-N", "new");
    },
    async leave(world) {
      await world.run(world.user, "rm", "-q", "--cached", "new");
      await world.write(world.user, { new: undefined });
    },
    reason: "collision",
    paths: ["new"],
    text: /"new" has staged changes/,
  },
  {
    name: "a directory at a file's path",
    first: { a: "a" },
    inside: { new: "theirs" },
    enter: (world) => world.write(world.user, { "new/one": "1", "new/deep/two": "2" }),
    leave: (world) => world.write(world.user, { new: undefined }),
    reason: "collision",
    paths: ["new/deep/two", "new/one"],
    text: /is in a directory where a commit brings a file, and 1 more path is in the way/,
  },
  {
    name: "an untracked file in a directory that becomes a file",
    first: { "dir/a": "a" },
    inside: { dir: undefined },
    async enter(world) {
      await world.write(world.inner, { dir: "now a file" });
      await world.commit({});
      await world.write(world.user, { "dir/mine": "mine" });
    },
    leave: (world) => world.write(world.user, { "dir/mine": undefined }),
    reason: "collision",
    paths: ["dir/mine"],
    text: /"dir\/mine" is in a directory/,
  },
  {
    name: "a file at a directory's path",
    first: { a: "a" },
    inside: { "new/file": "theirs" },
    enter: (world) => world.write(world.user, { new: "mine" }),
    leave: (world) => world.write(world.user, { new: undefined }),
    reason: "collision",
    paths: ["new"],
    text: /"new" is a file where a commit has a directory/,
  },
  {
    name: "a link as the parent of an added path",
    first: { a: "a" },
    inside: { "new/file": "theirs" },
    async enter(world) {
      await Deno.mkdir(join(world.root, "outside"));
      await Deno.symlink(join(world.root, "outside"), join(world.user, "new"));
    },
    async leave(world) {
      assert.deepEqual([...Deno.readDirSync(join(world.root, "outside"))], []);
      await Deno.remove(join(world.user, "new"));
    },
    reason: "collision",
    paths: ["new"],
    text: /"new" is a link where a commit has a directory/,
  },
  {
    name: "a link as the parent of changed and deleted paths",
    first: { "dir/a": "a", "dir/b": "b" },
    inside: { "dir/a": "theirs", "dir/b": undefined },
    async enter(world) {
      await Deno.rename(join(world.user, "dir"), join(world.root, "moved"));
      await Deno.symlink(join(world.root, "moved"), join(world.user, "dir"));
    },
    async leave(world) {
      assert.equal(await Deno.readTextFile(join(world.root, "moved/a")), "a");
      await Deno.remove(join(world.user, "dir"));
      await Deno.rename(join(world.root, "moved"), join(world.user, "dir"));
    },
    reason: "collision",
    paths: ["dir"],
    text: /"dir" is a link/,
  },
  {
    name: "a filter that would have to run",
    first: { a: "a" },
    inside: { ".gitattributes": "*.bin filter=crypt\n", "x.bin": "theirs" },
    enter: (world) => world.run(world.user, "config", "filter.crypt.smudge", "touch canary; cat"),
    leave: (world) => world.run(world.user, "config", "--unset", "filter.crypt.smudge"),
    reason: "filter",
    paths: ["x.bin"],
    text: /"x\.bin" has the filter "crypt"/,
  },
  {
    name: "a filter that is required and missing",
    first: { a: "a" },
    inside: { ".gitattributes": "*.bin filter=gone\n", "x.bin": "theirs" },
    enter: (world) => world.run(world.user, "config", "filter.gone.required", "true"),
    leave: (world) => world.run(world.user, "config", "--unset", "filter.gone.required"),
    reason: "filter",
    paths: ["x.bin"],
    text: /"x\.bin" has the filter "gone"/,
  },
  {
    name: "git-lfs, until it leaves its pointers",
    first: { ".gitattributes": "*.big filter=lfs diff=lfs merge=lfs -text\n" },
    inside: { "x.big": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n" },
    async enter(world) {
      await world.run(world.user, "config", "filter.lfs.process", "git-lfs filter-process");
      await world.run(world.user, "config", "filter.lfs.smudge", "git-lfs smudge -- %f");
      await world.run(world.user, "config", "filter.lfs.clean", "git-lfs clean -- %f");
      await world.run(world.user, "config", "filter.lfs.required", "true");
    },
    async leave(world) {
      await world.run(world.user, "config", "filter.lfs.process", "git-lfs filter-process --skip");
      await world.run(world.user, "config", "filter.lfs.smudge", "git-lfs smudge --skip -- %f");
    },
    reason: "filter",
    paths: ["x.big"],
    text: /"x\.big" has the filter "lfs"/,
  },
  {
    name: "names that differ in case, where the file system folds them",
    first: { a: "a" },
    inside: { "dir/one": "1", "DIR/One": "2" },
    enter: (world) => world.run(world.user, "config", "core.ignoreCase", "true"),
    leave: (world) => world.run(world.user, "config", "core.ignoreCase", "false"),
    reason: "refused",
    paths: ["dir/one"],
    text: /the path "dir\/one" is refused: this file system takes it for "DIR/,
  },
  {
    name: "a sparse checkout",
    first: { a: "a" },
    inside: { a: "theirs" },
    enter: (world) => world.run(world.user, "config", "core.sparseCheckout", "true"),
    leave: (world) => world.run(world.user, "config", "core.sparseCheckout", "false"),
    reason: "refused",
    paths: [],
    text: /is a sparse checkout/,
  },
  {
    name: "an index in two files",
    first: { a: "a" },
    inside: { a: "theirs" },
    enter: (world) => world.run(world.user, "update-index", "--split-index"),
    leave: (world) => world.run(world.user, "update-index", "--no-split-index"),
    reason: "refused",
    paths: [],
    text: /is split or sparse/,
  },
  {
    name: "a lock of the index",
    first: { a: "a" },
    inside: { a: "theirs" },
    enter: (world) => Deno.writeTextFile(join(world.user, ".git/index.lock"), "of the user"),
    leave: (world) => Deno.remove(join(world.user, ".git/index.lock")),
    reason: "locked",
    paths: [],
    text: /git is at work/,
  },
];

for (const row of ROWS) {
  Deno.test(`${row.name} stops a landing until it is gone`, async () => {
    await using world = await openLandingWorld(row.first);
    await world.write(world.user, { "beside": "untracked and not touched" });
    await world.commit(row.inside);
    await row.enter(world);
    const before = await world.observe();
    const waiting = await world.land();
    assert.ok(waiting.kind !== "landed");
    assert.equal(waiting.reason, row.reason, waiting.text);
    assert.match(waiting.text, row.text);
    assert.notEqual(waiting.hint, "");
    const paths = waiting.kind === "paused" ? [...waiting.paths] : [];
    assert.deepEqual(paths.sort(), row.paths);
    assert.deepEqual(await world.observe(), before);
    assert.equal(findCanary(world), undefined);

    await row.leave(world);
    const landed = await world.land();
    assert.equal(landed.kind, "landed", JSON.stringify(landed));
    const tip = await world.run(world.user, "rev-parse", "HEAD");
    assert.equal(tip, await world.run(world.inner, "rev-parse", "HEAD"));
    assert.equal(findCanary(world), undefined);
    // A git of the user's would start git-lfs, which need not be here.
    if (!row.name.startsWith("git-lfs")) {
      assert.equal(await world.run(world.user, "status", "--porcelain"), "?? beside");
    }
    assert.equal((await world.observe())["beside"], "f:untracked and not touched");
  });
}

/** Where a planted command leaves its mark. */
function findCanary(world: LandingWorld): string | undefined {
  const dirs = [world.user, world.root, join(world.user, ".git"), Deno.cwd()];
  return dirs.flatMap((dir) => [...Deno.readDirSync(dir)].map(({ name }) => name))
    .find((name) => name === "canary");
}
