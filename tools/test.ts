/**
 * `deno task test`: every test, engine included, from nothing. Ends with `N passed, N failed` alone
 * on a line.
 */
import { join } from "node:path";
import { docker } from "./engine_state.ts";
import { ensureDebian, ensureEngine, ensurePrograms, makeBundle, REPOSITORY } from "./prepare.ts";
import { must, print, say, show } from "./shell.ts";
import {
  addTallies,
  formatSlowest,
  formatTally,
  isGreen,
  type Tally,
  tallyJunit,
} from "./testing/junit.ts";
import { findLeaks, formatLeaks, removeLeaks } from "./testing/leaks.ts";
import { type Group, parseTestOptions, type TestOptions, USAGE } from "./testing/options.ts";
import { planOrder } from "./testing/order.ts";
import { makeScratch } from "./testing/scratch.ts";

/** Upper bound of a whole run in milliseconds; a test that hangs must not hang the CI. */
const RUN_LIMIT_MS = 25 * 60_000;

/** Where reports and whatever a failing test keeps are found. */
const ARTEFACTS = join(REPOSITORY, "tests", ".artefacts");

/** What makes the cases of properties the same in every run. */
const CASES = join(REPOSITORY, "tools", "testing", "same_cases.ts");

/** What tests drive besides the product, by Debian package. */
const TEST_PROGRAMS = { tmux: "tmux", git: "git", setpriv: "util-linux" };

/** What to run, what ends it, and what is under way. */
type RunOptions = TestOptions & {
  signal: AbortSignal;
  /** Resolves with what went wrong when the end-to-end tests were prepared. */
  preparing: Promise<unknown>;
};

/** How long what the last test started may take to end, in milliseconds. */
const SETTLE_MS = 15_000;

/** How many of the slowest files are named at the end of a group. */
const SLOWEST = 8;

