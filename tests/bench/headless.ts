import { join } from "node:path";
import { openRunLog, type RunLog } from "../../src/headless/log_store.ts";
import { newRunId, runDir } from "../../src/headless/run_files.ts";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { sandcageCommand } from "../e2e/support/sandcage.ts";
import { makeWorld, type World } from "../e2e/support/world.ts";
import { COMPOSE, LAUNCH, timeLaunch } from "./launch.ts";
import { formatBench, judge, type Target, type Timing } from "./measure.ts";

const EVENT = "an event on stdout of logs -f --json";
const PRETTY = "an event on stdout of logs -f";

const TARGETS: readonly Target[] = [
  { subject: EVENT, limit: { ms: 50 } },
  { subject: PRETTY, limit: { ms: 50 } },
  { subject: LAUNCH, limit: { times: COMPOSE, of: 1.3 } },
];

/** Events that are timed in each form of the log. */
const EVENTS = 200;

/** Pause between two events, in milliseconds: an agent thinks in between. */
const PAUSE_MS = 20;

/** Lines of the long log, and the memory that following it may take, in MB. */
const LONG_LINES = 1_000_000;
const MOST_MB = 100;

/** A cage of the log's own: nothing of it is on an engine. */
const CAGE = "bench-logs";

/** Times what is between an agent and who looks at it, and the launch; measures a long log. */
export async function benchHeadless(options: { rounds: number; json: boolean }): Promise<string> {
  await ensureEngine({});
  await makeBundle();
  await using world = await makeWorld("bench-headless");
  const events: Timing[] = [
    { name: EVENT, samplesMs: await timeEvents(world, ["--json"]) },
    { name: PRETTY, samplesMs: await timeEvents(world, []) },
  ];
  say(`Following ${LONG_LINES} lines`);
  const peakMb = await measureLongLog(world);
  await using held = await makeWorld("bench-launch", { network: 'mode = "allowlist"' });
  const timings = [...events, ...await timeLaunch({ open: world, held }, options.rounds)];
  const verdicts = [...judge(timings, TARGETS), {
    target: `logs -f of ${LONG_LINES} lines ≤ ${MOST_MB} MB`,
    measured: `${peakMb.toFixed(0)} MB`,
    held: peakMb <= MOST_MB,
  }];
  return options.json
    ? JSON.stringify({ timings, verdicts }, null, 2)
    : formatBench(timings, verdicts);
}

/** From the event in the holder to its line on the stdout of `logs -f`, in milliseconds. */
async function timeEvents(world: World, form: readonly string[]): Promise<number[]> {
  using log = await beginRun(world.state);
  log.append([{ kind: "text", text: "first" }]);
  await using follower = follow(world, form);
  await follower.until("first");
  const samples: number[] = [];
  for (let count = 0; count < EVENTS; count++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const text = `event ${count}.`;
    const startedMs = performance.now();
    log.append([{ kind: "text", text }]);
    await follower.until(text);
    samples.push(performance.now() - startedMs);
  }
  log.setState("done", { exit: 0 });
  await follower.ended;
  return samples;
}

/** Most memory that following takes while the lines are written, in MB. */
async function measureLongLog(world: World): Promise<number> {
  using log = await beginRun(world.state);
  log.append([{ kind: "text", text: "first" }]);
  await using follower = follow(world, []);
  await follower.until("first");
  const encoder = new TextEncoder();
  for (let count = 0; count < LONG_LINES; count++) {
    const text = `line ${count} of what an agent says, as long as a sentence of it may well be`;
    log.appendRaw(encoder.encode(`${text}\n`));
    log.append([{ kind: "text", text }]);
    // The other side of the pipe is read in this process.
    if (count % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await follower.until(`line ${LONG_LINES - 1} `);
  const peak = await readPeakMb(follower.pid);
  log.setState("done", { exit: 0 });
  await follower.ended;
  return peak;
}

async function beginRun(stateDir: string): Promise<RunLog> {
  const dir = join(stateDir, "cages", CAGE);
  await Deno.mkdir(dir, { recursive: true });
  const cage = {
    schema: 1,
    id: CAGE,
    projectPath: "/nowhere",
    createdAt: new Date().toISOString(),
  };
  await Deno.writeTextFile(join(dir, "cage.json"), JSON.stringify(cage));
  const runId = newRunId(Date.now());
  const log = await openRunLog(runDir(stateDir, { cageId: CAGE, runId }), {
    run: { id: runId, cageId: CAGE, service: "shell" },
    nowMs: Date.now,
  });
  log.setState("running");
  return log;
}

/** `sandcage logs -f` as a process; `until` waits for a text on its stdout. */
function follow(world: World, form: readonly string[]) {
  const { command, args } = sandcageCommand(["logs", CAGE, "-f", ...form], world.options());
  const child = new Deno.Command(command, {
    ...{ args, stdin: "null", stdout: "piped", stderr: "inherit", cwd: world.project },
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  // What was looked through already does not come back.
  let seen = "";
  const until = async (text: string) => {
    for (;;) {
      const at = seen.indexOf(text);
      if (at >= 0) {
        seen = seen.slice(at + text.length);
        return;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error(`logs ended before ${JSON.stringify(text)}`);
      seen = seen.slice(-text.length) + value;
    }
  };
  const ended = (async () => {
    await child.status;
    await reader.cancel();
  })();
  return {
    pid: child.pid,
    until,
    ended,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await ended;
    },
  };
}

/** The most memory a process had so far, from `/proc`, which only Linux has. */
async function readPeakMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
