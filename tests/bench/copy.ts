import { join } from "node:path";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { fillCage } from "../../src/transfer/fill.ts";
import { openCourier } from "../../src/transfer/courier.ts";
import { denoFs } from "../../src/transfer/deno_fs.ts";
import { run } from "../../src/engine/process.ts";
import { makeCopyCage, type TestCage } from "../e2e/support/copy_cage.ts";
import { sandcageCommand } from "../e2e/support/sandcage.ts";
import { makeWorld, type World } from "../e2e/support/world.ts";
import { formatBench, judge, measure, type Subject, type Target } from "./measure.ts";

const IN = "files in";
const TAR_IN = "tar | docker exec tar -x";
const CP_IN = "docker cp in";
const OUT = "export of everything";
const CP_OUT = "docker cp out";
const DIFF = "diff after 50 changes";
const EXPORT = "export of 50 changes";

const TARGETS: readonly Target[] = [
  { subject: IN, limit: { times: TAR_IN, of: 1.2 } },
  { subject: IN, limit: { times: CP_IN, of: 0.65 } },
  { subject: OUT, limit: { times: CP_OUT, of: 1.3 } },
  { subject: DIFF, limit: { ms: 400 } },
  { subject: EXPORT, limit: { times: CP_OUT, of: 0.15 } },
];

const FILES = 20_000;
const CHANGES = 50;
/** The tree whose transfer shows what memory grows with. */
const MANY_FILES = 100_000;
const MOST_MB = 120;

/**
 * Times what goes into a copy cage and comes out again, beside the engine's own ways: 20,000 files
 * and three of 30 MB. Commands are timed with their whole process.
 */
export async function benchCopy(options: { rounds: number; json: boolean }): Promise<string> {
  await ensureEngine({});
  await makeBundle();
  await using world = await makeWorld("bench-copy", { git: false });
  say("Making 20,000 files");
  await makeTree(world.project, FILES);
  const name = await createCage(world);
  await using bare = await makeCopyCage("bench-copy-bare");
  await using other = await openReference(world.project);
  const timings = await measure(planSubjects(world, { name, bare, other }), options.rounds);
  await destroy(world, name);
  const memory = await measureMemory();
  if (options.json) return JSON.stringify({ timings, memory }, null, 2);
  const rows = Object.entries(memory).map(([command, mb]) =>
    `${command} at ${MANY_FILES} files ≤ ${MOST_MB} MB  ${mb.toFixed(0)} MB  ` +
    (mb <= MOST_MB ? "held" : "missed")
  );
  return [formatBench(timings, judge(timings, TARGETS)), ...rows].join("\n");
}

type Parties = { name: string; bare: TestCage; other: Reference };

function planSubjects(world: World, { name, bare, other }: Parties): Subject[] {
  let round = 0;
  const fresh = () => join(world.root, `out-${round++}`);
  const command = (args: readonly string[]) => runTimed(world, args);
  return [
    {
      name: IN,
      async run() {
        await using courier = await openCourier(bare, {});
        await fillCage(bare, { name: `in-${round++}`, hostPath: world.project }, {
          courier,
          rules: { before: [], after: [] },
          fs: denoFs(),
          platform: "linux",
        });
      },
    },
    {
      name: TAR_IN,
      async run() {
        const dir = `/work/tar-${round++}`;
        const into = `docker exec -i ${other.id} sh -c 'mkdir ${dir} && tar -x -C ${dir}'`;
        await shell(`tar -c . | ${into}`, world.project);
      },
    },
    {
      name: CP_IN,
      run: async () =>
        void await shell(`docker cp . ${other.id}:/work/cp-${round++}`, world.project),
    },
    {
      name: OUT,
      run: () => command(["export", name, "-y", "--output-dir", fresh()]),
    },
    {
      name: CP_OUT,
      run: async () => void await shell(`docker cp ${other.id}:/work/source ${fresh()}`, "/"),
    },
    {
      name: `${CHANGES} changes inside (not timed against anything)`,
      run: () => changeInside(world, { name, round: round++ }),
    },
    { name: DIFF, run: () => command(["diff", name]) },
    { name: EXPORT, run: () => command(["export", name, "-y"]) },
  ];
}

