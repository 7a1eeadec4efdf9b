import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import { applyPlan } from "../../../src/setup/engine.ts";
import { applyEngine } from "../../../src/setup/engine_apply.ts";
import { run } from "../../../src/engine/process.ts";
import type { EngineFacts } from "../../../src/setup/engine_facts.ts";
import { pause } from "../../../src/pause.ts";
import { planEngine, type SetupStep } from "../../../src/setup/engine_plan.ts";
import { type Answers, fakeHost, fakeRun } from "../engine/support.ts";
import { fakeIo } from "./support.ts";

/** Applies steps below a temporary directory. */
async function apply(
  steps: (root: string) => SetupStep[],
  answers: Answers,
): Promise<{ calls: string[]; said: string[]; error: UserError | undefined; root: string }> {
  const root = await Deno.makeTempDir();
  const { run, calls } = fakeRun(answers);
  const { io, said } = fakeIo();
  let error: UserError | undefined;
  try {
    await applyEngine(steps(root), { host: fakeHost(root), io, run, startTimeoutMs: 0 });
  } catch (caught) {
    if (!(caught instanceof UserError)) throw caught;
    error = caught;
  }
  return { calls, said, error, root };
}

const cause = "because";
const install: SetupStep = {
  kind: "run",
  title: "Install",
  cause,
  command: ["apt-get", "install", "x"],
};

