import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { writeFileAtomic } from "../../../src/files.ts";
import { renderTable, renderWatch } from "../../../src/cli/watch_view.ts";
import { openScreen, type ScreenPorts } from "../../../src/cli/watch_screen.ts";
import { openWatch, type WatchedCage } from "../../../src/cli/watch_state.ts";
import { displayWidth } from "../../../src/cli/width.ts";
import type { RunRecord } from "../../../src/headless/event.ts";
import { beginRun, runIdOf } from "../headless/support.ts";
import { bareHost, makeTempDir, runLine } from "./support.ts";

const NOW_MS = Date.UTC(2026, 0, 31, 8, 20);

function runOf(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ schema: 1, id: runIdOf(1), cageId: "web-1", service: "claude", state: "running" },
    ...{ startedAt: "2026-01-31T08:15:00.000Z", usage: { costUsd: 0.25 }, events: 3 },
    ...{ last: "Bash: npm test", lastAt: "2026-01-31T08:19:30.000Z" },
    ...changes,
  };
}

function cageOf(changes: Partial<WatchedCage> = {}): WatchedCage {
  return {
    ...{ id: "web-1", name: "web", mode: "copy", service: "claude", state: "running" },
    ...{ isLive: true, sessions: 1, run: runOf(), blocked: 2 },
    ...changes,
  };
}

const CAGES: WatchedCage[] = [
  cageOf(),
  cageOf({ name: "api", service: "codex", state: "failed", isLive: false, blocked: 0 }),
  {
    ...{ id: "o", name: "other", mode: "mount", state: "stopped" },
    isLive: false,
    sessions: 0,
    blocked: 0,
  },
];

Deno.test("the screen shows what runs, what it said last, what it cost and what was blocked", () => {
  const lines = renderWatch(CAGES, { columns: 80, lines: 24, color: false, nowMs: NOW_MS });
  assert.deepEqual(lines, [
    "3 cages, 1 at work · $0.5000 · 2 blocked · q ends",
    "",
    "CAGE   SERVICE  STATE    AGO  COST     BLOCKED  LAST",
    "web    claude   running  30s  $0.2500  2        Bash: npm test",
    "api    codex    failed   30s  $0.2500  0        Bash: npm test",
    "other  -        stopped  -    -        0        -",
  ]);
});

Deno.test("a low screen shows how many more there are, a narrow one fewer columns", () => {
  const lines = renderWatch(CAGES, { columns: 30, lines: 6, color: false, nowMs: NOW_MS });
  assert.deepEqual(lines, [
    "3 cages, 1 at work · $0.5000 …",
    "",
    "CAGE  STATE    LAST",
    "web   running  Bash: npm test",
    "… and 2 more cages",
  ]);
});

Deno.test("without a cage the screen says how to get one", () => {
  const lines = renderWatch([], { columns: 80, lines: 24, color: false, nowMs: NOW_MS });
  assert.match(lines.join("\n"), /^0 cages.*\n\nNo cages yet\./);
});

Deno.test("states that need a look are in colour, and nothing else of a row", () => {
  const lines = renderTable(CAGES, { columns: 80, color: true, nowMs: NOW_MS });
  assert.equal(
    lines[2],
    "api    codex    \x1b[31mfailed\x1b[0m   30s  $0.2500  0        Bash: npm test",
  );
});

