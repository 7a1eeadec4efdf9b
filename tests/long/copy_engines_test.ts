/** Copy cages on another engine: by its socket, over TCP, by a docker context; and when it dies. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { openTcpDoor } from "../e2e/support/acp/tcp_door.ts";
import { type CopiedProject, listTree, makeCopiedProject } from "../e2e/support/copied_project.ts";
import { waitFor } from "../e2e/support/files.ts";
import { type SecondEngine, startSecondEngine } from "../e2e/support/second_engine.ts";
import { openTerminal } from "../e2e/support/tmux.ts";

/** Room on the engine's disk, which lies in memory; images take less than half of it. */
const DISK_MIB = 1500;
const MIB = 1 << 20;

const CREATE = ["create", "--service", "shell", "--no-attach", "--name", "far"];

/** Makes all images on the machine's engine, whose recipes are the same, and carries them over. */
async function takeImages(cage: CopiedProject, engine: SecondEngine): Promise<void> {
  const { id } = cage.record;
  await cage.must(["start", id]);
  const session = cage.spawn(["shell", "--name", id, "--", "sleep", "100"]);
  const filter = ["--filter", `label=${LABEL.cage}=${id}`];
  const images = await waitFor("courier, desk and session", async () => {
    const listed = await docker(["ps", ...filter, "--format", "{{.Image}}"]);
    const found = [...new Set(listed.split("\n"))];
    return found.length === 3 ? found : undefined;
  });
  await cage.must(["stop", id]);
  await session.ended;
  await cage.must(["destroy", id, "-y"]);
  await engine.take(...images);
}

/** What there is of cages on an engine. */
async function listOn(engine: SecondEngine): Promise<string[]> {
  const ask = async (args: readonly string[]) => {
    const result = await run("docker", ["--host", engine.url, ...args], { timeoutMs: 20_000 });
    assert.equal(result.code, 0, result.stderr);
    return result.stdout.split("\n").filter((line) => line !== "");
  };
  const volumes = await ask(["volume", "ls", "--format", "{{.Name}}"]);
  return [...volumes, ...await ask(["ps", "--all", "--format", "{{.Names}}"])].sort();
}

/** Runs a line of shell in the cage `far`, beside whatever runs there. */
async function inside(cage: CopiedProject, line: string): Promise<string> {
  return (await cage.must(["shell", "--name", "far", "--", "sh", "-ec", line])).stdout;
}

/** Bytes of files in the volumes of work on the engine's disk, the hidden ones of stages too. */
async function countBytes(root: string): Promise<number> {
  const volumes = join(root, "engine", "volumes");
  const result = await run("sh", ["-c", `du -sbc ${volumes}/sandcage-work-*/_data | tail -1`], {
    timeoutMs: 10_000,
  });
  return Number(result.stdout.split("\t")[0]) || 0;
}

async function writeRandom(path: string, mib: number): Promise<void> {
  using file = await Deno.create(path);
  const bytes = new Uint8Array(65_536);
  for (let at = 0; at < mib * 16; at++) await file.write(crypto.getRandomValues(bytes));
}

/** Takes room on the engine's disk until so much is left; disposing gives it back. */
async function fillDisk(root: string, leftMiB: number): Promise<AsyncDisposable> {
  const data = join(root, "engine");
  const filler = join(data, "filler");
  const room = await run("df", ["--output=avail", "--block-size=1M", data], { timeoutMs: 5000 });
  const left = Number(room.stdout.trim().split("\n").at(-1));
  const took = await run("fallocate", ["-l", `${left - leftMiB}M`, filler], { timeoutMs: 20_000 });
  assert.equal(took.code, 0, took.stderr);
  return { [Symbol.asyncDispose]: () => Deno.remove(filler) };
}

/** Kills the engine as soon as so many bytes more are on its way. */
async function crashDuring(
  cage: CopiedProject,
  engine: SecondEngine,
  options: { args: readonly string[]; afterMiB: number },
): Promise<string> {
  const before = await countBytes(cage.root);
  const child = cage.spawn(options.args);
  await waitFor(
    "bytes on their way",
    async () => await countBytes(cage.root) > before + options.afterMiB * MIB || undefined,
  );
  await engine.crash();
  const { code, stderr } = await child.ended;
  assert.equal(code, 4, stderr);
  assert.match(stderr, /sandcage: /);
  assert.doesNotMatch(stderr, / at .*\.[jt]s:\d/, "no stack trace");
  return stderr;
}

