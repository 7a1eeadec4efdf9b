/** The walls of a cage: green as they are, and each hole that is made is seen by exactly its cases. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ComposeService } from "../../src/cage/compose_document.ts";
import type { PreparedCage } from "../../src/cage/prepare.ts";
import type { SessionContext } from "../../src/cage/session.ts";
import type { CaseResult } from "../../src/verify/case.ts";
import { CONTAINER_CASES } from "../../src/verify/container/cases.ts";
import type { ContainerFacts } from "../../src/verify/container/facts.ts";
import { lookFromOpen, openContainerSuite } from "../../src/verify/container/suite.ts";
import { runCases } from "../../src/verify/run.ts";
import { LABEL } from "../../src/names.ts";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { formatMatrix, MATRIX } from "../../tools/matrix.ts";
import { mutate, prepareIn, type Weakened } from "./support/verify/mutate.ts";
import { makeWorld } from "./support/world.ts";

/** Small enough for C05 to be left out: it sets limits of its own, and takes seconds. */
const LOOKED_AT = CONTAINER_CASES.filter(({ quick }) => quick);

const PLAIN_ENTRY = ["sh", "-c", 'exec "$@"', "sh"];

/** A wall that is taken out, and the cases that must see it. */
const HOLES: readonly (readonly [
  hole: string,
  change: (service: ComposeService) => Weakened,
  red: readonly string[],
])[] = [
  ["a capability is kept", () => ({ cap_add: ["NET_RAW"], user: "0:0" }), ["C01", "C12", "C19"]],
  ["devices can be made", () => ({ cap_add: ["MKNOD"], user: "0:0" }), ["C01", "C14", "C19"]],
  [
    // The entry program's own filter would refuse to start.
    "privileges can be gained",
    () => ({ security_opt: [], entrypoint: PLAIN_ENTRY }),
    ["C01", "C11"],
  ],
  [
    "no system call is filtered",
    ({ security_opt }) => ({ security_opt: [...security_opt, "seccomp=unconfined"] }),
    ["C01", "C02"],
  ],
  [
    "what the kernel tells is not covered",
    ({ security_opt }) => ({ security_opt: [...security_opt, "systempaths=unconfined"] }),
    ["C03", "C15"],
  ],
  ["the system can be written", () => ({ read_only: false }), ["C16", "C17", "C19"]],
  [
    "a temporary folder takes setuid programs",
    ({ tmpfs }) => ({ tmpfs: tmpfs.map((line) => line.replace("nosuid", "suid")) }),
    ["C17"],
  ],
  ["the agent is root", () => ({ user: "0:0" }), ["C01"]],
  ["processes have no limit", () => ({ pids_limit: -1 }), ["C01"]],
  ["memory has another limit", () => ({ mem_limit: "1g", memswap_limit: "1g" }), ["C01"]],
  [
    "the engine's socket is mounted",
    ({ volumes }) => ({
      volumes: [
        ...volumes,
        { type: "bind", source: "/var/run/docker.sock", target: "/run/docker.sock" },
      ],
    }),
    ["C02"],
  ],
  ["the host's processes are in sight", () => ({ pid: "host" }), ["C02", "C19"]],
  [
    "a variable names the user",
    ({ environment }) => ({ environment: { ...environment, LOGNAME: "ottilie" } }),
    ["C04"],
  ],
  ["the engine keeps what is printed", () => ({ logging: { driver: "json-file" } }), ["C19"]],
  [
    "the entry program is left out",
    () => ({ entrypoint: PLAIN_ENTRY }),
    ["C11"],
  ],
];

async function verifyContainer(
  cage: PreparedCage,
  { context, open }: { context: SessionContext; open: ContainerFacts },
): Promise<CaseResult[]> {
  return await runCases(LOOKED_AT, {
    open: { container: () => openContainerSuite(cage, context, { open }) },
    failFast: false,
    nowMs: () => performance.now(),
    onResult() {},
  });
}

function formatRed(results: readonly CaseResult[]): string[] {
  return results.filter(({ verdict }) => verdict === "fail").map(({ case: { id } }) => id);
}

