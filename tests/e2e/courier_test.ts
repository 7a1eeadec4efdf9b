import assert from "node:assert/strict";
import { IMAGE } from "../../src/names.ts";
import { openCourier } from "../../src/transfer/courier.ts";
import { courierName, stopCourier } from "../../src/transfer/courier_container.ts";
import { denoFs } from "../../src/transfer/deno_fs.ts";
import type { TreeChange } from "../../src/transfer/types.ts";
import {
  isProblem,
  type TreeEntry,
  type TreeItem,
  type TreeProblem,
} from "../../src/tree/entry.ts";
import { scanTree } from "../../src/tree/scan.ts";
import { createTarWriter } from "../../src/tree/tar_write.ts";
import { openTcpDoor } from "./support/acp/tcp_door.ts";
import { waitFor } from "./support/files.ts";
import { armKiller, makeCopyCage, type TestCage } from "./support/copy_cage.ts";
import { describeTar, describeTree, makeRandomTree, packTree } from "./support/random_tree.ts";
import { REPOSITORY } from "./support/sandcage.ts";
import { makeTempTree } from "./support/temp_tree.ts";
import { RUN_ID, RUN_ROOT } from "./support/world.ts";

/** An archive with nothing in it. */
const NOTHING = new Uint8Array(1024);

for (const seed of [1, 2, 3]) {
  Deno.test(`a random tree comes back byte for byte (seed ${seed})`, async () => {
    await using cage = await makeCopyCage(`trip${seed}`);
    await using tree = await makeTempTree();
    await makeRandomTree(tree.path, { seed, entries: 250 });
    await using courier = await openCourier(cage);

    await courier.fill("project", packTree(tree.path));

    const items = await scanAll(courier.scan("project", []));
    const paths = items.map(({ path }) => path);
    const wanted = describeTree(tree.path);
    assert.ok(wanted.length > 150);
    assert.deepEqual(await describeTar(courier.read("project", paths)), wanted);
    const files = items.filter((item) => !isProblem(item) && item.kind === "file");
    const hashes = await courier.hash("project", files.map(({ path }) => path));
    for (const line of wanted.filter((text) => / file /.test(text))) {
      const path = JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)![0]);
      assert.equal(hashes.get(path), line.split(" ").at(-1), path);
    }
  });
}

Deno.test("what does not cross is named, by a scan and when it is asked for all the same", async () => {
  await using cage = await makeCopyCage("hostile");
  await using courier = await openCourier(cage);
  await courier.fill("project", single(NOTHING));
  await cage.inside(`
    fs.writeFileSync(Buffer.from("bad\\xff", "latin1"), "x");
    fs.writeFileSync("secret", "x", { mode: 0 });
    fs.writeFileSync("suid", "x"); fs.chmodSync("suid", 0o4755);
    fs.symlinkSync("/etc/passwd", "absolute");
    fs.writeFileSync("back\\\\slash", "x");
    fs.mkdirSync("closed", { mode: 0 });
  `);
  await runBeside(cage, [
    "mkfifo fifo",
    `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'`,
  ]);

  const items = await scanAll(courier.scan("project", []));
  const problems = items.filter(isProblem).map(({ path, problem }) => `${path}: ${problem}`);
  const entries = items.filter((item): item is TreeEntry => !isProblem(item));
  assert.deepEqual(problems, [
    "absolute: unsafe link",
    "back\\slash: unsafe name",
    "bad\\xff: not UTF-8",
    "closed: unreadable",
    "fifo: special file",
    "socket: special file",
  ]);
  assert.deepEqual(entries.map(({ path, mode }) => `${path} ${mode.toString(8)}`), [
    "secret 0",
    "suid 755",
  ]);
  const met: TreeProblem[] = [];
  const onProblem = (problem: TreeProblem) => void met.push(problem);
  const read = await describeTar(
    courier.read("project", ["fifo", "gone", "secret", "suid"], { onProblem }),
  );
  assert.deepEqual(read.map((line) => line.split(" ")[0]), ['"suid"']);
  assert.deepEqual(met, [
    { path: "fifo", problem: "special file" },
    { path: "gone", problem: "changed while read" },
    { path: "secret", problem: "unreadable" },
  ]);
  assert.deepEqual(
    [...(await courier.hash("project", ["fifo", "gone", "secret", "suid"])).keys()],
    [
      "suid",
    ],
  );
});

