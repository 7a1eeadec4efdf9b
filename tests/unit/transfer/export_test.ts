import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import { applyExport, type Exported, type ExportWork } from "../../../src/transfer/export.ts";
import { fillCage } from "../../../src/transfer/fill.ts";
import { lookAt } from "../../../src/transfer/look.ts";
import { planExport } from "../../../src/transfer/plan_export.ts";
import { planSync } from "../../../src/transfer/plan_sync.ts";
import { applySync } from "../../../src/transfer/sync.ts";
import { lockTransfer, openTarget } from "../../../src/transfer/target.ts";
import type { TreeFs } from "../../../src/tree/fs.ts";
import { createLocalCourier, type LocalCourier } from "../support/local_courier.ts";

type Site = AsyncDisposable & {
  host: string;
  inner: string;
  elsewhere: string;
  cage: { dir: string; id: string; name: string };
  root: { name: string; hostPath: string };
  courier: LocalCourier;
};

const RULES = {
  before: [],
  after: [{ base: "", text: ".git\n/.sandcage-*.tmp\n", origin: "test" }],
};

/** A project of texts that is in a cage already. */
async function makeSite(files: Record<string, string>): Promise<Site> {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-export-" }));
  const [host, work, elsewhere] = ["host", "work", "elsewhere"].map((name) => join(dir, name));
  for (const path of [host!, work!, elsewhere!]) await Deno.mkdir(path);
  const site: Site = {
    host: host!,
    inner: join(work!, "project"),
    elsewhere: elsewhere!,
    cage: { dir: join(dir, "state", "cages", "x"), id: "x", name: "x" },
    root: { name: "project", hostPath: host! },
    courier: createLocalCourier(work!),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
  write(site.host, files);
  await fill(site);
  return site;
}

function fill({ cage, root, courier }: Site) {
  return fillCage(cage, root, { courier, rules: RULES, fs: denoFs(), platform: "linux" });
}

function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(join(root, path, ".."), { recursive: true });
    Deno.writeTextFileSync(join(root, path), text);
  }
}

function look({ cage, root, courier, host }: Site) {
  return lookAt({
    cage,
    root,
    courier,
    target: host,
    rules: RULES,
    fs: denoFs(),
    platform: "linux",
  });
}

