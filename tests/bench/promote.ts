import { join } from "node:path";
import { lookAtCage } from "../../src/promote/look.ts";
import type { Rewritten } from "../../src/promote/rewrite.ts";
import { gitIn, type HistoryChange, planHistory } from "../unit/support/history.ts";
import { makeScene, type Scene } from "../unit/support/promote_scene.ts";
import { formatBench, judge, measure, type Subject, type Target } from "./measure.ts";

/** The history of issue 6: odd messages, binaries, renames, modes, links, names that are no UTF-8. */
const HISTORY = { files: 2_000, commits: 1_000, merges: 20, seed: 6 };

const TARGETS: readonly Target[] = [
  { subject: "promotion", limit: { times: "format-patch | am", of: 0.08 } },
  { subject: "promotion", limit: { times: "git fetch", of: 3 } },
  { subject: "promotion beside files that never went in", limit: { times: "git fetch", of: 3 } },
  { subject: "rewrite beside files that never went in", limit: { ms: 300 } },
];

/** What the snapshot left out: then no tree of the user's is one of those inside. */
const EXCLUDED: readonly HistoryChange[] = [
  { kind: "write", mode: "100644", path: ".env", content: "SECRET=1\n" },
  { kind: "write", mode: "100644", path: "src/part3/.env", content: "SECRET=2\n" },
];

/** Times promotion against what git offers for it, without an engine. */
export async function benchPromote(options: { rounds: number; json: boolean }): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-bench-promote-" });
  try {
    const [same, beside] = await Promise.all([
      makeBenchScene(join(dir, "same"), []),
      makeBenchScene(join(dir, "beside"), EXCLUDED),
    ]);
    const subjects: Subject[] = [
      amSubject(dir, same),
      fetchSubject(dir, same),
      {
        name: "promotion",
        prepare: () => reset(same),
        run: () => promote(same),
      },
      {
        name: "promotion beside files that never went in",
        prepare: () => reset(beside),
        run: () => promote(beside),
      },
      {
        name: "rewrite beside files that never went in",
        prepare: async () => {
          await reset(beside);
          await beside.fetch();
        },
        run: async () => void await rewrite(beside),
      },
    ];
    const timings = await measure(subjects, options.rounds);
    const verdicts = judge(timings, TARGETS);
    return options.json ? JSON.stringify({ timings, verdicts }) : formatBench(timings, verdicts);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

type BenchScene = Scene & { tip: string };

async function makeBenchScene(
  dir: string,
  excluded: readonly HistoryChange[],
): Promise<BenchScene> {
  await Deno.mkdir(dir);
  const commits = planHistory(HISTORY);
  const scene = await makeScene(dir, commits, { excluded });
  await gitIn(scene.inner, ["read-tree", "main"]);
  await copy(scene.outer, `${scene.outer}-pristine`);
  return { ...scene, tip: scene.marks.get(commits.at(-1)!.mark)! };
}

async function reset(scene: Scene): Promise<void> {
  await Promise.all([scene.outer, `${scene.outer}-state`].map(putAside));
  await copy(`${scene.outer}-pristine`, scene.outer);
  // The copy's files have times of their own.
  await gitIn(scene.outer, ["update-index", "-q", "--refresh"]);
}

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(`Cannot copy ${from}`);
}

/** One look of the daemon's: it fetches, builds and lands. */
async function promote(scene: BenchScene): Promise<void> {
  const look = await lookAtCage({
    ...{ git: scene.git, pin: scene.pin, stateDir: `${scene.outer}-state`, platform: "linux" },
    nowMs: Date.now(),
    fetch: () => scene.fetch(),
    rewrite: ({ tip, done, onTree }) => scene.rewrite(tip, { done, ...(onTree && { onTree }) }),
  });
  if (look.kind !== "landed" || look.commits !== HISTORY.commits) {
    throw new Error(JSON.stringify(look));
  }
}

async function rewrite(scene: BenchScene): Promise<Extract<Rewritten, { kind: "built" }>> {
  const rewritten = await scene.rewrite(scene.tip);
  if (rewritten.kind !== "built" || rewritten.commits !== HISTORY.commits) {
    throw new Error(JSON.stringify(rewritten));
  }
  return rewritten;
}

function fetchSubject(dir: string, scene: BenchScene): Subject {
  const to = join(dir, "fetch");
  return {
    name: "git fetch",
    async prepare() {
      await putAside(to);
      await gitIn(dir, ["clone", "-q", "--bare", `${scene.outer}-pristine`, to]);
    },
    async run() {
      await runGit(to, ["fetch", "-q", scene.inner, "main:refs/heads/inside"]);
    },
  };
}

/** What git refuses of the patches is skipped, as a person would have to. */
function amSubject(dir: string, scene: BenchScene): Subject {
  const to = join(dir, "am");
  return {
    name: "format-patch | am",
    async prepare() {
      await putAside(to);
      await gitIn(dir, ["clone", "-q", "--no-checkout", scene.inner, to]);
      await gitIn(to, ["checkout", "-q", "-b", "work", scene.pin.snapshot]);
    },
    async run() {
      const range = `${scene.pin.snapshot}..origin/main`;
      const patches = await runGit(to, [
        "format-patch",
        "--stdout",
        "-k",
        "--always",
        "--binary",
        range,
      ]);
      const am = ["am", "-q", "--keep-cr", "-k", "--3way", "--empty=keep"];
      let { success } = await runGit(to, am, patches.stdout);
      for (let skipped = 0; !success; skipped++) {
        if (skipped > HISTORY.commits) throw new Error("git am comes to no end");
        ({ success } = await runGit(to, ["am", "-q", "--skip"]));
      }
    },
  };
}

/** git as the user would run it. */
async function runGit(
  cwd: string,
  args: readonly string[],
  stdin?: Uint8Array,
): Promise<{ success: boolean; stdout: Uint8Array }> {
  const who = ["-c", "user.name=Ursula", "-c", "user.email=ursula@example.com", "-c", "gc.auto=0"];
  const child = new Deno.Command("git", {
    args: [...who, ...args],
    cwd,
    env: { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const feeding = (async () => {
    const writer = child.stdin.getWriter();
    if (stdin !== undefined) await writer.write(stdin);
    await writer.close();
  })().catch(() => {});
  const result = await child.output();
  await feeding;
  return result;
}

/**
 * What an earlier round left stays until the end: for minutes after thousands of files were removed,
 * ext4 steps over each of them whenever a file is made, and that would be timed.
 */
async function putAside(path: string): Promise<void> {
  try {
    await Deno.rename(path, `${path}-${crypto.randomUUID()}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
