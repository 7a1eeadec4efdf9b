import assert from "node:assert/strict";
import fc from "fast-check";
import { findRun, type FollowOptions, followRun } from "../../../src/headless/follow.ts";
import type { RunLog } from "../../../src/headless/log_store.ts";
import { runDir, segmentPath } from "../../../src/headless/run_files.ts";
import { readRun } from "../../../src/headless/runs.ts";
import { findTail, openSegments } from "../../../src/headless/segment_reader.ts";
import { beginRun, makeState, runIdOf } from "./support.ts";

const KEY = { cageId: "web-1", runId: runIdOf(1) };

function say(log: RunLog, text: string): void {
  log.appendRaw(new TextEncoder().encode(`${text}\n`));
  log.append([{ kind: "text", text }]);
}

/** Follows a run and keeps what is shown; `until` waits for a text. */
function watcher(stateDir: string, options: Partial<FollowOptions> = {}) {
  const shown: string[] = [];
  const runs: string[] = [];
  const waits: string[] = [];
  let wake = () => {};
  const decoder = new TextDecoder();
  const texts = () =>
    (options.kind ?? "events") === "raw"
      ? shown.join("").split("\n")
      : shown.join("").split("\n").filter((line) => line !== "").map((line) =>
        JSON.parse(line).text
      );
  const start = async (number = 1) => {
    const run = await readRun(stateDir, { cageId: "web-1", runId: runIdOf(number) });
    return await followRun(run!, {
      ...{ stateDir, cageId: "web-1", kind: "events", follow: true, nextMs: 0 },
      onRun: ({ id }) => void runs.push(id),
      onBytes(bytes) {
        shown.push(decoder.decode(bytes));
        wake();
      },
      onWait({ id }) {
        waits.push(id);
        wake();
      },
      ...options,
    });
  };
  const until = async (isThere: () => boolean) => {
    while (!isThere()) await new Promise<void>((resolve) => wake = resolve);
  };
  return { start, texts, runs, waits, until };
}

Deno.test("what is there is shown, and no more without following", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  for (const text of ["one", "two", "three"]) say(log, text);
  const all = watcher(state.stateDir, { follow: false });
  assert.equal((await all.start()).state, "starting");
  assert.deepEqual(all.texts(), ["one", "two", "three"]);
  for (const [lines, want] of [[2, ["two", "three"]], [0, []], [9, all.texts()]] as const) {
    const last = watcher(state.stateDir, { follow: false, lines });
    await last.start();
    assert.deepEqual(last.texts(), want);
  }
});

Deno.test("a run is followed over its segments to its end, which ends it", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir, { segmentBytes: 100 });
  say(log, "0");
  const view = watcher(state.stateDir);
  const ended = view.start();
  for (let count = 1; count < 50; count++) {
    say(log, String(count));
    if (count % 10 === 0) await view.until(() => view.texts().includes(String(count)));
  }
  log.setState("done", { exit: 0 });
  assert.equal((await ended).state, "done");
  assert.deepEqual(view.texts(), Array.from({ length: 50 }, (_, count) => String(count)));
});

Deno.test("raw bytes are followed as they are, half a line among them", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  const view = watcher(state.stateDir, { kind: "raw", lines: 1 });
  log.appendRaw(new TextEncoder().encode("one\ntwo\nthr"));
  const ended = view.start();
  await view.until(() => view.texts().includes("thr"));
  log.appendRaw(new TextEncoder().encode("ee\n"));
  log.setState("failed", { exit: 3 });
  assert.equal((await ended).exit, 3);
  assert.deepEqual(view.texts(), ["three", ""]);
});

Deno.test("half an event that a killed holder left is not shown", async () => {
  await using state = await makeState();
  const log = await beginRun(state.stateDir);
  say(log, "one");
  log.close();
  const path = segmentPath(runDir(state.stateDir, KEY), "events", { number: 1 });
  await Deno.writeTextFile(path, '{"seq":2,"at":"20', { append: true });
  const view = watcher(state.stateDir);
  assert.equal((await view.start()).state, "cut-off");
  assert.deepEqual(view.texts(), ["one"]);
});