/** An export, with what a test does before it and while it runs. */
async function exportAll(
  site: Site,
  options: {
    delete?: boolean;
    planned?(): void;
    onProgress?: ExportWork["onProgress"];
    fs?: TreeFs;
    reviewed?: ReadonlyMap<string, string>;
  } = {},
): Promise<Exported> {
  const { cage, root, courier, host } = site;
  const fs = options.fs ?? denoFs();
  using _target = await openTarget(cage, host, { fs });
  const found = await look(site);
  const plan = planExport(found, { delete: options.delete === true });
  options.planned?.();
  return await applyExport({
    cage,
    courier,
    root,
    target: host,
    look: found,
    plan,
    reviewed: options.reviewed ?? new Map(),
    fs,
    platform: "linux",
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
}

function show(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (dir: string) => {
    for (const { name } of Deno.readDirSync(join(root, dir))) {
      const path = dir === "" ? name : `${dir}/${name}`;
      const stat = Deno.lstatSync(join(root, path));
      if (stat.isSymlink) found[path] = `-> ${Deno.readLinkSync(join(root, path))}`;
      else if (stat.isDirectory) walk(path);
      else found[path] = Deno.readTextFileSync(join(root, path));
    }
  };
  walk("");
  return found;
}

Deno.test("what was exported or synced is equal from then on", async () => {
  await using site = await makeSite({ "a": "1", "dir/b": "1", "c": "1" });
  assert.deepEqual((await look(site)).differences, []);
  write(site.inner, { "a": "22", "dir/new": "n" });
  Deno.chmodSync(join(site.inner, "c"), 0o755);
  const exported = await exportAll(site);
  assert.deepEqual([exported.written, exported.modes, exported.bytes], [2, 1, 3]);
  assert.deepEqual(show(site.host), { "a": "22", "dir/b": "1", "dir/new": "n", "c": "1" });
  assert.equal(Deno.statSync(join(site.host, "c")).mode! & 0o777, 0o755);
  assert.deepEqual((await look(site)).differences, []);
  write(site.host, { "dir/b": "host" });
  const found = await look(site);
  const { root, courier } = site;
  await applySync({ courier, root, look: found, plan: planSync(found), fs: denoFs() });
  assert.equal(show(site.inner)["dir/b"], "host");
  assert.deepEqual((await look(site)).differences, []);
  const names = [...Deno.readDirSync(site.host)].map(({ name }) => name);
  assert.deepEqual(names.sort(), ["a", "c", "dir"]);
});

const MEANWHILE: Record<string, { act(site: Site): void; changed: string[] }> = {
  "a parent directory becomes a symlink": {
    act({ host, elsewhere }) {
      Deno.renameSync(join(host, "dir"), join(host, "moved"));
      Deno.symlinkSync(elsewhere, join(host, "dir"));
    },
    changed: ["dir", "dir/b"],
  },
  "a file becomes a symlink": {
    act({ host, elsewhere }) {
      Deno.removeSync(join(host, "a"));
      Deno.symlinkSync(join(elsewhere, "a"), join(host, "a"));
    },
    changed: ["a"],
  },
  "the user writes a file": {
    act: ({ host }) => write(host, { "a": "the user's" }),
    changed: ["a"],
  },
  "the user makes a file where one comes": {
    act: ({ host }) => write(host, { "new": "the user's" }),
    changed: ["new"],
  },
  "the user removes a directory": {
    act: ({ host }) => Deno.removeSync(join(host, "dir"), { recursive: true }),
    changed: ["dir/b"],
  },
};

for (const [what, { act, changed }] of Object.entries(MEANWHILE)) {
  Deno.test(`an export does nothing when, while it runs, ${what}`, async () => {
    await using site = await makeSite({ "a": "1", "dir/b": "1" });
    write(site.elsewhere, { "a": "outside", "b": "outside" });
    write(site.inner, { "a": "inner", "dir/b": "inner", "new": "inner" });
    let before: Record<string, string> | undefined;
    const exported = await exportAll(site, {
      onProgress() {
        if (before !== undefined) return;
        act(site);
        before = show(site.host);
      },
    });
    assert.deepEqual(exported.changed, changed);
    assert.deepEqual(show(site.host), before);
    assert.deepEqual(show(site.elsewhere), { "a": "outside", "b": "outside" });
  });
}

Deno.test("what changes inside while it comes stays as it was, everything else lands", async () => {
  await using site = await makeSite({ "a": "1", "b": "1", "c": "1", "d": "1", "e": "1" });
  write(site.inner, { "a": "2", "b": "2", "c": "2", "d": "2", "package.json": "{}" });
  const reviewed = new Map([["package.json", "0".repeat(64)]]);
  const exported = await exportAll(site, {
    reviewed,
    planned() {
      write(site.inner, { "a": "3" });
      Deno.chmodSync(join(site.inner, "b"), 0o755);
      Deno.removeSync(join(site.inner, "c"));
    },
  });
  assert.deepEqual(exported.missed, ["a", "b", "c", "package.json"]);
  assert.deepEqual(show(site.host), { "a": "1", "b": "1", "c": "1", "d": "2", "e": "1" });
});

Deno.test("a symlink that the cage refuses is told, not remembered, and all else goes in", async () => {
  await using site = await makeSite({ "a": "1", "dir/b": "1" });
  // Inside, what leads through this directory leads away by now.
  Deno.removeSync(join(site.inner, "dir"), { recursive: true });
  Deno.symlinkSync("/etc", join(site.inner, "dir"));
  write(site.host, { "a": "22" });
  Deno.symlinkSync("dir/passwd", join(site.host, "through"));
  const found = await look(site);
  const { root, courier } = site;
  const synced = await applySync({
    courier,
    root,
    look: found,
    plan: planSync(found),
    fs: denoFs(),
  });
  assert.deepEqual(synced, {
    written: 1,
    removed: 0,
    bytes: 2,
    changed: [],
    refusedLinks: ["through"],
  });
  assert.equal(show(site.inner)["a"], "22");
  const { differences } = await look(site);
  assert.deepEqual(differences.map(({ path }) => path), ["through"]);
});

Deno.test("a cage that sends what nobody asked for is refused, and nothing lands", async () => {
  await using site = await makeSite({ "a": "1", "b": "1" });
  write(site.inner, { "a": "2" });
  const before = show(site.host);
  const read = site.courier.read;
  site.courier.read = (root, _paths, options) => read(root, ["b"], options);
  await assert.rejects(exportAll(site), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^The cage "x" sent what must not come out: "b": /);
    return true;
  });
  assert.deepEqual(show(site.host), before);
});

