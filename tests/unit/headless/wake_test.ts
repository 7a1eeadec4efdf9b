import { join } from "node:path";
import { watchDirectory } from "../../../src/headless/wake.ts";
import { makeState } from "./support.ts";

/** Longer than any test: whoever waits so long was not woken. */
const FOR_EVER_MS = 3_600_000;

Deno.test("what is written wakes who waits, also what was written before", async () => {
  await using state = await makeState();
  const path = join(state.stateDir, "file");
  using waker = watchDirectory(state.stateDir);
  const waiting = waker.wait(FOR_EVER_MS);
  await Deno.writeTextFile(path, "one");
  await waiting;
  await Deno.writeTextFile(path, "two");
  await waker.wait(FOR_EVER_MS);
});

Deno.test("what cannot be watched is looked at in time", async () => {
  using waker = watchDirectory("/nowhere/at/all");
  await waker.wait(1);
  await waker.wait(1);
});

Deno.test("who waits can be called away", async () => {
  await using state = await makeState();
  using waker = watchDirectory(state.stateDir);
  const leaving = new AbortController();
  const waiting = waker.wait(FOR_EVER_MS, leaving.signal);
  leaving.abort();
  await waiting;
});
