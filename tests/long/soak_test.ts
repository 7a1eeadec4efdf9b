/** The soak itself: one round of everything is clean, what is left is named, Ctrl-C leaves nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { findLeaks, formatLeaks } from "../../tools/testing/leaks.ts";
import { exists, waitFor } from "../e2e/support/files.ts";
import { REPOSITORY } from "../e2e/support/sandcage.ts";
import { makeWorld, RUN_ID } from "../e2e/support/world.ts";
import type { Activity } from "../soak/activity.ts";
import { followEngine } from "../soak/engine_events.ts";
import { findTraces, readKernelFacts } from "../soak/kernel.ts";
import { listProcesses } from "../soak/processes.ts";
import { soak } from "../soak/soak.ts";
import { countTemporary, TEMPORARY } from "../soak/world.ts";

const MAIN = join(REPOSITORY, "tests", "soak", "main.ts");

function startMain(args: readonly string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args],
    cwd: REPOSITORY,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("one round of everything leaves nothing", async () => {
  const { code, stdout, stderr } = await startMain(["--minutes", "0", "--json"]).output();
  const report = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(report.failures, []);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.ok(report.activities.length >= 11);
  assert.ok(report.activities.every(({ count }: { count: number }) => count >= 1));
});

Deno.test("what a play leaves is named, each thing once; what it broke is told", async () => {
  const managed = ["--label", `${LABEL.managed}=true`];
  const name = `${RUN_ID}-left`;
  let child: Deno.ChildProcess | undefined;
  const leaky: Activity = {
    name: "leaky",
    weight: 1,
    async open() {
      const world = await countTemporary(await makeWorld("soak-leaky"));
      return {
        residents: [{ name: "nobody", pid: 2 ** 22 + 1 }],
        async play() {
          await docker(["network", "create", ...managed, name]);
          await docker([
            ...["run", "--detach", "--name", name, "--network", name, ...managed],
            ...["--volume", `${name}:/v`, "debian:trixie-slim", "sleep", "600"],
          ]);
          child = new Deno.Command("bash", {
            args: ["-c", "exec -a forgotten sleep 600"],
            env: { MARK: world.root },
          }).spawn();
          await Deno.writeTextFile(join(TEMPORARY, "forgotten"), "");
          throw new Error("and then it failed");
        },
        async [Symbol.asyncDispose]() {
          child?.kill("SIGKILL");
          await child?.status;
          await docker(["rm", "--force", "--volumes", name]);
          await docker(["network", "rm", name]);
          await docker(["volume", "rm", name]);
          await world[Symbol.asyncDispose]();
        },
      };
    },
  };
  const report = await soak([leaky], {
    lengthMs: 0,
    seed: 1,
    signal: new AbortController().signal,
    say() {},
  });
  assert.deepEqual(report.failures, [
    { kind: "play", where: "leaky 0", what: "and then it failed" },
    { kind: "leak", where: "leaky 0", what: `container ${name}` },
    { kind: "leak", where: "leaky 0", what: `network ${name}` },
    { kind: "leak", where: "leaky 0", what: `process ${child!.pid} forgotten 600` },
    { kind: "leak", where: "leaky 0", what: "temporary file forgotten" },
    { kind: "end", where: "leaky", what: `nobody (${2 ** 22 + 1})` },
  ]);
});

Deno.test("all that a living container has in the kernel would be seen if it were gone", async () => {
  const name = `${RUN_ID}-kernel`;
  const labels = ["--label", `${LABEL.managed}=true`];
  await using events = followEngine(RUN_ID);
  const dataDir = await docker(["info", "--format", "{{.DockerRootDir}}"]);
  await docker(["network", "create", ...labels, name]);
  try {
    const words = ["run", "--detach", "--init", "--name", name, "--network", name, ...labels];
    const id = await docker([...words, "debian:trixie-slim", "sleep", "600"]);
    const made = await waitFor("the events", () => {
      const now = events.made();
      const isWhole = now.containers.has(id) && now.networks.size > 0;
      return Promise.resolve(isWhole ? now : undefined);
    });
    assert.deepEqual([...made.containers.values()], [name]);
    assert.deepEqual([...made.networks.values()], [name]);
    const facts = await readKernelFacts(dataDir);
    const none = { containers: new Set<string>(), networks: new Set<string>() };
    const traces = findTraces(made, { facts, alive: none });
    const records = "record of the engine";
    for (const what of ["control group", records, "bridge", "rule"]) {
      assert.ok(traces.some((trace) => trace.startsWith(`${what} of ${name}`)), `no ${what}`);
    }
    assert.equal(traces.filter((trace) => trace.startsWith(records)).length, 3, "all three places");
    const [network] = made.networks.keys();
    const alive = { containers: new Set([id]), networks: new Set([network!]) };
    assert.deepEqual(findTraces(made, { facts, alive }), []);
    const serving = await listProcesses([], [id]);
    assert.ok(serving.some(({ command }) => command.includes("shim")), JSON.stringify(serving));
    await docker(["rm", "--force", name]);
    await docker(["network", "rm", name]);
    const after = await readKernelFacts(dataDir);
    assert.deepEqual(findTraces(made, { facts: after, alive: none }), []);
  } finally {
    await run("docker", ["rm", "--force", name], { timeoutMs: 60_000 });
    await run("docker", ["network", "rm", name], { timeoutMs: 60_000 });
  }
});

Deno.test("Ctrl-C ends after the play under way and leaves nothing", async () => {
  const child = startMain(["--only", "session,kill", "--minutes", "5"]);
  const stdout = new Response(child.stdout).text();
  let said = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (text.includes("session 0")) child.kill("SIGINT");
  }
  assert.equal((await child.status).code, 130, said);
  assert.match(await stdout, /\(interrupted\)[^]* 0 failures\n$/);
  const runId = /^Run (\S+),/m.exec(said)?.[1];
  assert.ok(runId !== undefined, said);
  const root = `/tmp/sandcage-${runId}`;
  assert.deepEqual(formatLeaks(await findLeaks(runId, root)), []);
  assert.equal(await exists(root), false);
});
