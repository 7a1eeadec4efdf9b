/** A session with a gateway from its start to its end: what is told, what is left, how many there can be. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { LABEL } from "../../src/names.ts";
import { waitFor } from "./support/files.ts";
import { type Case, testCases } from "./support/internet/cases.ts";
import { initRepository, makeWorld, type World } from "./support/world.ts";

/** Sessions that run at once; a campaign asks for 60. */
const AT_ONCE = Number(Deno.env.get("SANDCAGE_E2E_CAGES") ?? "8");

const ALLOWLIST = { network: 'mode = "allowlist"' };

const FETCH = "for url in http://evil.test/ http://evil.test/again https://worse.test/ " +
  "http://allowed.test/; do curl -s -o /dev/null -m 5 $url; done; true";

const cases: Case[] = [
  ["its end names what was blocked and how to allow it", async ({ cage }) => {
    const result = await cage.sandcage(["shell", "--", "sh", "-c", FETCH]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "");
    assert.match(
      result.stderr,
      /blocked 2 hosts: evil\.test \(no-rule\), worse\.test \(no-rule\); allow one with: sandcage domain add evil\.test$/m,
    );
    const quiet = await cage.sandcage([
      "shell",
      "--",
      "curl",
      "-sS",
      "-o",
      "/dev/null",
      "http://allowed.test/",
    ]);
    assert.deepEqual([quiet.code, quiet.stderr], [0, ""]);
  }],
  ["audit shows each decision, to people and to programs", async ({ cage }) => {
    const blocked = await cage.sandcage(["audit", "--blocked", "--json"]);
    assert.equal(blocked.code, 0, blocked.stderr);
    const lines = blocked.stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(new Set(lines.map(({ decision }) => decision)), new Set(["deny"]));
    assert.deepEqual(new Set(lines.map(({ host }) => host)), new Set(["evil.test", "worse.test"]));
    const all = await cage.sandcage(["audit"]);
    assert.match(all.stdout, /allowed\.test/);
    const none = await cage.sandcage(["audit", "--since", "2099-01-01", "--json"]);
    assert.equal(none.stdout, "");
  }],
  [
    "after kill -9 of the client the gateway ends, and the next command clears up",
    async ({ cage }) => {
      const session = await cage.idle();
      assert.equal((await listNetworks(cage)).length, 1);
      await session.child.end("SIGKILL");
      // Whoever held its standard input is gone: secrets go with it at once.
      await waitFor("the end of the gateway", async () => {
        const format = "{{.State.Running}}";
        const state = await docker(["inspect", "--format", format, session.gateway]).catch(() =>
          ""
        );
        return state !== "true" || undefined;
      });
      const next = await cage.sandcage(["shell", "--", "echo", "works"]);
      assert.equal(next.stdout, "works\n", next.stderr);
      assert.deepEqual(await listContainers(cage.root), []);
      assert.deepEqual(await listNetworks(cage), []);
    },
  ],
];

testCases("sessions with a gateway", { network: 'allow = ["allowed.test"]\n', cases });

Deno.test(`${AT_ONCE} cages at once, each on a network of its own`, async () => {
  await using world = await makeWorld("many", ALLOWLIST);
  const built = await world.sandcage(["build", "shell"], { timeoutMs: 600_000 });
  assert.equal(built.code, 0, built.stderr);
  const projects = await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => {
    const path = join(world.project, "..", `many-${index}`);
    await Deno.mkdir(path);
    await initRepository(path, world.home);
    return path;
  }));
  // Nobody ends before all have begun.
  const meet = 'touch started; while ! test -e go; do sleep 0.2; done; echo "$https_proxy"';
  const running = projects.map((path) =>
    world.sandcage(["shell", "-p", path, "--", "sh", "-c", meet], { timeoutMs: 500_000 })
  );
  const ended = Promise.all(running);
  await waitFor("all sessions", async () => {
    const early = await Promise.race([
      ...running,
      new Promise((resolve) => setTimeout(resolve, 0)),
    ]);
    if (early !== undefined) throw new Error(`A session ended early: ${JSON.stringify(early)}`);
    const started = projects.map((path) => Deno.stat(join(path, "started")).catch(() => undefined));
    return (await Promise.all(started)).every((info) => info !== undefined) || undefined;
  }, { timeoutMs: 400_000 });
  assert.equal((await listNetworks(world)).length, AT_ONCE);
  await Promise.all(projects.map((path) => Deno.writeTextFile(join(path, "go"), "")));
  const results = await ended;
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  assert.equal(new Set(results.map(({ stdout }) => stdout)).size, AT_ONCE);
  assert.deepEqual(await listNetworks(world), []);
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("a published port reaches a cage that reaches nobody", async () => {
  const port = freePort();
  await using world = await makeWorld("inbound", { ...ALLOWLIST, config: `ports = ["${port}"]\n` });
  const serve = `require('http').createServer((q,s)=>s.end('works')).listen(${port},'0.0.0.0')`;
  const child = world.spawn(["shell", "--", "node", "-e", serve]);
  const text = await waitFor(
    "the published port",
    () => fetch(`http://127.0.0.1:${port}`).then((response) => response.text(), () => undefined),
  );
  assert.equal(text, "works");
  await child.end("SIGTERM");
});

for (const mode of ["open", "none"]) {
  Deno.test(`network mode ${mode} has no gateway`, async () => {
    await using world = await makeWorld(mode, { network: `mode = "${mode}"` });
    const script =
      "env | grep -ic proxy; ls /sys/class/net; touch started; while ! test -e go; do sleep 0.1; done";
    const running = world.sandcage(["shell", "--", "sh", "-c", script]);
    await waitFor(
      "the session",
      () => Deno.stat(join(world.project, "started")).catch(() => undefined),
    );
    assert.equal((await listContainers(world.root)).length, 1);
    await world.write("go", "");
    const { stdout } = await running;
    assert.equal(stdout, mode === "open" ? "0\neth0\nlo\n" : "0\nlo\n");
  });
}

/** Below those that the kernel gives away: nobody gets it until the engine takes it. */
function freePort(): number {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    try {
      Deno.listen({ hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Networks of the sessions of a world's projects. */
async function listNetworks(world: World): Promise<string[]> {
  const cages = await Array.fromAsync(Deno.readDir(join(world.state, "cages")));
  const lists = await Promise.all(
    cages.map(({ name }) =>
      docker(["network", "ls", "--quiet", "--filter", `label=${LABEL.cage}=${name}`])
    ),
  );
  return lists.flatMap((list) => list.split("\n").filter(Boolean));
}