Deno.test("no line is wider than the screen, and no more lines than it has", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 });
  const cage = fc.record({ name: text, last: text, blocked: fc.nat(1e6) }).map((
    { name, last, blocked },
  ) => cageOf({ name, blocked, run: runOf({ last }) }));
  fc.assert(
    fc.property(
      fc.array(cage, { maxLength: 50 }),
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 60 }),
      (cages, columns, lines) => {
        const shown = renderWatch(cages, { columns, lines, color: false, nowMs: NOW_MS });
        assert.ok(shown.length <= lines);
        for (const line of shown) assert.ok(displayWidth(line) <= columns, line);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("what is watched: the run, its cost, what was blocked since it began", async () => {
  await using dir = await makeTempDir();
  const stateDir = dir.path;
  for (const id of ["web-1", "idle-1"]) {
    const cage = { schema: 1, id, projectPath: `/p/${id}`, createdAt: "2026-01-01T00:00:00.000Z" };
    await writeFileAtomic(join(stateDir, "cages", id, "cage.json"), JSON.stringify(cage));
  }
  const audit = (time: string, decision: string) =>
    Deno.writeTextFile(
      join(stateDir, "cages", "web-1", "audit.jsonl"),
      JSON.stringify({ time, decision, kind: "dns", reason: "no-rule", service: "claude" }) + "\n",
      { append: true },
    );
  await audit("2026-01-31T08:14:00.000Z", "deny");
  await audit("2026-01-31T08:16:00.000Z", "deny");
  await audit("2026-01-31T08:16:00.000Z", "allow");
  using log = await beginRun(stateDir);
  log.setState("running");
  await using watch = openWatch(stateDir);
  const look = async () => {
    const [first, second] = await watch.look();
    return [first, second].map((cage) => [cage?.id, cage?.state, cage?.isLive, cage?.blocked]);
  };
  assert.deepEqual(await look(), [["web-1", "running", true, 1], ["idle-1", "stopped", false, 0]]);
  await audit("2026-01-31T08:17:00.000Z", "deny");
  log.setState("timed-out", { exit: 124 });
  assert.deepEqual(await look(), [["web-1", "timed-out", false, 2], [
    "idle-1",
    "stopped",
    false,
    0,
  ]]);
  await Deno.remove(join(stateDir, "cages", "web-1"), { recursive: true });
  assert.deepEqual((await watch.look()).map(({ id }) => id), ["idle-1"]);
});

Deno.test("watch without a terminal prints the table once; --json a list", async () => {
  await using dir = await makeTempDir();
  const host = bareHost({ stateDir: dir.path });
  const none = await runLine(["watch"], { host });
  assert.deepEqual([none.exit, none.out], [0, ""]);
  assert.match(none.talk, /No cages yet/);
  assert.equal((await runLine(["watch", "--json"], { host })).out, "[]\n");
  const cage = { schema: 1, id: "web-1", projectPath: "/p", createdAt: "2026-01-01T00:00:00.000Z" };
  await writeFileAtomic(join(dir.path, "cages", "web-1", "cage.json"), JSON.stringify(cage));
  using log = await beginRun(dir.path);
  log.append([{ kind: "note", text: "at work" }]);
  log.setState("running");
  const shown = await runLine(["watch", "--once"], { host });
  assert.match(shown.out, /^CAGE .*\nweb-1 +claude +running +\S+ +- +0 +at work\n$/);
  const [listed] = JSON.parse((await runLine(["watch", "--json"], { host })).out);
  assert.deepEqual([listed.id, listed.run.state, listed.blocked], ["web-1", "running", 0]);
});

/** A terminal that only remembers. */
function fakeTerminal() {
  const written: string[] = [];
  const raw: boolean[] = [];
  let type: (bytes: Uint8Array | null) => void = () => {};
  let resize = () => {};
  const ports: ScreenPorts = {
    write: (text) => void written.push(text),
    setRaw: (on) => void raw.push(on),
    size: () => ({ columns: 20, lines: 5 }),
    onResize(call) {
      resize = call;
      return () => resize = () => {};
    },
    read: () => new Promise((resolve) => type = resolve),
  };
  return {
    ports,
    written,
    raw,
    type: (text: string | null) => type(text === null ? null : new TextEncoder().encode(text)),
    resize: () => resize(),
  };
}

Deno.test("the terminal is left as it was, drawn anew in place and after a change of its size", () => {
  const terminal = fakeTerminal();
  let count = 0;
  {
    using screen = openScreen(terminal.ports, () => [`drawing ${++count}`, "below"]);
    screen.draw();
    terminal.resize();
  }
  terminal.resize();
  assert.deepEqual(terminal.raw, [true, false]);
  const [enter, ...drawings] = terminal.written;
  const leave = drawings.pop();
  assert.equal(enter, "\x1b[?1049h\x1b[?25l\x1b[?7l");
  assert.equal(leave, "\x1b[?7h\x1b[?25h\x1b[?1049l");
  assert.deepEqual(
    drawings,
    [1, 2].map((number) => {
      const lines = [`drawing ${number}`, "below", "", "", ""].map((line) => `\x1b[2K${line}`);
      return `\x1b[?2026h\x1b[H${lines.join("\r\n")}\x1b[?2026l`;
    }),
  );
});

for (
  const [name, keys, leaves] of [
    ["q", "q", true],
    ["Ctrl-C", "\x03", true],
    ["the end of input", null, true],
    ["any other key", "x\x1b[A", false],
  ] as const
) {
  Deno.test(`${name} ${leaves ? "leaves" : "does not leave"} the screen`, async () => {
    const terminal = fakeTerminal();
    using screen = openScreen(terminal.ports, () => []);
    terminal.type(keys);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(screen.left.aborted, leaves);
  });
}