Deno.test("nothing outside of /work is a root, a path or an entry", async () => {
  await using cage = await makeCopyCage("roots");
  await using courier = await openCourier(cage);
  await courier.fill("project", single(NOTHING));
  await cage.inside(
    `fs.symlinkSync("/checkpoints", "out"); fs.writeFileSync("/checkpoints/x", "");`,
  );

  for (const root of ["..", "/etc", "project/../..", "project/out", ".sandcage-x", "a//b"]) {
    await assert.rejects(
      scanAll(courier.scan(root, [])),
      { message: new RegExp(`^Cage "roots": Cannot use ${JSON.stringify(root)} as a root`) },
    );
  }
  await assert.rejects(courier.hash("project", ["../../etc/passwd"]), /leads out of its root/);
  await courier.remove("project", ["out/x"]);
  assert.equal(await cage.inside(`console.log(fs.existsSync("/checkpoints/x"))`), "true");
  // After all that was refused, it still works.
  assert.deepEqual((await scanAll(courier.scan("project", []))).length, 1);
});

Deno.test("a change is made as a whole, or what stands in its way is named", async () => {
  await using cage = await makeCopyCage("change");
  await using tree = await makeTempTree();
  await Deno.writeTextFile(`${tree.path}/file`, "one\n");
  await Deno.writeTextFile(`${tree.path}/other`, "other\n");
  await using courier = await openCourier(cage);
  await courier.fill("project", packTree(tree.path));
  const [file, other] = await scanAll(courier.scan("project", []));
  const expected = [file!, other!].map((item) => {
    assert.ok(!isProblem(item));
    return { path: item.path, was: item };
  });
  await using fresh = await makeTempTree();
  await Deno.mkdir(`${fresh.path}/dir/deep`, { recursive: true });
  await Deno.writeTextFile(`${fresh.path}/dir/deep/new`, "new\n");
  await Deno.writeTextFile(`${fresh.path}/file`, "two\n");
  const change = (): TreeChange => ({
    ...{ tar: packTree(fresh.path), bytes: 0, entries: 0, removes: ["other"] },
    expected,
  });

  await cage.inside(`fs.appendFileSync("other", "the agent's");`);
  const unchanged = { changed: ["other"], refusedLinks: [] };
  assert.deepEqual(await courier.change("project", change()), unchanged);
  assert.deepEqual(await listWork(cage), ["file", "other"]);

  const again = await scanAll(courier.scan("project", []));
  const now = again[1]!;
  assert.ok(!isProblem(now));
  expected[1] = { path: now.path, was: now };
  const made = { changed: [], refusedLinks: [] };
  assert.deepEqual(await courier.change("project", change()), made);
  assert.deepEqual(await listWork(cage), ["dir", "dir/deep", "dir/deep/new", "file"]);
  assert.equal(await cage.inside(`console.log(fs.readFileSync("file", "utf8"))`), "two");
  assert.equal(await cage.inside(`console.log(fs.readdirSync("/work").join())`), "project");
});

Deno.test("its container can do nothing but carry, and two clients at once start one", async () => {
  await using cage = await makeCopyCage("sealed");
  await using tree = await makeTempTree();
  await makeRandomTree(tree.path, { seed: 9, entries: 60 });
  const wanted = describeTree(tree.path).length;
  const fill = async (root: string) => {
    await using courier = await openCourier(cage);
    await courier.fill(root, packTree(tree.path));
    return (await scanAll(courier.scan(root, []))).length;
  };

  assert.deepEqual(await Promise.all(["a", "b", "c"].map(fill)), [wanted, wanted, wanted]);

  const { Config, HostConfig, Mounts } = await cage.courier() as {
    Config: { User: string; Labels: Record<string, string> };
    HostConfig: Record<string, unknown>;
    Mounts: { Destination: string }[];
  };
  assert.equal(Config.User, "64000:64000");
  assert.equal(Config.Labels["dev.sandcage.role"], "courier");
  assert.equal(Config.Labels["dev.sandcage.cage"], cage.id);
  assert.equal(HostConfig.NetworkMode, "none");
  assert.equal(HostConfig.ReadonlyRootfs, true);
  assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
  assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges"]);
  assert.equal(HostConfig.AutoRemove, true);
  assert.deepEqual(Mounts.map(({ Destination }) => Destination).sort(), ["/checkpoints", "/work"]);
  await stopCourier(cage);
  assert.equal(await cage.courier(), undefined);
  await stopCourier(cage);
});