Deno.test("another engine: every command, whichever way leads there, and when it dies", async (t) => {
  await using cage = await makeCopiedProject("engines", { "a.txt": "first\n" });
  await using engine = await startSecondEngine(cage.root, DISK_MIB);
  await takeImages(cage, engine);
  const host = { DOCKER_HOST: engine.url };

  await t.step(
    "its socket in DOCKER_HOST: files go in and out, work stays, all of it goes",
    async () => {
      Object.assign(cage.env, host);
      await cage.must(CREATE);
      assert.equal(
        await inside(cage, "cat a.txt; echo second > a.txt; echo new > b.txt"),
        "first\n",
      );
      assert.match((await cage.must(["diff", "far"])).stdout, /added +b\.txt/);
      await cage.must(["export", "far", "-y"]);
      assert.equal(await cage.read("a.txt"), "second\n");
      await cage.write("c.txt", "third\n");
      await cage.must(["sync", "far", "-y"]);
      assert.equal(await inside(cage, "cat b.txt c.txt"), "new\nthird\n");
      await cage.must(["checkpoint", "one", "--cage", "far"]);
      await inside(
        cage,
        "git config user.name a; git config user.email a@b; git add .; git commit -qm one",
      );
      assert.match(
        (await cage.must(["patch", "far", "--stdout"])).stdout,
        /Subject: \[PATCH\] one/,
      );
      await cage.must(["salvage", "far", "--output-dir", join(cage.root, "saved")]);
      assert.equal(await Deno.readTextFile(join(cage.root, "saved/project/c.txt")), "third\n");
      await cage.must(["start", "far"]);
      await cage.must(["stop", "far"]);
      assert.equal(await inside(cage, "cat c.txt"), "third\n");
    },
  );

  await t.step("a cage of another engine is told apart", async () => {
    const env = { DOCKER_HOST: "unix:///var/run/docker.sock" };
    for (const args of [["diff", "far"], ["export", "far", "-y"], ["sync", "far", "-y"]]) {
      const refused = await cage.sandcage(args, { env });
      assert.equal(refused.code, 5, refused.stderr);
      assert.match(refused.stderr, /is on unix:.*engine-run\/s, this is unix:\/\/\/var\/run/);
      assert.match(refused.stderr, /--context or DOCKER_HOST/);
    }
    const status = await cage.sandcage(["status", "far"], { env });
    assert.match(status.stdout, /problem +The cage "far" is on unix:/);
    const gone = await cage.sandcage(["destroy", "far", "-y"], { env });
    assert.equal(gone.code, 5, gone.stderr);
  });

  await t.step("W08: work is asked about, nothing is left, and the name begins anew", async () => {
    await inside(cage, "echo unsaved > work.txt");
    const refused = await cage.must(["destroy", "far", "-y"], 5);
    assert.match(refused.stderr, /1 change in project that did not come out/);
    await cage.must(["destroy", "far", "-y", "--force"]);
    assert.deepEqual(await listOn(engine), []);
    await cage.must(["exists", "far"], 1);
    await cage.must(CREATE);
    assert.equal(
      await inside(cage, "ls; ls -A ~ | grep -c history || :"),
      "README.md\na.txt\nb.txt\nc.txt\n0\n",
    );
    assert.equal((await cage.must(["checkpoints", "--cage", "far", "--json"])).stdout, "[]\n");
    await cage.must(["destroy", "far", "-y"]);
    assert.deepEqual(await listOn(engine), []);
  });

  await t.step(
    "a port of loopback: the same with a terminal, and mount mode says why not",
    async () => {
      await using door = openTcpDoor(engine.socket);
      cage.env.DOCKER_HOST = door.url;
      const mounted = await cage.must(["shell", "--", "true"], 4);
      assert.match(mounted.stderr, /Mounting the project needs an engine on this machine; tcp:/);
      assert.match(mounted.stderr, /workspace: \{ mode: copy \}/);
      await cage.must(CREATE);
      {
        await using terminal = await openTerminal(cage, { columns: 120, rows: 40 });
        await terminal.type("sandcage attach far");
        await terminal.expect(/C-a d: leave/, 60_000);
        await terminal.press("C-a");
        await terminal.press("d");
        await terminal.expect(/host\$ *\s*$/);
      }
      await inside(cage, "echo over-tcp > b.txt");
      await cage.must(["export", "far", "-y"]);
      assert.equal(await cage.read("b.txt"), "over-tcp\n");
      await cage.must(["stop", "far"]);
      await cage.must(["destroy", "far", "-y"]);
      assert.deepEqual(await listOn(engine), []);
    },
  );

  await t.step("a docker context: of the command line, and of the configuration", async () => {
    delete cage.env.DOCKER_HOST;
    const made = await run(
      "docker",
      ["context", "create", "far", "--docker", `host=${engine.url}`],
      {
        env: { HOME: cage.home },
        timeoutMs: 10_000,
      },
    );
    assert.equal(made.code, 0, made.stderr);
    await cage.must(["--context", "far", ...CREATE]);
    await cage.must(["--context", "far", "diff", "far"]);
    await cage.must(["diff", "far"], 5);
    await cage.configure('[engine]\ncontext = "far"\n');
    assert.equal(await inside(cage, "cat a.txt"), "second\n");
    await cage.must(["sync", "far"]);
    await cage.must(["destroy", "far", "-y"]);
    assert.deepEqual(await listOn(engine), []);
    await cage.configure("");
  });

  Object.assign(cage.env, host);
  await writeRandom(join(cage.project, "large"), 60);
  const before = await listTree(cage.project);

  await t.step(
    "killed while a cage is made: the project is as it was, and it can be made",
    async () => {
      await crashDuring(cage, engine, { args: CREATE, afterMiB: 10 });
      assert.deepEqual(await listTree(cage.project), before);
      await engine.restart();
      assert.equal((await cage.sandcage(["exists", "far"])).code, 1);
      await cage.must(CREATE);
      assert.equal((await listOn(engine)).filter((name) => name.includes("-work-")).length, 1);
      assert.deepEqual(
        JSON.parse((await cage.must(["diff", "far", "--json"])).stdout).dirs[0].changes,
        [],
      );
    },
  );

  await t.step(
    "killed while a sync is on its way: the cage is as it was, and takes it then",
    async () => {
      await writeRandom(join(cage.project, "large"), 60);
      await cage.write("a.txt", "synced\n");
      const mine = await listTree(cage.project);
      await crashDuring(cage, engine, { args: ["sync", "far", "-y"], afterMiB: 10 });
      assert.deepEqual(await listTree(cage.project), mine);
      await engine.restart();
      assert.equal(await inside(cage, "cat a.txt"), "second\n");
      await cage.must(["sync", "far", "-y"]);
      assert.equal(await inside(cage, "cat a.txt"), "synced\n");
      assert.deepEqual(
        JSON.parse((await cage.must(["diff", "far", "--json"])).stdout).dirs[0].changes,
        [],
      );
      assert.equal(
        await inside(cage, "ls -A /work"),
        "project\n",
        "nothing of the cut one is left",
      );
    },
  );

  await t.step("a full disk: sync and create say so, change nothing, and work then", async () => {
    await cage.write("a.txt", "again\n");
    await writeRandom(join(cage.project, "larger"), 40);
    const mine = await listTree(cage.project);
    {
      await using _filler = await fillDisk(cage.root, 15);
      const full = await cage.must(["sync", "far", "-y"], 4);
      assert.match(full.stderr, /The disk of the engine is full: cage "far" takes no more/);
      assert.deepEqual(await listTree(cage.project), mine);
    }
    assert.equal(
      await inside(cage, "cat a.txt; ls"),
      "synced\nREADME.md\na.txt\nb.txt\nc.txt\nlarge\n",
    );
    await cage.must(["sync", "far", "-y"]);
    assert.equal(await inside(cage, "cat a.txt"), "again\n");
    await cage.must(["destroy", "far", "-y"]);
    {
      await using _filler = await fillDisk(cage.root, 30);
      const full = await cage.must(CREATE, 4);
      assert.match(full.stderr, /The disk of the engine is full/);
      assert.deepEqual(await listOn(engine), []);
      assert.deepEqual(await listTree(cage.project), mine);
    }
    await cage.must(CREATE);
    await cage.must(["destroy", "far", "-y"]);
  });
});
