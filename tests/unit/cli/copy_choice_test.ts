/** Which cages a directory stands for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeCopyRecord } from "../../../src/copy/record.ts";
import { cageDir } from "../../../src/cage/store.ts";
import { chooseCopyCage, findCagesHere } from "../../../src/cli/copy_choice.ts";
import { writeFileAtomic } from "../../../src/files.ts";
import { cageId } from "../../../src/project/identity.ts";
import { fakeHost } from "../engine/support.ts";

/** A machine with a project, a cage of it, and a cage that was made from a URL. */
async function makeMachine() {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const host = { ...fakeHost(root), cwd: root };
  const web = join(root, "work", "web");
  const clone = join(host.stateDir, "cages", "hello-0a0a0a", "repo");
  for (const dir of [join(web, "src"), join(clone, "src"), join(root, "work", "other")]) {
    await Deno.mkdir(dir, { recursive: true });
  }
  for (
    const [id, name, projectPath] of [["web-0b0b0b", "mine", web], ["hello-0a0a0a", "hello", clone]]
  ) {
    await writeCopyRecord(host.stateDir, {
      schema: 1,
      id: id!,
      name: name!,
      state: "ready",
      service: "shell",
      user: { uid: 64000, gid: 64000 },
      volumes: { work: "w", checkpoints: "c" },
      engine: "",
      source: { kind: "dir" },
      roots: [{ name: "project", hostPath: projectPath! }],
      authMode: "api_key",
      createdAt: "2026-01-02T03:04:05.000Z",
    });
    const cage = { schema: 1, id, projectPath, createdAt: "2026-01-02T03:04:05.000Z" };
    await writeFileAtomic(join(cageDir(host.stateDir, id!), "cage.json"), JSON.stringify(cage));
  }
  const mounted = (path: string) =>
    cageId({ path, basename: path.slice(path.lastIndexOf("/") + 1) });
  return {
    host,
    web,
    clone,
    other: join(root, "work", "other"),
    mounted,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("findCagesHere() finds both kinds of cages of a project, also from below", async () => {
  await using made = await makeMachine();
  const { host, web, mounted } = made;
  assert.deepEqual(await findCagesHere({ path: web }, host), [mounted(web), "web-0b0b0b"]);
  const below = join(web, "src");
  assert.deepEqual(await findCagesHere({ path: below }, host), [mounted(below), "web-0b0b0b"]);
});

Deno.test("findCagesHere() finds the cage that a clone belongs to, anywhere in it", async () => {
  await using made = await makeMachine();
  const { host, clone } = made;
  assert.deepEqual(await findCagesHere({ path: clone }, host), ["hello-0a0a0a"]);
  const below = { ...host, cwd: join(clone, "src") };
  assert.deepEqual(await findCagesHere({}, below), ["hello-0a0a0a"]);
  assert.equal((await chooseCopyCage({}, below)).name, "hello");
});

Deno.test("findCagesHere() of another directory is its own cage only", async () => {
  await using made = await makeMachine();
  const { host, other, mounted } = made;
  assert.deepEqual(await findCagesHere({ path: other }, host), [mounted(other)]);
});

Deno.test("findCagesHere() refuses what is neither a project nor of a cage", async () => {
  await using made = await makeMachine();
  const { host } = made;
  await assert.rejects(findCagesHere({ path: host.stateDir }, host), { code: "project-refused" });
  await assert.rejects(findCagesHere({ path: join(host.stateDir, "none") }, host), {
    code: "project-refused",
  });
});
