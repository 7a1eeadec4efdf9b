import assert from "node:assert/strict";
import { createDocker } from "../../../src/engine/docker.ts";
import type { EngineEndpoint } from "../../../src/engine/engine.ts";
import type { Run, RunOptions } from "../../../src/engine/process.ts";
import { type Answers, fakeRun } from "./support.ts";

const SILENT = "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?";

function client(answers: Answers) {
  const { run, calls } = fakeRun(answers);
  const docker = createDocker({
    endpoint: { kind: "default" },
    host: { platform: "linux", env: {} },
    run,
  });
  return { docker, calls };
}

Deno.test("docker() hands back an engine's no as a result", async () => {
  const { docker } = client({ "docker inspect": { code: 1, stderr: "Error: No such object: x" } });
  assert.equal((await docker(["inspect", "x"])).code, 1);
});

Deno.test("docker() rejects when there is no client", async () => {
  const { docker } = client({ docker: new Deno.errors.NotFound("docker") });
  await assert.rejects(docker(["ps"]), { code: "engine-missing", exit: 4 });
});

Deno.test("docker() passes on what is nobody's business here", async () => {
  const { docker } = client({ docker: new TypeError("a bug") });
  await assert.rejects(docker(["ps"]), TypeError);
});

Deno.test("docker() rejects when the engine does not answer", async () => {
  const { docker, calls } = client({ "docker ps": { code: 1, stderr: SILENT } });
  await assert.rejects(docker(["ps"]), { code: "engine-unreachable", exit: 4 });
  assert.equal(calls.length, 1);
});

Deno.test("docker() rejects after the deadline, in its words", async () => {
  const { docker } = client({ "docker ps": { code: 143, timedOut: true } });
  await assert.rejects(docker(["ps"], { timeoutMs: 5000 }), {
    code: "engine-timeout",
    message: 'No answer from the default engine to "docker ps" within 5 s',
  });
});

Deno.test("docker() says that an engine is busy, and gives it minutes", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const said: string[] = [];
  const deadlines: number[] = [];
  const docker = createDocker({
    endpoint: { kind: "default" },
    host: { platform: "linux", env: {} },
    async run(_command, args, { timeoutMs }) {
      deadlines.push(timeoutMs);
      // One that answers at once is nothing to talk about.
      if (args[0] === "volume") await promise;
      return { code: 0, stdout: "", stderr: "", timedOut: false };
    },
    onSlow(what) {
      said.push(what);
      resolve();
    },
    slowMs: 20,
  });
  await docker(["ps"]);
  await docker(["volume", "create"]);
  assert.deepEqual(said, [
    'Waiting for the default engine, which is busy: no answer to "docker volume" for 0.02 s',
  ]);
  assert.deepEqual(deadlines, [180_000, 180_000]);
});

Deno.test("docker() says nothing of a call that is known to take its time", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const docker = createDocker({
    endpoint: { kind: "default" },
    host: { platform: "linux", env: {} },
    async run() {
      setTimeout(resolve, 20);
      await promise;
      return { code: 143, stdout: "", stderr: "", timedOut: true };
    },
    onSlow: (what) => assert.fail(what),
    slowMs: 1,
  });
  await assert.rejects(docker(["build"], { timeoutMs: 5000 }), { code: "engine-timeout" });
});

Deno.test("docker() does not take a container's words for the engine's", async () => {
  const { docker, calls } = client({
    "docker exec": { code: 1, stderr: SILENT },
    "docker version": { stdout: "20.10\n" },
  });
  assert.equal((await docker(["exec", "c", "docker", "ps"])).code, 1);
  assert.equal(calls.length, 2);
});

Deno.test("docker() rejects an exec when the engine is gone in fact", async () => {
  const { docker } = client({
    "docker exec": { code: 1, stderr: SILENT },
    "docker version": { code: 1, stderr: SILENT },
  });
  await assert.rejects(docker(["exec", "c", "true"]), { code: "engine-unreachable" });
});

for (
  const [endpoint, want] of [
    [{ kind: "default" }, { DOCKER_CONFIG: "/c", A: "1" }],
    [{ kind: "context", name: "x" }, {
      DOCKER_CONFIG: "/c",
      DOCKER_CONTEXT: "x",
      DOCKER_HOST: "",
      A: "1",
    }],
  ] as readonly (readonly [EngineEndpoint, Record<string, string>])[]
) {
  Deno.test(`docker() speaks to the ${endpoint.kind} endpoint with a deadline`, async () => {
    const seen: RunOptions[] = [];
    const run: Run = (_command, _args, options) => {
      seen.push(options);
      return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false });
    };
    const host = { platform: "linux", env: { DOCKER_CONFIG: "/c" } } as const;
    await createDocker({ endpoint, host, run })(["ps"], { env: { A: "1" } });
    assert.deepEqual(seen, [{ env: want, timeoutMs: 30_000 }]);
  });
}
