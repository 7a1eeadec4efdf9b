import assert from "node:assert/strict";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ProcessResult } from "../../../src/engine/process.ts";
import {
  type CourierCage,
  ensureCourier,
  planCourierArgs,
  planOwnArgs,
  stopCourier,
} from "../../../src/transfer/courier_container.ts";

const CAGE = {
  id: "app-1234",
  name: "app",
  volumes: { work: "sandcage-work-app-1234", checkpoints: "sandcage-checkpoints-app-1234" },
  user: { uid: 64_001, gid: 64_002 },
};

Deno.test("the courier's container can reach nothing but the volumes of its cage", () => {
  assert.deepEqual(planCourierArgs(CAGE, "sandcage/courier:1"), [
    ...["run", "--rm", "--detach", "--name", "sandcage-courier-app-1234"],
    ...["--label", "dev.sandcage.managed=true"],
    ...["--label", "dev.sandcage.cage=app-1234"],
    ...["--label", "dev.sandcage.role=courier"],
    ...["--user", "64001:64002", "--cap-drop", "ALL"],
    ...["--network", "none", "--read-only", "--security-opt", "no-new-privileges"],
    ...["--pids-limit", "64", "--memory", "1g", "--memory-swap", "1g"],
    ...["--init", "--tmpfs", "/run:rw,nosuid,nodev,noexec,size=1m,mode=1777"],
    ...["--mount", "type=volume,source=sandcage-work-app-1234,target=/work"],
    ...["--mount", "type=volume,source=sandcage-checkpoints-app-1234,target=/checkpoints"],
    ...["sandcage/courier:1", "wait"],
  ]);
});

Deno.test("what gives volumes away may do just that", () => {
  const args = planOwnArgs(CAGE, "sandcage/courier:1");
  const capabilities = args.flatMap((arg, at) => arg.startsWith("--cap-") ? [args[at + 1]] : []);
  assert.deepEqual(capabilities, ["ALL", "CHOWN"]);
  assert.deepEqual(args.slice(-4), ["sandcage/courier:1", "own", "64001", "64002"]);
  for (const flag of ["--read-only", "--rm", "none", "no-new-privileges"]) {
    assert.ok(args.includes(flag), flag);
  }
});

/** States of the container as the engine tells them, one look after the other; the last stays. */
type Script = { looks: (string | undefined)[]; runs?: { code: number; stderr: string }[] };

function fakeCage({ looks, runs = [{ code: 0, stderr: "" }] }: Script) {
  const calls: string[] = [];
  const docker = (args: readonly string[]): Promise<ProcessResult> => {
    calls.push(args[0]!);
    const ok = { code: 0, stdout: "", stderr: "", timedOut: false };
    if (args[0] === "run") {
      return Promise.resolve({ ...ok, ...(runs.length > 1 ? runs.shift()! : runs[0]!) });
    }
    if (args[0] !== "inspect") return Promise.resolve(ok);
    const state = looks.length > 1 ? looks.shift() : looks[0];
    const found = state === undefined ? [] : [{
      Id: "0123456789ab",
      Name: `/${args[1]}`,
      HostConfig: {},
      Config: { Labels: { "dev.sandcage.managed": "true" } },
      State: { Status: state },
    }];
    return Promise.resolve({ ...ok, stdout: JSON.stringify(found) });
  };
  const cage = {
    ...CAGE,
    engine: { docker } as unknown as Engine,
    courierImage: () => Promise.resolve("sandcage/courier:1"),
  } satisfies CourierCage;
  return { cage, calls };
}

const conflict = { code: 125, stderr: "Conflict. The container name is already in use" };
const ways: [string, Script, string[]][] = [
  ["one that runs is used", { looks: ["running"] }, ["inspect"]],
  ["one is started where none is", { looks: [undefined] }, ["inspect", "run"]],
  [
    "one that ended is removed first",
    { looks: ["exited", undefined] },
    ["inspect", "rm", "inspect", "run"],
  ],
  [
    "one that hangs is replaced",
    { looks: ["paused", undefined] },
    ["inspect", "rm", "inspect", "run"],
  ],
  [
    "one that another client is starting is waited for",
    { looks: ["created", "created", "running"] },
    ["inspect", "inspect", "inspect"],
  ],
  [
    "who comes second to the name uses the first one's",
    { looks: [undefined, "created", "running"], runs: [conflict] },
    ["inspect", "run", "inspect", "inspect"],
  ],
  [
    "a name that is given away before anybody sees it is asked for again",
    {
      looks: [undefined, undefined, undefined, undefined, "running"],
      runs: [conflict, conflict],
    },
    ["inspect", "run", "inspect", "inspect", "run", "inspect", "inspect"],
  ],
];
for (const [name, script, wanted] of ways) {
  Deno.test(`of couriers, ${name}`, async () => {
    const { cage, calls } = fakeCage(script);
    await ensureCourier(cage);
    assert.deepEqual(calls, wanted);
  });
}

Deno.test("a courier that the engine does not start is told, with what the engine said", async () => {
  const { cage } = fakeCage({
    looks: [undefined],
    runs: [{ code: 125, stderr: "docker: no space left on device.\nSee 'docker run --help'.\n" }],
  });
  await assert.rejects(ensureCourier(cage), {
    message: 'Cannot start the courier of cage "app": docker: no space left on device.',
    code: "engine-failed",
    exit: 4,
  });
});

Deno.test("stopping removes what is there, and is fine with nothing", async () => {
  const gone = fakeCage({ looks: [undefined] });
  await stopCourier(gone.cage);
  assert.deepEqual(gone.calls, ["inspect"]);
  const there = fakeCage({ looks: ["running", "removing", undefined] });
  await stopCourier(there.cage);
  assert.deepEqual(there.calls, ["inspect", "rm", "inspect", "rm", "inspect"]);
});