Deno.test("volumes that belong to root are given to the cage's user", async () => {
  await using cage = await makeCopyCage("owned");
  const image = await cage.courierImage();
  const script = `for (const d of ["/work", "/checkpoints"]) {
    fs.chownSync(d, 0, 0); fs.chmodSync(d, 0o755); fs.writeFileSync(d + "/not-empty", "");
  }`;
  const { code, stderr } = await cage.engine.docker([
    ...["run", "--rm", "--user", "0:0", "--network", "none", "--entrypoint", "/app/node"],
    ...["--volume", `${cage.volumes.work}:/work`],
    ...["--volume", `${cage.volumes.checkpoints}:/checkpoints`],
    ...[image, "--eval", `const fs = require("fs");${script}`],
  ]);
  assert.equal(code, 0, stderr);
  await using courier = await openCourier(cage);
  await courier.fill("project", single(NOTHING));
  assert.deepEqual(await listWork(cage), []);
});

const KILLS = [["fill", "its socket"], ["change", "its socket"], ["change", "TCP"]] as const;
for (const [operation, way] of KILLS) {
  Deno.test(`a client killed in the middle of ${operation} over ${way} leaves nothing half done`, async () => {
    await using door = openTcpDoor("/var/run/docker.sock");
    const dockerHost = way === "TCP" ? { dockerHost: door.url } : {};
    await using cage = await makeCopyCage(`killed-${operation}-${way.slice(-3)}`, dockerHost);
    {
      await using before = await openCourier(cage);
      await before.fill("project", single(NOTHING));
    }
    await cage.inside(`fs.writeFileSync("old", "old");`);
    const client = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "tests/e2e/support/courier_client.ts", operation, cage.name],
      cwd: REPOSITORY,
      env: {
        ...{ SANDCAGE_E2E_RUN: RUN_ID, SANDCAGE_E2E_ROOT: RUN_ROOT },
        ...(way === "TCP" ? { DOCKER_HOST: door.url } : {}),
      },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    await waitForLine(client.stdout, "20");
    client.kill("SIGKILL");
    await client.status;

    await waitFor("the cut program to end", async () => {
      const running = await cage.inside(`console.log(fs.readdirSync("/run/courier").length)`);
      return running === "0" || undefined;
    });
    const found = await listWork(cage);
    if (operation === "change") assert.deepEqual(found, ["old"]);
    else assert.deepEqual(found.slice(-2), ["old", "seen"]);
    assert.equal(await cage.inside(`console.log(fs.readdirSync("/work").join())`), "project");
  });
}

/** Moments of a change at which it is killed; `deno task soak:copy` takes them closer together. */
const MOMENTS = Deno.env.has("SANDCAGE_SOAK_KILLS") ? 14 : 7;
/** By when even a slow machine has made its change, in milliseconds. */
const CHANGED_MS = 98;

Deno.test("a courier killed at any moment of a change leaves the old or the new, whole", async () => {
  await using cage = await makeCopyCage("torn");
  const trees = [await makeTempTree(), await makeTempTree()];
  await using _first = trees[0]!;
  await using _second = trees[1]!;
  for (const [index, tree] of trees.entries()) {
    for (let count = 0; count < 400; count++) {
      const dir = `${tree.path}/d${count % 20}${count % 3 === 0 ? index : ""}`;
      await Deno.mkdir(dir, { recursive: true });
      await Deno.writeTextFile(`${dir}/f${count}`, `${index}`.repeat(count));
    }
  }
  {
    await using courier = await openCourier(cage);
    await courier.fill("project", packTree(trees[0]!.path));
  }
  const wholes = trees.map(({ path }) => describeTree(path).filter((line) => / file /.test(line)));
  const ends = new Set<string>();
  let is = 0;
  for (let round = 0; round < MOMENTS; round++) {
    await using courier = await openCourier(cage);
    const items = await scanAll(courier.scan("project", []));
    const wanted = new Map(
      Array.from(
        await scanAll(scanHere(trees[1 - is]!.path)),
        (item) => [item.path, item] as const,
      ),
    );
    const expected = items.map((item) => {
      assert.ok(!isProblem(item));
      return { path: item.path, was: item };
    });
    const removes = items.map(({ path }) => path).filter((path) => !wanted.has(path));
    const killer = await armKiller(cage, { afterMs: round * (CHANGED_MS / MOMENTS) });
    const changing = courier.change("project", {
      ...{ tar: packTree(trees[1 - is]!.path), bytes: 0, entries: 0 },
      ...{ removes, expected },
    }).then(({ changed }) => changed.length === 0 ? "done" : "refused", () => "cut");
    ends.add(await changing);
    await killer.fired;

    await using next = await openCourier(cage);
    const paths = (await scanAll(next.scan("project", []))).map(({ path }) => path);
    const now = (await describeTar(next.read("project", paths)))
      .filter((line) => / file /.test(line)).join("\n");
    const found = wholes.findIndex((whole) => whole.join("\n") === now);
    assert.notEqual(found, -1, `round ${round}: neither the old nor the new`);
    is = found;
  }
  assert.ok(ends.has("cut"), "none was killed on its way");
  assert.ok(!ends.has("refused"));
});

