import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import type { AgentEvent } from "../../../src/headless/event.ts";
import { openRunLog } from "../../../src/headless/log_store.ts";
import {
  isRunId,
  newRunId,
  runDir,
  runFiles,
  segmentPath,
} from "../../../src/headless/run_files.ts";
import {
  findLastRun,
  listRunIds,
  listRuns,
  pruneRuns,
  readRun,
} from "../../../src/headless/runs.ts";
import { beginRun, makeState, runIdOf } from "./support.ts";

const KEY = { cageId: "web-1", runId: runIdOf(1) };
const AT = "2026-01-31T08:15:00.000Z";
const said = (text: string): AgentEvent => ({ kind: "text", text });

Deno.test("a run is on record from its start to its end", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  const began = {
    schema: 1,
    ...{ id: KEY.runId, cageId: KEY.cageId, service: "claude" },
    startedAt: AT,
  };
  assert.deepEqual(await readRun(state.stateDir, KEY), {
    ...began,
    state: "starting",
    usage: {},
    events: 0,
  });
  log.setState("running");
  assert.equal((await readRun(state.stateDir, KEY))?.state, "running");
  const usage = { costUsd: 0.5, inputTokens: 3 };
  const logged = log.append([said("one"), { kind: "done", text: "ok", isError: false, usage }]);
  assert.deepEqual(logged.map(({ seq, at }) => [seq, at]), [[1, AT], [2, AT]]);
  log.setState("done", { exit: 0 });
  log.close();
  assert.deepEqual(await readRun(state.stateDir, KEY), {
    ...began,
    ...{ state: "done", exit: 0, endedAt: AT },
    ...{ usage, events: 2, last: "done: ok", lastAt: AT },
  });
  const dir = runDir(state.stateDir, KEY);
  assert.deepEqual(await names(dir), ["events.001.jsonl", "lock", "raw.001.log", "run.json"]);
});

Deno.test("a run whose holder is gone before its end is cut off, and what it said is kept", async () => {
  await using state = await makeState();
  const log = await beginRun(state.stateDir);
  log.setState("running");
  log.append([said("one")]);
  assert.equal((await readRun(state.stateDir, KEY))?.state, "running");
  log.close();
  const run = await readRun(state.stateDir, KEY);
  assert.deepEqual([run?.state, run?.events], ["cut-off", 1]);
  assert.match(run!.reason!, /killed/);
});

Deno.test("nobody else writes a run, and none is written twice", async () => {
  await using state = await makeState();
  const options = {
    run: { id: KEY.runId, cageId: KEY.cageId, service: "claude" },
    nowMs: () => 0,
  };
  const log = await beginRun(state.stateDir);
  await assert.rejects(openRunLog(runDir(state.stateDir, KEY), options), /Somebody else/);
  log.close();
  await assert.rejects(openRunLog(runDir(state.stateDir, KEY), options), Deno.errors.AlreadyExists);
});

Deno.test("segments end between lines, and a line that is too long has one of its own", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir, { segmentBytes: 200 });
  const lines = ["a".repeat(90), "b".repeat(90), "c".repeat(30), "d".repeat(500), "e"];
  for (const line of lines) {
    log.appendRaw(new TextEncoder().encode(`${line}\n`));
    log.append([said(line)]);
  }
  const dir = runDir(state.stateDir, KEY);
  const raw = await readSegments(dir, "raw");
  assert.deepEqual(raw.map((text) => text.split("\n").filter((line) => line !== "")), [
    lines.slice(0, 2),
    [lines[2]],
    [lines[3]],
    [lines[4]],
  ]);
  const events = await readSegments(dir, "events");
  assert.ok(events.length > 2 && events.every((text) => text.endsWith("\n")));
  const seqs = events.join("").trimEnd().split("\n").map((line) => JSON.parse(line).seq);
  assert.deepEqual(seqs, [1, 2, 3, 4, 5]);
});

Deno.test("bytes of the agent stay as they are", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  log.appendRaw(bytes);
  log.appendRaw(bytes);
  const path = segmentPath(runDir(state.stateDir, KEY), "raw", { number: 1 });
  assert.deepEqual(await Deno.readFile(path), new Uint8Array([...bytes, ...bytes]));
});

Deno.test("nothing in the events acts on a terminal that shows the file, and all of it is there", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  const text = "\x1b[2J\x9b2J\x7f\u202e\u200b\u{e0041}\u{1f600}é\r\n";
  log.append([said(text)]);
  const line = await Deno.readTextFile(
    segmentPath(runDir(state.stateDir, KEY), "events", { number: 1 }),
  );
  assert.match(line, /^[\x20-\x7eé\u{1f600}]*\n$/u);
  assert.equal(JSON.parse(line).text, text);
});