Deno.test("applyEngine() writes files whole, removes, runs, and logs what was printed", async () => {
  const { calls, said, error, root } = await apply((dir) => [
    { kind: "write", title: "Write", cause, path: `${dir}/etc/x.sources`, text: "Types: deb\n" },
    { kind: "remove", title: "Remove", cause, path: `${dir}/absent.pid` },
    install,
  ], { "apt-get install": { stdout: "Unpacking x\n" } });
  try {
    assert.equal(error, undefined);
    assert.deepEqual(calls, ["apt-get install x"]);
    assert.deepEqual(said, ["done Write", "done Remove", "done Install"]);
    assert.deepEqual([...Deno.readDirSync(`${root}/etc`)].map(({ name }) => name), ["x.sources"]);
    assert.equal(await Deno.readTextFile(`${root}/etc/x.sources`), "Types: deb\n");
    const log = await Deno.readTextFile(`${root}/state/setup-engine.log`);
    assert.equal(log, "\n$ apt-get install x\nUnpacking x\n");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

for (
  const [title, answer, want] of [
    ["a held lock", {
      stderr: "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by 7",
    }, {
      message: "Install failed: another package manager holds the lock",
      code: "conflict",
    }],
    ["no network", {
      stderr: "E: Failed to fetch http://mirror.test/x Temporary failure resolving",
    }, {
      message: "Install failed: the package archive cannot be reached",
      code: "engine-missing",
    }],
    ["a full disk", { stderr: "dpkg: error: failed to write: No space left on device" }, {
      message: "Install failed: the disk is full",
      code: "disk-full",
    }],
    ["an unknown package", { stderr: "E: Unable to locate package docker.io" }, {
      message:
        "Install failed: the package archive does not have the package, or its lists could not be fetched",
      code: "engine-missing",
    }],
    ["anything else", { stderr: "boom" }, {
      message: "Install failed: exit code 100",
      code: "engine-missing",
    }],
  ] as const
) {
  Deno.test(`applyEngine() says what to do about ${title}, and where the log is`, async () => {
    const { said, error, root } = await apply(
      () => [install],
      { "apt-get install": { code: 100, ...answer } },
    );
    await Deno.remove(root, { recursive: true });
    assert.deepEqual({ message: error?.message, code: error?.code }, want);
    assert.equal(error?.exit, 4);
    assert.ok(error?.hint?.endsWith(`The whole log: ${root}/state/setup-engine.log`));
    assert.deepEqual(said, ["failed Install"]);
  });
}

Deno.test("applyEngine() goes on after an optional step, and without a program says so", async () => {
  const { calls, said, error, root } = await apply(
    () => [
      { ...install, title: "Update", command: ["apt-get", "update"], optional: true },
      install,
    ],
    { "apt-get update": { code: 100 }, "apt-get install": new Deno.errors.NotFound("x") },
  );
  await Deno.remove(root, { recursive: true });
  assert.equal(calls.length, 2);
  assert.equal(said[0], `warn Update failed; see ${root}/state/setup-engine.log`);
  assert.match(error?.hint ?? "", /^apt-get: not found/);
});

Deno.test("applyEngine() goes on after an optional file that cannot be written", async () => {
  const { calls, said, error, root } = await apply(
    () => [
      {
        kind: "write",
        title: "Write",
        cause,
        path: "/dev/null/sandcage.conf",
        text: "x\n",
        optional: true,
      },
      install,
    ],
    { "apt-get install": {} },
  );
  await Deno.remove(root, { recursive: true });
  assert.equal(error, undefined);
  assert.equal(said[0], "warn Write failed: Cannot write /dev/null/sandcage.conf");
  assert.deepEqual(calls, ["apt-get install x"]);
});

Deno.test("applyEngine() starts nothing when the engine answers already", async () => {
  const { calls, error, root } = await apply(
    () => [{ kind: "start", title: "Start", cause, command: ["sh", "-c", "x"], log: null }],
    { "docker version": { stdout: "28\n" } },
  );
  await Deno.remove(root, { recursive: true });
  assert.equal(error, undefined);
  assert.deepEqual(calls, ["docker version --format {{.Server.Version}}"]);
});

Deno.test("applyEngine() shows the last words of a daemon that died, not older ones", async () => {
  const root = await Deno.makeTempDir();
  try {
    const log = `${root}/dockerd.log`;
    await Deno.writeTextFile(log, "yesterday's error\n");
    const script = 'echo "failed to start daemon: no cgroups" >>"$1"; echo 999999999';
    const step: SetupStep = {
      kind: "start",
      title: "Start",
      cause,
      command: ["fake-start", script],
      log,
    };
    const { io } = fakeIo();
    const answers = fakeRun({ docker: { code: 1 }, "fake-start": { stdout: "999999999\n" } });
    const run: typeof answers.run = async (command, args, options) => {
      if (command === "fake-start") {
        await Deno.writeTextFile(log, "failed to start daemon: no cgroups\n", { append: true });
      }
      return await answers.run(command, args, options);
    };
    await assert.rejects(
      applyEngine([step], { host: fakeHost(root), io, run, startTimeoutMs: 60_000 }),
      {
        message: "Docker Engine ended while starting",
        hint: `failed to start daemon: no cgroups\nThe whole log: ${log}`,
        code: "engine-unreachable",
        exit: 4,
      },
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("applyEngine() gives a daemon that stays silent a deadline", async () => {
  const { error, root } = await apply(
    () => [{ kind: "start", title: "Wait", cause, command: [], log: "/nonexistent/log" }],
    { docker: { code: 1 } },
  );
  await Deno.remove(root, { recursive: true });
  assert.equal(error?.code, "engine-timeout");
});

Deno.test("applyPlan() shows the steps and asks; without a yes it touches nothing", async () => {
  const { run, calls } = fakeRun({});
  const { io, said } = fakeIo(false);
  const options = { host: fakeHost("/nonexistent"), io, run, assumeYes: false };
  await assert.rejects(applyPlan({ kind: "steps", steps: [install] }, options), {
    message: "Nothing was installed: it needs your yes",
    exit: 4,
  });
  assert.deepEqual(calls, []);
  assert.deepEqual(said, [
    "talk 1. Install (because)\n   $ apt-get install x",
    "ask Do this now?",
  ]);
});

Deno.test("applyPlan() hands over the instructions where only the user can act", async () => {
  const { run } = fakeRun({});
  const options = { host: fakeHost("/x"), io: fakeIo().io, run, assumeYes: true };
  const plan = {
    kind: "manual",
    problem: "Docker is not installed",
    instructions: "do it",
  } as const;
  await assert.rejects(applyPlan(plan, options), {
    message: "Docker is not installed",
    hint: "do it",
    exit: 4,
    code: "engine-missing",
  });
});

Deno.test("the start command of a plan leaves a daemon behind that holds none of our pipes", async () => {
  const root = await Deno.makeTempDir();
  try {
    const program = "#!/bin/sh\necho started\nexec sleep 120\n";
    await Deno.writeTextFile(`${root}/dockerd`, program, { mode: 0o755 });
    const start = planEngine(stoppedAt(root));
    assert.ok(start.kind === "steps");
    const step = start.steps.find((candidate) => candidate.kind === "start")!;
    const [shell = "", ...args] = step.command;
    const PATH = `${root}:${Deno.env.get("PATH")}`;
    const result = await run(shell, args, { timeoutMs: 60_000, env: { PATH } });
    const pid = Number.parseInt(result.stdout, 10);
    assert.deepEqual([result.code, result.timedOut], [0, false]);
    // It becomes the leader of a session of its own a moment after its shell has ended.
    let session: number | undefined;
    for (let round = 0; round < 6_000 && session !== pid; round++) {
      const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
      session = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
      await pause(10);
    }
    assert.equal(session, pid);
    Deno.kill(pid, "SIGKILL");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

function stoppedAt(stateDir: string): EngineFacts {
  return {
    platform: "linux",
    uid: 0,
    stateDir,
    endpoint: { kind: "default" },
    distribution: { id: "debian", like: [], version: "13", codename: "trixie" },
    aptSources: [],
    installed: [],
    client: {
      installed: true,
      server: undefined,
      failure: "not-listening",
      stderr: "",
      compose: { version: "2", path: "/c" },
      buildx: { version: "0", path: "/b" },
    },
    daemon: true,
    returnPath: null,
    systemd: false,
    apparmor: false,
    pidFile: null,
  };
}