Deno.test("a courier that dies in the middle is told, and the next call has another", async () => {
  await using cage = await makeCopyCage("dies");
  await using courier = await openCourier(cage);
  await courier.fill("project", single(NOTHING));
  async function* cut() {
    yield NOTHING.subarray(0, 0);
    await cage.engine.docker(["kill", courierName(cage.id)]);
    for (;;) yield new Uint8Array(100_000);
  }
  await assert.rejects(
    courier.fill("project", cut()),
    { message: /^(The connection to the files of cage "dies" broke off|Cage "dies": )/ },
  );
  assert.deepEqual(await scanAll(courier.scan("project", [])), []);
});

Deno.test("an engine over TCP is reached by the docker client", async () => {
  await using door = openTcpDoor("/var/run/docker.sock");
  await using cage = await makeCopyCage("tcp", { dockerHost: door.url });
  await using tree = await makeTempTree();
  await makeRandomTree(tree.path, { seed: 4, entries: 120 });
  await using courier = await openCourier(cage);
  await courier.fill("project", packTree(tree.path));
  const paths = (await scanAll(courier.scan("project", []))).map(({ path }) => path);
  assert.deepEqual(await describeTar(courier.read("project", paths)), describeTree(tree.path));
  assert.ok(door.count() > 3);
});

Deno.test("a signal ends what is under way, with its reason", async () => {
  await using cage = await makeCopyCage("signal");
  const stop = new AbortController();
  await using courier = await openCourier(cage, { signal: stop.signal });
  await courier.fill("project", single(NOTHING));
  const reason = new Error("enough");
  async function* endless() {
    // A file that has room for all of it: a courier refuses zeros after the end of an archive.
    yield createTarWriter().header({
      ...{ path: "endless", kind: "file", size: 1e12 },
      ...{ mode: 0o644, mtimeMs: 1e12, ctimeMs: 0 },
    });
    for (let count = 0;; count++) {
      if (count === 3) stop.abort(reason);
      yield await Promise.resolve(new Uint8Array(100_000));
    }
  }
  await assert.rejects(courier.fill("project", endless()), reason);
  await assert.rejects(courier.hash("project", ["a"]), reason);
});

/** Runs shell lines as the agent would, in a container of Debian: the courier has no tools. */
async function runBeside(cage: TestCage, lines: readonly string[]): Promise<void> {
  const { code, stderr } = await cage.engine.docker([
    ...["run", "--rm", "--network", "none", "--user", `${cage.user.uid}:${cage.user.gid}`],
    ...["--volume", `${cage.volumes.work}:/work`, "--workdir", "/work/project"],
    ...[IMAGE.debian, "sh", "-ec", lines.join("\n")],
  ]);
  assert.equal(code, 0, stderr);
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function scanAll(batches: AsyncIterable<readonly TreeItem[]>): Promise<TreeItem[]> {
  return (await Array.fromAsync(batches)).flat();
}

/** A tree of this machine, as a courier would tell it. */
async function* scanHere(root: string): AsyncGenerator<TreeItem[]> {
  yield await Promise.resolve([...scanTree(root, { fs: denoFs(), rules: [] })]);
}

async function listWork(cage: TestCage): Promise<string[]> {
  await using own = await openCourier(cage);
  return (await scanAll(own.scan("project", []))).map(({ path }) => path);
}

async function waitForLine(stream: ReadableStream<Uint8Array>, line: string): Promise<void> {
  let text = "";
  for await (const piece of stream) {
    text += new TextDecoder().decode(piece);
    if (text.split("\n").includes(line)) return;
  }
  throw new Error(`It ended before it said ${line}: ${text}`);
}