Deno.test("a run that was cut off is waited for: the next one of the cage goes on", async () => {
  await using state = await makeState();
  const first = await beginRun(state.stateDir);
  first.setState("running");
  say(first, "one");
  const view = watcher(state.stateDir, { nextMs: 60_000 });
  const ended = view.start();
  await view.until(() => view.texts().includes("one"));
  first.close();
  await view.until(() => view.waits.length === 1);
  using second = await beginRun(state.stateDir, { key: { runId: runIdOf(2) } });
  say(second, "two");
  await view.until(() => view.texts().includes("two"));
  second.setState("done", { exit: 0 });
  assert.equal((await ended).id, runIdOf(2));
  assert.deepEqual(view.runs, [1, 2].map(runIdOf));
});

Deno.test("a run launched by the time the one before is over is followed; one that was asked for by its id is the only one", async () => {
  await using state = await makeState();
  const first = await beginRun(state.stateDir);
  say(first, "one");
  first.setState("done", { exit: 0 });
  first.close();
  using second = await beginRun(state.stateDir, { key: { runId: runIdOf(2) } });
  say(second, "two");
  second.setState("stopped");
  const both = watcher(state.stateDir, { lines: 1 });
  assert.equal((await both.start()).state, "stopped");
  assert.deepEqual(both.texts(), ["one", "two"]);
  const one = watcher(state.stateDir, { runId: runIdOf(1) });
  assert.equal((await one.start()).state, "done");
  assert.deepEqual(one.texts(), ["one"]);
});

Deno.test("a run that is removed while it is followed ends", async () => {
  await using state = await makeState();
  const log = await beginRun(state.stateDir);
  say(log, "one");
  const view = watcher(state.stateDir);
  const ended = view.start();
  await view.until(() => view.texts().includes("one"));
  // All at once: its holder, which is this process, writes its record down from a timer.
  Deno.removeSync(runDir(state.stateDir, KEY), { recursive: true });
  assert.equal((await ended).id, KEY.runId);
  log.close();
});

Deno.test("who follows can leave, and who waits for a first run, too", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  say(log, "one");
  const leaving = new AbortController();
  const view = watcher(state.stateDir, { signal: leaving.signal });
  const ended = view.start();
  await view.until(() => view.texts().includes("one"));
  leaving.abort();
  assert.equal((await ended).state, "starting");
  const first = { stateDir: state.stateDir, cageId: "none-1", runId: undefined };
  assert.equal(await findRun({ ...first, signal: leaving.signal }, { waits: true }), undefined);
  assert.equal(await findRun({ ...first, signal: undefined }, { waits: false }), undefined);
});

Deno.test("the first run of a cage is waited for", async () => {
  await using state = await makeState();
  const choice = { stateDir: state.stateDir, cageId: "web-1", runId: undefined, signal: undefined };
  const found = findRun(choice, { waits: true });
  using _log = await beginRun(state.stateDir);
  assert.equal((await found)?.id, KEY.runId);
});

Deno.test("the last lines are found from the end, whatever the lines and wherever the segments end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.stringMatching(/^[a-c]{0,5}$/), { maxLength: 5 }), { maxLength: 4 }),
      fc.nat(12),
      fc.boolean(),
      async (segments, wanted, hasEnd) => {
        await using state = await makeState();
        const texts = segments.map((lines) => lines.map((line) => `${line}\n`).join(""));
        if (!hasEnd && texts.length > 0) texts[texts.length - 1] += "x";
        for (const [index, text] of texts.entries()) {
          const path = segmentPath(state.stateDir, "raw", { number: index + 1 });
          await Deno.writeTextFile(path, text);
        }
        const all = texts.join("");
        const lines = all.match(/[^\n]*\n|[^\n]+$/g) ?? [];
        const from = await findTail(state.stateDir, "raw", { lines: wanted });
        assert.equal(
          await readFrom(state.stateDir, from),
          lines.slice(lines.length - Math.min(wanted, lines.length)).join(""),
        );
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("the last lines of large segments are found across blocks", async () => {
  await using state = await makeState();
  const lines = Array.from({ length: 3000 }, (_, count) => `${count} ${"y".repeat(97)}\n`);
  const path = segmentPath(state.stateDir, "raw", { number: 1 });
  await Deno.writeTextFile(path, lines.join(""));
  for (const wanted of [1, 650, 1999, 3000, 4000]) {
    const from = await findTail(state.stateDir, "raw", { lines: wanted });
    assert.equal(await readFrom(state.stateDir, from), lines.slice(-wanted).join(""));
  }
});

async function readFrom(dir: string, from: { number: number; offset: number }): Promise<string> {
  using reader = openSegments(dir, "raw", { from });
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const bytes = await reader.read();
    if (bytes === undefined) return text + decoder.decode();
    text += decoder.decode(bytes, { stream: true });
  }
}