/** A container with a shell and a tar of its own, and the same files in a volume. */
type Reference = AsyncDisposable & { id: string };

async function openReference(source: string): Promise<Reference> {
  const image = (await shell("docker image ls -q sandcage/base:latest", "/")).trim();
  const id = (await shell(
    `docker run --detach --rm --network none --label dev.sandcage.managed=true ` +
      `--volume /work --entrypoint sleep ${image} 3600`,
    "/",
  )).trim();
  await shell(`docker cp . ${id}:/work/source`, source);
  return {
    id,
    [Symbol.asyncDispose]: async () => void await shell(`docker rm --force --volumes ${id}`, "/"),
  };
}

async function createCage(world: World): Promise<string> {
  const made = await world.sandcage(["create", "--dir", ".", "--no-attach", "--service", "shell"], {
    timeoutMs: 1_200_000,
  });
  if (made.code !== 0) throw new Error(made.stderr);
  const [cage] = await listCages(world);
  return cage!.name;
}

async function listCages(world: World): Promise<{ id: string; name: string }[]> {
  const { stdout } = await world.sandcage(["list", "--json"]);
  return JSON.parse(stdout);
}

async function destroy(world: World, name: string): Promise<void> {
  const gone = await world.sandcage(["destroy", name, "-y", "--force"], { timeoutMs: 120_000 });
  if (gone.code !== 0) throw new Error(gone.stderr);
}

/** Fifty files are written anew by somebody who is neither courier nor host. */
async function changeInside(
  world: World,
  { name, round }: { name: string; round: number },
): Promise<void> {
  const id = (await listCages(world)).find((cage) => cage.name === name)!.id;
  const image = (await shell("docker image ls -q sandcage/base:latest", "/")).trim();
  const script = `for i in $(seq 0 ${CHANGES - 1}); do ` +
    `d=/work/project/d$((i % 200)); echo round ${round} > $d/f$i; done`;
  await shell(
    `docker run --rm --network none --label dev.sandcage.managed=true --entrypoint sh ` +
      `--volume sandcage-work-${id}:/work ${image} -c '${script}'`,
    "/",
  );
}

async function shell(command: string, cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run("bash", ["-c", command], { cwd, timeoutMs: 300_000 });
  if (code !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

async function runTimed(world: World, args: readonly string[]): Promise<void> {
  const done = await world.sandcage(args, { timeoutMs: 300_000 });
  if (done.code !== 0) throw new Error(`${args.join(" ")}: ${done.stderr}`);
}

/** Files of 0–8 kB in two hundred directories, and three of 30 MB. */
async function makeTree(root: string, files: number): Promise<void> {
  const text = "x".repeat(8_000);
  for (let index = 0; index < files; index++) {
    const dir = join(root, `d${index % 200}`);
    if (index < 200) await Deno.mkdir(dir, { recursive: true });
    Deno.writeTextFileSync(join(dir, `f${index}`), text.slice(0, index % 8_000));
  }
  for (let index = 0; index < 3; index++) {
    const bytes = new Uint8Array(30_000_000).map((_, at) => (at * 31 + index) & 0xff);
    await Deno.writeFile(join(root, `large-${index}`), bytes);
  }
}

/** Peak memory of commands that look at a hundred thousand files, in MB. */
async function measureMemory(): Promise<Record<string, number>> {
  await using world = await makeWorld("bench-copy-many", { git: false });
  say("Making 100,000 files");
  await makeTree(world.project, MANY_FILES);
  const name = await createCage(world);
  const out = join(world.root, "out");
  const memory = {
    diff: await readPeak(world, ["diff", name]),
    "export of everything": await readPeak(world, ["export", name, "-y", "--output-dir", out]),
  };
  await destroy(world, name);
  return memory;
}

/** Most memory a command has had, in MB. Linux keeps the peak until the process is gone. */
async function readPeak(world: World, args: readonly string[]): Promise<number> {
  const { command, args: words } = sandcageCommand([...args], world.options());
  const child = new Deno.Command(command, {
    args: words,
    cwd: world.project,
    env: world.env,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  let peak = 0;
  while (!ended) {
    try {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024 / 1e6);
    } catch {
      // It ended in between.
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { code } = await child.status;
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return peak;
}