const runId = `t${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
/** Everything of this run on disk. */
const runRoot = `/tmp/sandcage-${runId}`;

/** A copy of dist/, so that a build beside the run changes nothing in it. */
const program = join(runRoot, "dist");

Deno.exitCode = await main();

async function main(): Promise<number> {
  let options: TestOptions;
  try {
    options = parseTestOptions(Deno.args);
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  await Deno.remove(ARTEFACTS, { recursive: true }).catch(() => {});
  await Deno.mkdir(ARTEFACTS, { recursive: true });
  const signal = AbortSignal.timeout(RUN_LIMIT_MS);
  await using _scratch = await makeScratch(runRoot);
  let tally: Tally = { passed: 0, failed: 0, failures: [] };
  // Engine and images come over the network for the most part: the unit tests run meanwhile.
  const preparing = options.groups.includes("e2e")
    ? prepareEndToEnd().then(() => undefined, (error: unknown) => error)
    : Promise.resolve();
  for (const group of options.groups) {
    tally = addTallies(tally, await runGroup(group, { ...options, signal, preparing }));
  }
  if (tally.failures.length > 0) {
    say(
      `\nFailed (reports in ${ARTEFACTS}):\n${
        tally.failures.map((name) => `  ${name}`).join("\n")
      }`,
    );
  } else if (tally.passed === 0) say("\nNo test ran: that is a failure");
  if (isGreen(tally)) await Deno.remove(ARTEFACTS, { recursive: true });
  print(formatTally(tally));
  return isGreen(tally) ? 0 : 1;
}

async function runGroup(group: Group, options: RunOptions): Promise<Tally> {
  if (group === "unit") return await runDenoTest(group, options);
  try {
    const failure = await options.preparing;
    if (failure !== undefined) throw failure;
    const tally = await runDenoTest(group, options);
    return addTallies(tally, await checkLeaks());
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    say(problem);
    return { passed: 0, failed: 1, failures: [`preparing the end-to-end tests: ${problem}`] };
  }
}

/** Everything the tests would otherwise do first, once and in sight: engine, programs, images. */
async function prepareEndToEnd(): Promise<void> {
  const [state, project] = [join(runRoot, "prepare", "state"), join(runRoot, "prepare", "project")];
  await Deno.mkdir(state, { recursive: true });
  await Deno.mkdir(project);
  const env = { SANDCAGE_HOME: state };
  if (Deno.uid() !== 0) {
    throw new Error(
      "The end-to-end tests run sandcage as several users and need root; --only unit does not",
    );
  }
  await ensurePrograms(TEST_PROGRAMS);
  await ensureEngine(env);
  await ensureDebian(state);
  await makeBundle();
  await must("cp", ["-r", join(REPOSITORY, "dist"), program]);
  say("Building images");
  await must(Deno.execPath(), [
    ...["run", "-A", "--no-config", "--no-lock", join(program, "main.js")],
    ...["build", "claude", "codex", "gemini", "shell", "--path", project],
    // Tests that begin in the same moment would all want to make what Deno keeps there.
  ], { env: { ...env, DENO_DIR: join(runRoot, "deno") } });
  say(`Engine ${await docker(["version", "--format", "{{.Server.Version}}"])}`);
}

async function runDenoTest(group: Group, options: RunOptions): Promise<Tally> {
  const report = join(ARTEFACTS, `${group}.xml`);
  const files = await listFiles(group, options);
  const args = [
    // Types are the business of `deno task check`: one file in disorder must not hide all results.
    ...["test", "-A", "--no-check", "--parallel", `--junit-path=${report}`, `--preload=${CASES}`],
    ...(options.filter === undefined ? [] : [`--filter=${options.filter}`]),
    ...files,
  ];
  say(`\n${group} tests`);
  const temporary = join(runRoot, "tmp");
  await Deno.mkdir(temporary, { recursive: true });
  // As every temporary folder: tests become other users.
  await Deno.chmod(temporary, 0o1777);
  const code = await show(Deno.execPath(), args, {
    cwd: REPOSITORY,
    signal: options.signal,
    env: {
      // More sessions at once than this make the engine the bottleneck and deadlines a lottery.
      TMPDIR: temporary,
      DENO_JOBS: String(Math.min(navigator.hardwareConcurrency, 4)),
      SANDCAGE_E2E_RUN: runId,
      SANDCAGE_E2E_ROOT: runRoot,
      SANDCAGE_E2E_PROGRAM: program,
      SANDCAGE_E2E_ARTEFACTS: ARTEFACTS,
    },
  });
  const xml = await Deno.readTextFile(report).catch(() => "");
  const slowest = formatSlowest(xml, SLOWEST);
  if (slowest !== "") say(`Slowest ${group} tests: ${slowest}`);
  return tallyJunit(xml, { code, filtered: options.filter !== undefined });
}

/** Files of a group, in the order they run in: those that were named, else all. */
async function listFiles(group: Group, options: TestOptions): Promise<string[]> {
  const named = options.files.filter((file) => file.includes(`tests/${group}/`));
  if (named.length > 0) return named;
  const dir = join("tests", group);
  if (group === "unit") return [dir];
  const entries = await Array.fromAsync(Deno.readDir(join(REPOSITORY, dir)));
  const files = entries.filter(({ name }) => name.endsWith("_test.ts"));
  return planOrder(files.map(({ name }) => join(dir, name)));
}

/** A run cleans up after itself; what it forgot is removed here and counts as failed. */
async function checkLeaks(): Promise<Tally> {
  let leaks = await findLeaks(runId, runRoot);
  // What is about to end by itself is no leak: a client of the engine, whoever waited for it.
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline;) {
    if (formatLeaks(leaks).length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
    leaks = await findLeaks(runId, runRoot);
  }
  const lines = formatLeaks(leaks);
  if (lines.length === 0) return { passed: 0, failed: 0, failures: [] };
  await removeLeaks(leaks);
  return { passed: 0, failed: lines.length, failures: lines.map((line) => `left behind: ${line}`) };
}
