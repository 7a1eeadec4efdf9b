import { join } from "node:path";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { sandcageCommand } from "../e2e/support/sandcage.ts";
import { makeWorld, type World } from "../e2e/support/world.ts";
import { median } from "./measure.ts";
import { planDockerRun } from "./references.ts";

/** One way to the same echo agent. */
type Path = { name: string; open(): Promise<Echo> };

/** An agent that answers each byte with itself. */
type Echo = AsyncDisposable & {
  pid: number;
  writer: WritableStreamDefaultWriter<Uint8Array>;
  reader: ReadableStreamBYOBReader;
};

/** What one round of one path gave. */
type Sample = { path: string; rttUs: number; mibPerS: number; rssMib: number };

const RELAY = "sandcage acp run";
const BARE = "docker run -i";

/** Round trips of one round, after as many again that warm up. */
const TRIPS = 1500;
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
  const paths = await planPaths(world);
  const samples: Sample[] = [];
  for (let round = 0; round < options.rounds; round++) {
    // The order turns: neither is always the one that finds the machine warm.
    for (const path of round % 2 === 0 ? paths : paths.toReversed()) {
      samples.push({ path: path.name, ...await measurePath(path) });
    }
  }
  return options.json ? JSON.stringify(samples, null, 2) : formatSamples(samples);
}

async function planPaths(world: World): Promise<Path[]> {
  const shown = await world.sandcage(["config", "show", "--compose"]);
  const [, ...rest] = planDockerRun(shown.stdout, "echo");
  const bare = ["run", "-i", ...rest, "cat"];
  return [
    {
      name: RELAY,
      open: () => open(world, sandcageCommand(["acp", "run", "echo"], world.options())),
    },
    { name: BARE, open: () => open(world, { command: "docker", args: bare }) },
  ];
}

async function open(
  world: World,
  { command, args }: { command: string; args: string[] },
): Promise<Echo> {
  const child = new Deno.Command(command, {
    args,
    cwd: world.project,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return {
    pid: child.pid,
    writer: child.stdin.getWriter(),
    reader: child.stdout.getReader({ mode: "byob" }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      for (const name of await listContainers(world.root)) await docker(["rm", "--force", name]);
    },
  };
}

async function measurePath(path: Path): Promise<Omit<Sample, "path">> {
  await using echo = await path.open();
  const times: number[] = [];
  for (let trip = 0; trip < 2 * TRIPS; trip++) {
    const startedMs = performance.now();
    await echo.writer.write(LINE);
    await readBytes(echo, LINE.length);
    if (trip >= TRIPS) times.push((performance.now() - startedMs) * 1000);
  }
  const startedMs = performance.now();
  await Promise.all([writeBulk(echo), readBytes(echo, BULK_BYTES + 1)]);
  const seconds = (performance.now() - startedMs) / 1000;
  const rssMib = await readPeak(echo.pid);
  return { rttUs: median(times), mibPerS: BULK_BYTES / 1024 / 1024 / seconds, rssMib };
}

async function writeBulk({ writer }: Echo): Promise<void> {
  const piece = new Uint8Array(65_536).fill(0x61);
  for (let at = 0; at < BULK_BYTES; at += piece.length) await writer.write(piece);
  await writer.write(new Uint8Array([0x0a]));
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

/** Most memory a process has had, in MiB. Linux. */
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