Deno.test("an export that was cut asks only for the rest", async () => {
  await using site = await makeSite({ "a": "1" });
  const large = "x".repeat(200_000);
  write(site.inner, { "first": large, "second": large, "third": large });
  const read = site.courier.read;
  site.courier.read = async function* (root, paths, options) {
    let bytes = 0;
    for await (const piece of read(root, paths, options)) {
      if ((bytes += piece.length) > 300_000) throw new UserError("The connection broke off");
      yield piece;
    }
  };
  await assert.rejects(exportAll(site), /broke off/);
  assert.deepEqual(show(site.host), { "a": "1" });
  site.courier.read = read;
  const exported = await exportAll(site);
  assert.equal(exported.written, 3);
  assert.deepEqual(site.courier.asked.at(-1), ["second", "third"]);
  assert.deepEqual(Object.keys(show(site.host)).sort(), ["a", "first", "second", "third"]);
});

for (
  const [code, text] of [
    ["EACCES", /^Cannot write to .*: nothing/],
    ["ENOSPC", /^The disk is full: /],
  ] as const
) {
  Deno.test(`an export that fails in its last rename with ${code} is taken back`, async () => {
    await using site = await makeSite({ "a": "1", "z": "1" });
    write(site.inner, { "a": "2", "z": "2", "new/file": "2" });
    const before = show(site.host);
    const fs = denoFs();
    let failed = false;
    const failing: TreeFs = {
      ...fs,
      rename(from, to) {
        if (to === join(site.host, "z") && !failed) {
          failed = true;
          throw Object.assign(new Error("nothing goes here"), { code });
        }
        fs.rename(from, to);
      },
    };
    await assert.rejects(exportAll(site, { fs: failing }), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, text);
      assert.match(error.hint ?? "", /Nothing was changed there/);
      return true;
    });
    assert.deepEqual(show(site.host), before);
    // Positive control: without the failure it lands.
    assert.equal((await exportAll(site)).written, 4);
  });
}

Deno.test("a commit that was cut is brought to its end by whatever takes hold of the cage next", async () => {
  await using site = await makeSite({ "a": "1", "z": "1" });
  write(site.inner, { "a": "2", "new/file": "2", "z": "2" });
  const fs = denoFs();
  let dead = false;
  const act = (work: () => void) => {
    if (dead) throw new Error("killed");
    work();
  };
  const dying: TreeFs = {
    ...fs,
    remove: (path) => act(() => fs.remove(path)),
    rename: (from, to) =>
      act(() => {
        fs.rename(from, to);
        dead = to === join(site.host, "a");
      }),
  };
  await assert.rejects(exportAll(site, { fs: dying }), /could neither be finished nor taken back/);
  assert.deepEqual(show(site.host), { "a": "2", "z": "1" });
  using held = await lockTransfer(site.cage);
  assert.deepEqual(held.recovered.map(({ root, recovery }) => [root, recovery.kind]), [
    [site.host, "finished"],
  ]);
  assert.deepEqual(show(site.host), { "a": "2", "new/file": "2", "z": "2" });
  await assert.rejects(lockTransfer(site.cage), /Another sandcage is carrying files of cage "x"/);
});

Deno.test("a cage is filled once: what an earlier attempt brought does not go again", async () => {
  await using site = await makeSite({ "a": "1", "dir/b": "1", "c": "1" });
  // As if the first attempt had been cut: one file is half, one missing, one of a former time there.
  write(site.inner, { "c": "", "stale/x": "x" });
  Deno.removeSync(join(site.inner, "dir"), { recursive: true });
  site.courier.filled.length = 0;
  const filled = await fill(site);
  assert.deepEqual([filled.files, filled.reused], [3, 1]);
  assert.deepEqual(site.courier.filled, ["c", "dir", "dir/b"]);
  assert.deepEqual(show(site.inner), { "a": "1", "dir/b": "1", "c": "1" });
  assert.deepEqual((await look(site)).differences, []);
});