Deno.test("a text without measure is cut in the events, and says so", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  const [event] = log.append([said("x".repeat(3_000_000))]);
  assert.ok(event?.kind === "text");
  assert.match(event.text, /x… \(\d+ more characters: sandcage logs --raw\)$/);
  assert.ok(event.text.length < 1_100_000);
});

Deno.test("the record follows within a quarter of a second, and not more often", async () => {
  await using state = await makeState();
  using log = await beginRun(state.stateDir);
  const path = runFiles(runDir(state.stateDir, KEY)).record;
  const watcher = Deno.watchFs(runDir(state.stateDir, KEY));
  const before = await Deno.readTextFile(path);
  for (let count = 0; count < 1000; count++) log.append([said(String(count))]);
  // No timer runs until somebody waits.
  assert.equal(Deno.readTextFileSync(path), before);
  for await (const { paths } of watcher) {
    if (!paths.includes(path)) continue;
    const { events } = JSON.parse(await Deno.readTextFile(path));
    if (events > 0) {
      assert.equal(events, 1000);
      break;
    }
  }
});

Deno.test("a full disk is said, nothing is half, and the record has its last word", async (t) => {
  if (Deno.uid() !== 0 || Deno.build.os !== "linux") return;
  await using state = await makeState();
  await using _disk = await mountSmallDisk(state.stateDir);
  using log = await beginRun(state.stateDir);
  log.setState("running");
  const line = new TextEncoder().encode(`${"x".repeat(9_999)}\n`);
  let kept = 0;
  const fill = () => {
    for (;;) {
      log.appendRaw(line);
      kept++;
    }
  };
  await t.step("the error says what to do", () => {
    assert.throws(fill, (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, "disk-full");
      assert.match(error.message, /^The disk is full: /);
      return true;
    });
  });
  log.setState("failed", { exit: 1 });
  const run = await readRun(state.stateDir, KEY);
  assert.deepEqual([run?.state, run?.exit], ["failed", 1]);
  assert.match(run!.reason!, /The disk is full/);
  const path = segmentPath(runDir(state.stateDir, KEY), "raw", { number: 1 });
  assert.equal((await Deno.stat(path)).size, kept * line.length);
  assert.ok(kept > 0);
});

Deno.test("runs are listed by their launch, the last ones are kept, and one that lives stays", async () => {
  await using state = await makeState();
  const { stateDir } = state;
  assert.deepEqual(await listRuns(stateDir, "web-1"), []);
  assert.equal(await findLastRun(stateDir, "web-1"), undefined);
  const logs = [];
  for (const number of [3, 1, 2, 4]) {
    const log = await beginRun(stateDir, { key: { runId: runIdOf(number) } });
    logs.push(log);
    if (number !== 1) log.setState("done", { exit: 0 });
    if (number !== 1) log.close();
  }
  assert.deepEqual(
    (await listRuns(stateDir, "web-1")).map(({ id }) => id),
    [1, 2, 3, 4].map(runIdOf),
  );
  assert.equal((await findLastRun(stateDir, "web-1"))?.id, runIdOf(4));
  await Deno.mkdir(join(runDir(stateDir, KEY), "..", "not-a-run"));
  await pruneRuns(stateDir, { cageId: "web-1", keep: 2 });
  assert.deepEqual(await listRunIds(stateDir, "web-1"), [1, 3, 4].map(runIdOf));
  logs[1]!.close();
  await pruneRuns(stateDir, { cageId: "web-1", keep: 2 });
  assert.deepEqual(await listRunIds(stateDir, "web-1"), [3, 4].map(runIdOf));
});

Deno.test("ids of runs sort by time and are no paths", () => {
  const [early, late] = [newRunId(Date.UTC(2026, 0, 31, 8)), newRunId(Date.UTC(2026, 9, 1))];
  assert.match(early, /^20260131t080000-[0-9a-f]{6}$/);
  assert.ok(early < late && isRunId(early));
  for (const name of ["..", "x", `${early}/..`, `${early}x`]) assert.equal(isRunId(name), false);
});

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}

async function readSegments(dir: string, kind: "events" | "raw"): Promise<string[]> {
  const found = (await names(dir)).filter((name) => name.startsWith(`${kind}.`));
  return await Promise.all(found.map((name) => Deno.readTextFile(join(dir, name))));
}

async function mountSmallDisk(path: string): Promise<AsyncDisposable> {
  await command("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", path);
  return { [Symbol.asyncDispose]: () => command("umount", path) };
}

async function command(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  if (!success) throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
}
