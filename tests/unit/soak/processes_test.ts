import assert from "node:assert/strict";
import { listProcesses, parseZombie, sampleProcess } from "../../soak/processes.ts";

for (
  const [stat, zombie] of [
    ["77 (git) Z 12 77 77 0 -1", { parent: 12, name: "git" }],
    ["77 (a ) Z 3 b) Z 12 77 77 0 -1", { parent: 12, name: "a ) Z 3 b" }],
    ["77 (git) S 12 77 77 0 -1", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`parseZombie() of "${stat}"`, () => assert.deepEqual(parseZombie(stat), zombie));
}

Deno.test("a process is measured while it lives, and is none of its descriptors once it ended", async () => {
  const child = new Deno.Command("sleep", { args: ["60"], stdin: "null" }).spawn();
  const sample = await sampleProcess(child.pid, 5);
  assert.ok(sample !== undefined && sample.memory > 0 && sample.files >= 3 && sample.atMs === 5);
  child.kill("SIGKILL");
  await child.status;
  assert.equal(await sampleProcess(child.pid, 6), undefined);
});

for (
  const [where, options] of [
    ["its command line", (mark: string) => ({ args: ["-c", `: ${mark}; read line`] })],
    ["its environment", (mark: string) => ({ args: ["-c", "read line"], env: { MARK: mark } })],
  ] as const
) {
  Deno.test(`a process is found by ${where}`, async () => {
    const mark = `soak-${crypto.randomUUID()}`;
    const child = new Deno.Command("sh", { ...options(mark), stdin: "piped", stdout: "piped" })
      .spawn();
    try {
      const found = await listProcesses([mark], []);
      assert.deepEqual(found.map(({ pid }) => pid), [child.pid]);
      assert.deepEqual(await listProcesses([`${mark}-other`], []), []);
    } finally {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    }
  });
}
