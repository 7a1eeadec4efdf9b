import assert from "node:assert/strict";
import { run } from "../../../src/engine/process.ts";

Deno.test("run() captures both streams and the exit code, and feeds stdin", async () => {
  const seen: string[] = [];
  const result = await run("sh", ["-c", "cat; echo err >&2; exit 7"], {
    timeoutMs: 10_000,
    stdin: "in",
    onOutput: (text) => seen.push(text),
  });
  assert.deepEqual(result, { code: 7, stdout: "in", stderr: "err\n", timedOut: false });
  assert.equal(seen.toSorted().join(""), "err\nin");
});

Deno.test("run() keeps its deadline although a grandchild holds the pipes", async () => {
  const started = performance.now();
  const script = "trap 'exit 9' TERM; sleep 60 & echo $!; wait";
  const result = await run("sh", ["-c", script], { timeoutMs: 1_000 });
  assert.equal(result.timedOut, true);
  assert.ok(performance.now() - started < 30_000);
  // On a very busy machine the shell may not have begun by then: nobody holds the pipes.
  if (result.stdout === "") return assert.ok([9, 143].includes(result.code));
  assert.equal(result.code, 9);
  Deno.kill(Number(result.stdout), "SIGKILL");
});

Deno.test("run() rejects with the reason of an aborted signal", async () => {
  const reason = new Error("enough");
  const stop = new AbortController();
  const running = run("sleep", ["30"], { timeoutMs: 60_000, signal: stop.signal });
  stop.abort(reason);
  await assert.rejects(running, reason);
  await assert.rejects(run("true", [], { timeoutMs: 1, signal: stop.signal }), reason);
});

Deno.test("run() rejects with NotFound for a program that does not exist", async () => {
  await assert.rejects(run("no-such-program", [], { timeoutMs: 1000 }), Deno.errors.NotFound);
});
