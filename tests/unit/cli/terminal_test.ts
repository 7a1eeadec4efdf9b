import assert from "node:assert/strict";
import {
  createIo,
  decideColor,
  parseAnswer,
  type TerminalPorts,
} from "../../../src/cli/terminal.ts";
import { formatElapsed, formatStep, renderStep, type StepView } from "../../../src/cli/render.ts";
import type { Host } from "../../../src/host.ts";

const TTY = { stdin: true, stdout: true, stderr: true };
const PIPES = { stdin: false, stdout: false, stderr: false };

function terminal(
  host: { env?: Host["env"]; tty: Host["tty"] },
  lines: (string | undefined)[] = [],
) {
  const state = { out: "", err: "", nowMs: 0, tick: undefined as undefined | (() => void) };
  const ports: TerminalPorts = {
    stdout: (text) => void (state.out += text),
    stderr: (text) => void (state.err += text),
    readLine: () => Promise.resolve(lines.shift()),
    nowMs: () => state.nowMs,
    columns: () => 40,
    every(_, tick) {
      state.tick = tick;
      return () => state.tick = undefined;
    },
  };
  return { state, ports, host: { env: {}, ...host } };
}

for (
  const [name, env, isTerminal, want] of [
    ["a terminal", {}, true, true],
    ["a pipe", {}, false, false],
    ["NO_COLOR on a terminal", { NO_COLOR: "1" }, true, false],
    ["an empty NO_COLOR", { NO_COLOR: "" }, true, true],
    ["FORCE_COLOR on a pipe", { FORCE_COLOR: "1" }, false, true],
    ["FORCE_COLOR=0 on a terminal", { FORCE_COLOR: "0" }, true, false],
    ["NO_COLOR and FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    ["a dumb terminal", { TERM: "dumb" }, true, false],
  ] as const
) {
  Deno.test(`decideColor() says ${want} for ${name}`, () => {
    assert.equal(decideColor(env, isTerminal), want);
  });
}

Deno.test("stdout gets data, stderr talk and warnings, each ending its line", () => {
  const { state, ports, host } = terminal({ tty: PIPES });
  const io = createIo(host, { ports });
  io.out("data");
  io.out("line\n");
  io.talk("talk");
  io.warn("careful");
  assert.deepEqual([state.out, state.err], ["data\nline\n", "talk\nwarning: careful\n"]);
});

Deno.test("quiet silences talk and progress but no warning", () => {
  const { state, ports, host } = terminal({ tty: TTY });
  const io = createIo(host, { ports, quiet: true, noColor: true });
  io.talk("talk");
  io.progress("Building").done();
  io.warn("careful");
  assert.equal(state.err, "warning: careful\n");
});

Deno.test("without a terminal a step is two plain lines, and its details come ten seconds apart", () => {
  const { state, ports, host } = terminal({ tty: PIPES });
  const step = createIo(host, { ports }).progress("Building");
  step.update("first");
  state.nowMs = 12_000;
  step.update("second");
  state.nowMs = 13_000;
  step.update("third");
  step.done("built");
  assert.equal(state.err, "Building …\nBuilding: second\nBuilding: built (13s)\n");
});

Deno.test("on a terminal a step is one line that turns, and talk passes above it", () => {
  const { state, ports, host } = terminal({ tty: TTY });
  const io = createIo(host, { ports, noColor: true });
  const step = io.progress("Building");
  state.err = "";
  state.nowMs = 2000;
  state.tick!();
  assert.equal(state.err, "\r\x1b[2K⠙ Building 2.0s");
  state.err = "";
  io.talk("by the way");
  assert.equal(state.err, "\r\x1b[2Kby the way\n\r\x1b[2K⠹ Building 2.0s");
  state.err = "";
  step.done("built");
  assert.equal(state.err, "\r\x1b[2K✓ Building built 2.0s\n");
  assert.equal(state.tick, undefined, "the timer is gone");
});

Deno.test("a step that is left without done() ends as failed, once", () => {
  const { state, ports, host } = terminal({ tty: PIPES });
  const io = createIo(host, { ports });
  {
    using _step = io.progress("Building");
  }
  {
    using step = io.progress("Pulling");
    step.done();
  }
  assert.equal(
    state.err,
    "Building …\nBuilding: failed (0.0s)\nPulling …\nPulling: done (0.0s)\n",
  );
});

Deno.test("confirm() takes the assumed answer where nobody can be asked", async () => {
  for (const tty of [PIPES, { ...TTY, stdin: false }]) {
    const { state, ports, host } = terminal({ tty });
    const io = createIo(host, { ports });
    assert.deepEqual(
      [await io.confirm("Sure?", { assumed: true }), await io.confirm("Sure?", { assumed: false })],
      [true, false],
    );
    assert.equal(state.err, "");
  }
  const ci = terminal({ tty: TTY, env: { CI: "true" } });
  assert.equal(createIo(ci.host, { ports: ci.ports }).interactive, false);
});

Deno.test("confirm() asks again until it understands", async () => {
  const { state, ports, host } = terminal({ tty: TTY }, ["what", " YES "]);
  const io = createIo(host, { ports, noColor: true });
  assert.equal(await io.confirm("Sure?", { assumed: false }), true);
  assert.equal(state.err, "Sure? [y/N] Sure? [y/N] ");
});

Deno.test("confirm() ends when the program is interrupted", async () => {
  const { ports, host } = terminal({ tty: TTY });
  const controller = new AbortController();
  const never = { ...ports, readLine: () => new Promise<undefined>(() => {}) };
  const io = createIo(host, { ports: never, signal: controller.signal });
  const asked = io.confirm("Sure?", { assumed: true });
  controller.abort(new DOMException("Interrupted", "AbortError"));
  await assert.rejects(asked, { name: "AbortError" });
});

for (
  const [answer, assumed, want] of [
    ["", true, true],
    ["", false, false],
    ["n", true, false],
    ["Yes", false, true],
    ["maybe", true, undefined],
    [undefined, true, false],
  ] as const
) {
  Deno.test(`parseAnswer() reads ${answer} with ${assumed} assumed as ${want}`, () => {
    assert.equal(parseAnswer(answer, assumed), want);
  });
}

const STEP: StepView = {
  title: "Building",
  detail: "step 3\nmore",
  elapsedMs: 65_000,
  state: "running",
};

Deno.test("renderStep() never outgrows the terminal", () => {
  for (const columns of [0, 5, 12, 24, 80]) {
    const view = { ...STEP, title: "構築 of images", detail: "x".repeat(200) };
    const line = renderStep(view, { color: false, columns, frame: 0 });
    assert.ok(columns < 24 || line.length <= columns, `${columns}: ${line}`);
  }
  assert.equal(
    renderStep(STEP, { color: false, columns: 80, frame: 1 }),
    "⠙ Building step 3 1m05s",
  );
});

Deno.test("renderStep() colours only when it may", () => {
  const done = { ...STEP, state: "done" } as const;
  assert.equal(
    renderStep(done, { color: true, columns: 80, frame: 0 }),
    "\x1b[32m✓\x1b[0m Building \x1b[2mstep 3\x1b[0m \x1b[2m1m05s\x1b[0m",
  );
});

Deno.test("formatStep() and formatElapsed() read like a log", () => {
  assert.deepEqual(
    [
      formatStep(STEP),
      formatStep({ ...STEP, state: "done" }),
      formatStep({ ...STEP, state: "failed" }),
    ],
    ["Building: step 3", "Building: step 3 (1m05s)", "Building: failed (1m05s)"],
  );
  assert.deepEqual([0, 9949, 9999, 59_400, 59_999, 3_600_000].map(formatElapsed), [
    "0.0s",
    "9.9s",
    "10s",
    "59s",
    "1m00s",
    "60m00s",
  ]);
});
