import assert from "node:assert/strict";
import { readLeases, takeLease } from "../../../src/courier/lease.ts";
import { waitForIdle } from "../../../src/courier/wait.ts";

async function makeDir() {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test({
  name: "a running program is on the list; one that was killed is taken off",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await makeDir();
    const lease = takeLease(`${dir.path}/deep`);
    const other = takeLease(`${dir.path}/deep`);
    // No process has this id: the largest of Linux is 2^22.
    await Deno.writeTextFile(`${dir.path}/deep/99999999-dead`, "");
    assert.deepEqual(readLeases(`${dir.path}/deep`).tokens, new Set([lease.token, other.token]));
    lease.release();
    lease.release();
    assert.deepEqual(readLeases(`${dir.path}/deep`).tokens, new Set([other.token]));
    other.release();
  },
});

Deno.test({
  name: "the container stays while a program runs, and ends when none has for a while",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await makeDir();
    const lease = takeLease(dir.path);
    let looks = 0;
    const nextLook = () => {
      if (++looks === 5) lease.release();
      return Promise.resolve();
    };
    await waitForIdle(dir.path, { idleMs: -1000, nextLook });
    assert.equal(looks, 5);
  },
});
