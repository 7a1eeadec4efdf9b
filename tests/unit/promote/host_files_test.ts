import assert from "node:assert/strict";
import { join } from "node:path";
import { denoFiles, type HostFiles, hostFiles, rawPath } from "../../../src/promote/host_files.ts";

for (
  const [name, files] of [
    ["by calls of the system", hostFiles()],
    ["by Deno's own", denoFiles()],
  ] as [string, HostFiles][]
) {
  Deno.test(`files are looked at and moved ${name}, and nothing is overwritten`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "sandcage-files-" });
    try {
      const at = (path: string) => rawPath(join(dir, path));
      await Deno.writeTextFile(join(dir, "ünï"), "text");
      await Deno.chmod(join(dir, "ünï"), 0o755);
      await Deno.symlink("nowhere", join(dir, "link"));
      const stat = await Deno.lstat(join(dir, "ünï"));
      const facts = files.lstat(at("ünï"))!;
      const { ctimeNs, ...told } = facts;
      assert.deepEqual(told, {
        kind: "file",
        size: 4,
        mtimeMs: stat.mtime!.getTime(),
        ctimeS: Math.floor(stat.ctime!.getTime() / 1000),
        ino: stat.ino,
        isExecutable: true,
      });
      assert.ok(ctimeNs === undefined || (ctimeNs >= 0 && ctimeNs < 1e9));
      assert.equal(files.lstat(at("link"))!.kind, "symlink");
      assert.equal(new TextDecoder().decode(files.read(at("link"))), "nowhere");
      assert.equal(new TextDecoder().decode(files.read(at("ünï"))), "text");
      for (const gone of ["none", "none/deep", "ünï/below"]) {
        assert.equal(files.lstat(at(gone)), undefined, gone);
        assert.equal(files.read(at(gone)), undefined, gone);
        assert.deepEqual(files.list(at(gone)), [], gone);
        assert.throws(() => files.moveNew(at(gone), at("to")), isGoneError);
      }
      files.mkdir(at("dir"));
      assert.throws(() => files.mkdir(at("dir")), Deno.errors.AlreadyExists);
      files.moveNew(at("ünï"), at("dir/moved"));
      assert.equal(files.lstat(at("ünï")), undefined);
      assert.equal(files.lstat(at("dir/moved"))!.ino, facts.ino);
      await Deno.writeTextFile(join(dir, "mine"), "mine");
      assert.throws(() => files.moveNew(at("dir/moved"), at("mine")), Deno.errors.AlreadyExists);
      assert.throws(() => files.moveNew(at("dir/moved"), at("link")), Deno.errors.AlreadyExists);
      assert.throws(() => files.moveNew(at("dir/moved"), at("dir")), Deno.errors.AlreadyExists);
      assert.equal(await Deno.readTextFile(join(dir, "mine")), "mine");
      files.moveNew(at("link"), at("dir/link"));
      assert.equal(await Deno.readLink(join(dir, "dir/link")), "nowhere");
      assert.equal(files.rmdir(at("dir")), false);
      assert.equal(files.rmdir(at("mine")), false);
      assert.deepEqual(files.list(at("dir")).sort(), ["link", "moved"]);
      await Deno.mkdir(join(dir, "whole/deep"), { recursive: true });
      await Deno.writeTextFile(join(dir, "whole/deep/file"), "whole");
      await Deno.mkdir(join(dir, "empty"));
      for (const taken of ["empty", "mine", "dir/moved", "none/deep"]) {
        assert.equal(files.moveNewDir(at("whole"), at(taken)), false, taken);
      }
      const isMoved = files.moveNewDir(at("whole"), at("dir/whole"));
      const where = isMoved ? "dir/whole" : "whole";
      assert.equal(await Deno.readTextFile(join(dir, where, "deep/file")), "whole");
      await Deno.remove(join(dir, where), { recursive: true });
      files.move(at("dir/moved"), at("mine"));
      assert.equal(await Deno.readTextFile(join(dir, "mine")), "text");
      await Deno.remove(join(dir, "dir/link"));
      assert.equal(files.rmdir(at("dir")), true);
      assert.equal(files.rmdir(at("dir")), false);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

function isGoneError(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
