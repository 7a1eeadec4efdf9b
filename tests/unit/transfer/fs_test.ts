import assert from "node:assert/strict";
import { nodeFs } from "../../../src/courier/node_fs.ts";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import type { TreeFs } from "../../../src/tree/fs.ts";

const SYSTEMS: [string, TreeFs][] = [["Deno", denoFs()], ["Node", nodeFs()]];

async function makeDir() {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const isUnix = Deno.build.os !== "windows";

for (const [name, fs] of SYSTEMS) {
  Deno.test({
    name: `by ${name}, files, directories and symlinks are what was made`,
    ignore: !isUnix,
    async fn() {
      await using dir = await makeDir();
      const file = fs.openNew(`${dir.path}/file`, 0o755);
      file.write(new Uint8Array([1, 2]));
      file.write(new Uint8Array([3]));
      file.sync();
      file.close();
      fs.chmod(`${dir.path}/file`, 0o640);
      fs.setMtime(`${dir.path}/file`, 1_600_000_000_627);
      fs.mkdir(`${dir.path}/sub`, 0o755);
      fs.symlink("file", `${dir.path}/link`);
      fs.link(`${dir.path}/file`, `${dir.path}/sub/twin`);
      fs.syncDir(dir.path);

      assert.deepEqual(fs.list(dir.path).toSorted(), ["file", "link", "sub"]);
      assert.equal(fs.readLink(`${dir.path}/link`), "file");
      const { kind, mode, size, mtimeMs, identity } = fs.lstat(`${dir.path}/file`)!;
      assert.deepEqual([kind, mode, size, mtimeMs], ["file", 0o640, 3, 1_600_000_000_627]);
      assert.equal(fs.lstat(`${dir.path}/sub/twin`)!.identity, identity);
      assert.equal(fs.lstat(`${dir.path}/sub`)!.kind, "dir");
      assert.equal(fs.lstat(`${dir.path}/link`)!.kind, "link");

      const handle = fs.openRead(`${dir.path}/file`);
      const buffer = new Uint8Array(10);
      assert.equal(handle.stat().identity, identity);
      assert.equal(handle.read(buffer), 3);
      assert.equal(handle.read(buffer), 0);
      assert.deepEqual([...buffer.subarray(0, 3)], [1, 2, 3]);
      handle.close();

      fs.rename(`${dir.path}/file`, `${dir.path}/link`);
      assert.equal(fs.lstat(`${dir.path}/link`)!.identity, identity);
      fs.remove(`${dir.path}/link`);
      fs.remove(`${dir.path}/sub/twin`);
      fs.remove(`${dir.path}/sub`);
      assert.deepEqual(fs.list(dir.path), []);
    },
  });

  Deno.test({
    name: `by ${name}, nothing is opened through a symlink or in place of what is there`,
    ignore: !isUnix,
    async fn() {
      await using dir = await makeDir();
      await Deno.writeTextFile(`${dir.path}/file`, "x");
      await Deno.symlink("file", `${dir.path}/link`);
      await Deno.symlink("nowhere", `${dir.path}/dangling`);
      assert.throws(() => fs.openRead(`${dir.path}/link`), { code: "ELOOP" });
      for (const taken of ["file", "link", "dangling"]) {
        assert.throws(() => fs.openNew(`${dir.path}/${taken}`, 0o644), { code: "EEXIST" });
        assert.throws(() => fs.mkdir(`${dir.path}/${taken}`, 0o755), { code: "EEXIST" });
        assert.throws(() => fs.symlink("a", `${dir.path}/${taken}`), { code: "EEXIST" });
      }
      assert.throws(() => fs.remove(`${dir.path}/none`), { code: "ENOENT" });
      assert.equal(fs.lstat(`${dir.path}/nowhere`), undefined);
      assert.equal(fs.lstat(`${dir.path}/file/below`), undefined);
      await Deno.mkdir(`${dir.path}/full/sub`, { recursive: true });
      assert.throws(() => fs.remove(`${dir.path}/full`), { code: "ENOTEMPTY" });
    },
  });
}

for (const [name, fs] of SYSTEMS) {
  Deno.test({
    name: `by ${name}, names of a directory are looked at as one after the other is`,
    ignore: !isUnix,
    async fn() {
      await using dir = await makeDir();
      await Deno.writeTextFile(`${dir.path}/file`, "abc", { mode: 0o751 });
      await Deno.writeTextFile(`${dir.path}/né 名`, "x");
      await Deno.writeTextFile(`${dir.path}/${"long".repeat(50)}`, "x");
      await Deno.mkdir(`${dir.path}/sub`);
      await Deno.symlink("nowhere", `${dir.path}/link`);
      const names = [...fs.list(dir.path), "none", "file/below", "with\0NUL"] as string[];
      const stats = fs.lstatIn?.(dir.path, names);
      for (const [at, one] of names.entries()) {
        if (one.includes("\0")) {
          assert.equal(stats?.get(at), undefined);
          continue;
        }
        const alone = fs.lstat(`${dir.path}/${one}`);
        if (stats === undefined || alone === undefined) {
          assert.equal(stats?.get(at), undefined);
          continue;
        }
        const { identity: _, ...expected } = alone;
        assert.deepEqual(stats.get(at), expected);
        assert.deepEqual(stats.get(at), expected);
      }
      assert.equal(fs.lstatIn?.(`${dir.path}/none`, ["a"])?.get(0), undefined);
    },
  });
}

Deno.test({
  name: "names that are no UTF-8 stand as bytes that are none either; real ones as they are",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await makeDir();
    const { success } = await new Deno.Command("bash", {
      args: ["-c", `cd "$1" && touch $'bad\\xff\\xfe' plain "sign\ufffd" "né"`, "sh", dir.path],
    }).output();
    assert.ok(success);
    const names = denoFs().list(dir.path);
    assert.deepEqual(names.filter((name) => typeof name === "string").toSorted(), [
      "né",
      "plain",
      "sign\ufffd",
    ]);
    const [bytes] = names.filter((name) => typeof name !== "string");
    assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  },
});
