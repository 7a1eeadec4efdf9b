import { join } from "node:path";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { sandcageCommand } from "../e2e/support/sandcage.ts";
import { makeWorld, type World } from "../e2e/support/world.ts";
import { median } from "./measure.ts";
import { planDockerRun } from "./references.ts";

/** One way to the same echo agent. */
type Path = { name: string; open(): Echo };

/** An agent that answers each byte with itself. */
type Echo = AsyncDisposable & {
  pid: number;
  write(bytes: Uint8Array): Promise<void>;
  reader: ReadableStreamBYOBReader;
};

/** What one round of one path gave. */
type Sample = { path: string; rttUs: number; mibPerS: number; rssMib: number };

const RELAY = "sandcage acp run";
const BARE = "docker run -i";

/** Round trips of one turn, and turns of one round after one that warms up. */
const TRIPS = 200;
const TURNS = 8;
const LINE = new TextEncoder().encode(
  JSON.stringify({ jsonrpc: "2.0", method: "session/update", params: { text: "x".repeat(180) } }) +
    "\n",
);
const BULK_BYTES = 64 * 1024 * 1024;

/** Times the relay beside a bare container; answers a table as text, or all as JSON. */
export async function benchAcp(options: { rounds: number; json: boolean }): Promise<string> {
  await ensureEngine({});
  await makeBundle();
  await using world = await makeWorld("bench-acp", {
    config: '[services.echo]\ncommand = ["cat"]\nacp = ["cat"]\n',
  });
  say("Warming up");
  const built = await world.sandcage(["build", "echo"], { timeoutMs: 1_200_000 });
  if (built.code !== 0) throw new Error(built.stderr);
  // Makes the home: a bare container would make it as none of sandcage's.
  const first = await world.sandcage(["acp", "run", "echo"], { stdin: "" });
  if (first.code !== 0) throw new Error(first.stderr);
  const paths = await planPaths(world);
  const samples: Sample[] = [];
  for (let round = 0; round < options.rounds; round++) samples.push(...await measureRound(paths));
  return options.json ? JSON.stringify(samples, null, 2) : formatSamples(samples);
}

async function planPaths(world: World): Promise<Path[]> {
  const shown = await world.sandcage(["config", "show", "--compose"]);
  const [, ...rest] = planDockerRun(shown.stdout, "echo");
  const bare = ["run", "-i", "--rm", ...rest.filter((flag) => flag !== "--rm"), "cat"];
  return [
    {
      name: RELAY,
      open: () => open(world, sandcageCommand(["acp", "run", "echo"], world.options())),
    },
    { name: BARE, open: () => open(world, { command: "docker", args: bare }) },
  ];
}

function open(
  world: World,
  { command, args }: { command: string; args: string[] },
): Echo {
  const child = new Deno.Command(command, {
    args,
    cwd: world.project,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  return {
    pid: child.pid,
    write: (bytes) => writer.write(bytes),
    reader: child.stdout.getReader({ mode: "byob" }),
    async [Symbol.asyncDispose]() {
      // Both end with their input.
      await writer.close().catch(() => {});
      await child.status;
    },
  };
}

/** Both at once, in turns: a slow moment of the machine hits them alike. */
async function measureRound(paths: readonly Path[]): Promise<Sample[]> {
  await using open = new AsyncDisposableStack();
  const measured: { name: string; echo: Echo; times: number[] }[] = [];
  for (const { name, open: start } of paths) {
    measured.push({ name, echo: open.use(start()), times: [] });
  }
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const { echo, times } of measured) {
      const taken = await measureTrips(echo);
      if (turn > 0) times.push(...taken);
    }
  }
  const samples: Sample[] = [];
  for (const { name, echo, times } of measured) {
    await forgetPeak(echo.pid);
    const startedMs = performance.now();
    await Promise.all([writeBulk(echo), readBytes(echo, BULK_BYTES)]);
    const seconds = (performance.now() - startedMs) / 1000;
    samples.push({
      path: name,
      rttUs: median(times),
      mibPerS: BULK_BYTES / 1024 / 1024 / seconds,
      rssMib: await readPeak(echo.pid),
    });
  }
  return samples;
}

async function measureTrips(echo: Echo): Promise<number[]> {
  const times: number[] = [];
  for (let trip = 0; trip < TRIPS; trip++) {
    const startedMs = performance.now();
    await echo.write(LINE);
    await readBytes(echo, LINE.length);
    times.push((performance.now() - startedMs) * 1000);
  }
  return times;
}

/** One message of the protocol whose text is that long. */
async function writeBulk(echo: Echo): Promise<void> {
  const [head, tail] = ['{"jsonrpc":"2.0","method":"_echo","params":{"text":"', '"}}\n']
    .map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
  const piece = new Uint8Array(65_536).fill(0x61);
  await echo.write(head);
  for (let at = head.length + tail.length; at < BULK_BYTES;) {
    const size = Math.min(piece.length, BULK_BYTES - at);
    await echo.write(piece.subarray(0, size));
    at += size;
  }
  await echo.write(tail);
}

/** What it needed to start is not what it needs for a line. */
async function forgetPeak(pid: number): Promise<void> {
  await Deno.writeTextFile(join("/proc", String(pid), "clear_refs"), "5");
}

async function readBytes({ reader }: Echo, count: number): Promise<void> {
  let buffer = new ArrayBuffer(65_536);
  for (let at = 0; at < count;) {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done) throw new Error(`The echo ended after ${at} bytes`);
    at += value.length;
    buffer = value.buffer;
  }
}

/** Most memory a process has had since {@link forgetPeak}, in MiB. Linux. */
async function readPeak(pid: number): Promise<number> {
  const status = await Deno.readTextFile(join("/proc", String(pid), "status"));
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

function formatSamples(samples: readonly Sample[]): string {
  const of = (path: string, key: "rttUs" | "mibPerS" | "rssMib") =>
    median(samples.filter((sample) => sample.path === path).map((sample) => sample[key]));
  const rtt = of(RELAY, "rttUs") / of(BARE, "rttUs");
  const bulk = of(RELAY, "mibPerS") / of(BARE, "mibPerS");
  const rss = of(RELAY, "rssMib");
  const held = (isHeld: boolean) => isHeld ? "held" : "missed";
  return [
    `${RELAY}: round trip ${of(RELAY, "rttUs").toFixed(0)} µs, one line of 64 MiB at ` +
    `${of(RELAY, "mibPerS").toFixed(0)} MiB/s`,
    `${BARE}: round trip ${of(BARE, "rttUs").toFixed(0)} µs, one line of 64 MiB at ` +
    `${of(BARE, "mibPerS").toFixed(0)} MiB/s`,
    "",
    `round trip ≤ 1.10 × bare         ${rtt.toFixed(2)} ×   ${held(rtt <= 1.1)}`,
    `64 MiB line ≥ 0.9 × bare         ${bulk.toFixed(2)} ×   ${held(bulk >= 0.9)}`,
    `memory of the relay ≤ 60 MB      ${rss.toFixed(0)} MiB  ${held(rss * 1.048576 <= 60)}`,
  ].join("\n");
}
