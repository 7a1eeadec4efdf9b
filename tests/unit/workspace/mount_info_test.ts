import assert from "node:assert/strict";
import { readMountInfo } from "../../../src/workspace/mount_info.ts";

Deno.test("the mounts of a process are read when it is the container's, and no stranger's", async () => {
  const groups = await Deno.readTextFile("/proc/self/cgroup");
  const own = groups.split("\n")[0]!;
  const mounts = await readMountInfo({ pid: Deno.pid, container: own });
  assert.ok(mounts?.some(({ target }) => target === "/"), JSON.stringify(mounts));
  assert.equal(await readMountInfo({ pid: Deno.pid, container: "a".repeat(64) }), undefined);
});

Deno.test("a process that has ended has no mounts", async () => {
  const child = new Deno.Command("true").spawn();
  await child.status;
  assert.equal(await readMountInfo({ pid: child.pid, container: "" }), undefined);
});