Deno.test("each hole in the walls of a container turns its cases red, and no other", async (t) => {
  await using world = await makeWorld("holes", { runAs: { uid: 61_234, gid: 61_234 } });
  const { cage, context } = await prepareIn(world);
  const seen = { context, open: await lookFromOpen(cage) };
  await t.step("as they are, all are held", async () => {
    const results = await verifyContainer(cage, seen);
    assert.deepEqual(
      results.filter(({ verdict }) => verdict !== "pass")
        .map(({ case: { id }, seen, evidence }) => [id, seen, ...evidence]),
      [],
    );
  });
  for (const [hole, change, red] of HOLES) {
    await t.step(hole, async () => {
      const results = await verifyContainer(mutate(cage, change), seen);
      const told = results.filter(({ verdict }) => verdict !== "pass")
        .map(({ case: { id }, verdict, seen, evidence }) =>
          [id, verdict, seen, ...evidence].join("; ")
        );
      assert.deepEqual(formatRed(results), red, told.join("\n"));
    });
  }
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("sandcage verify proves a cage and says so to people and programs", async (t) => {
  await using world = await makeWorld("verify");
  await t.step("all of it, as docs/boundary-matrix.md says", async () => {
    const result = await world.sandcage(["verify", "--markdown"], {
      timeoutMs: 120_000,
      // A name that no image holds, so that it can be told whether it is inside.
      env: { USER: "ottilie" },
    });
    assert.equal(result.code, 0, result.stderr + result.stdout);
    const page = await Deno.readTextFile(MATRIX);
    assert.equal(await formatMatrix(result.stdout), page, "run: deno task matrix");
  });
  await t.step("for programs", async () => {
    const result = await world.sandcage(["verify", "--json", "--suite", "config"]);
    const told = JSON.parse(result.stdout);
    assert.deepEqual([result.code, told.proved, told.service], [0, true, "shell"]);
  });
  await t.step("one case, for people", async () => {
    const result = await world.sandcage(["verify", "--case", "c01"]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^\[PASS\] C01 [^\n]+ \([^\n]+\)\n$/);
  });
  await t.step("doctor tries what takes seconds, and builds nothing for it", async () => {
    const result = await world.sandcage(["doctor", "--json"]);
    assert.match(findWalls(result.stdout), /^ok \d\d ways out tried, none open/);
    await world.configure('packages = ["sl"]');
    const other = await world.sandcage(["doctor", "--json"]);
    assert.match(findWalls(other.stdout), /^ok not tried, there is no image yet/);
  });
  await t.step("wrong words", async () => {
    for (
      const [args, message] of [
        [["--case", "Z99"], /no case Z99/],
        [["--suite", "nets"], /no suite "nets"/],
        [["--json", "--sarif"], /Only one of --json and --sarif/],
      ] as const
    ) {
      const result = await world.sandcage(["verify", ...args]);
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, message);
    }
  });
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("a killed verify leaves nothing that the next one does not remove", async () => {
  await using world = await makeWorld("verifykill");
  const child = world.spawn(["verify", "--suite", "workspace,container"]);
  const scratch = join(world.state, "verify", "workspace");
  const findCages = async () => {
    const entries = await Array.fromAsync(Deno.readDir(scratch)).catch(() => []);
    const dir = entries.find(({ isDirectory }) => isDirectory);
    if (dir === undefined) return [];
    const cages = join(scratch, dir.name, "home", ".sandcage", "cages");
    return (await Array.fromAsync(Deno.readDir(cages)).catch(() => [])).map(({ name }) => name);
  };
  const [cage] = await waitFor("the cage of its own", async () => {
    const found = await findCages();
    return found.length > 0 ? found : undefined;
  }, { timeoutMs: 120_000 });
  await child.end("SIGKILL");
  const next = await world.sandcage(["verify", "--case", "X05"], { timeoutMs: 120_000 });
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(scratch)), []);
  const left = await Promise.all(
    [["ps", "-aq"], ["volume", "ls", "-q"]].map((list) =>
      docker([...list, "--filter", `label=${LABEL.cage}=${cage}`])
    ),
  );
  assert.deepEqual(left, ["", ""]);
  assert.deepEqual(await listContainers(world.root), []);
});

/** Status and detail of a check of doctor's. */
function findWalls(json: string): string {
  const checks = JSON.parse(json) as { name: string; status: string; detail: string }[];
  const walls = checks.find(({ name }) => name === "walls");
  return `${walls?.status} ${walls?.detail}`;
}
