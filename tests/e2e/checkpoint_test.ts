import assert from "node:assert/strict";
import { IMAGE } from "../../src/names.ts";
import { openCourier } from "../../src/transfer/courier.ts";
import { COURIER_PROGRAM, courierName } from "../../src/transfer/courier_container.ts";
import { armKiller, makeCopyCage, type TestCage } from "./support/copy_cage.ts";
import { makeRandomTree, packTree } from "./support/random_tree.ts";
import { makeTempTree } from "./support/temp_tree.ts";

/** What no host would take, and a checkpoint keeps: repositories, every name, mode and link. */
const AGENTS_OWN = `
  fs.mkdirSync(".git/objects", { recursive: true }); fs.writeFileSync(".git/HEAD", "ref\\n");
  fs.writeFileSync(Buffer.from("bad\\xff\\xfe", "latin1"), "bytes");
  fs.mkdirSync(Buffer.from("d\\xe9/\\xff".split("/")[0], "latin1"));
  fs.writeFileSync(Buffer.from("d\\xe9/in", "latin1"), "deep");
  fs.writeFileSync("secret", "s"); fs.chmodSync("secret", 0);
  fs.writeFileSync("suid", "s"); fs.chmodSync("suid", 0o4755);
  fs.mkdirSync("closed"); fs.writeFileSync("closed/in", "c"); fs.chmodSync("closed", 0);
  fs.mkdirSync("kept"); fs.writeFileSync("kept/f", "1", { mode: 0o444 }); fs.chmodSync("kept", 0o555);
  fs.linkSync("suid", "twin"); fs.symlinkSync("/etc/../nowhere", "absolute");
  fs.symlinkSync(Buffer.from("t\\xff", "latin1"), Buffer.from("l\\xff", "latin1"));
  const long = "n".repeat(200);
  fs.mkdirSync(long); fs.writeFileSync(long + "/" + long, "long");
  fs.symlinkSync("x".repeat(900), "far"); fs.writeFileSync("new\\nline\\x1b", "");
  fs.writeFileSync("/work/beside", "top"); fs.mkdirSync("/work/empty");
`;

const CHANGES = `
  fs.rmSync("suid"); fs.writeFileSync(".git/HEAD", "changed"); fs.chmodSync("kept", 0o755);
  fs.writeFileSync("kept/f2", "more"); fs.rmdirSync("/work/empty"); fs.writeFileSync("extra", "e");
  fs.chmodSync("secret", 0o600); fs.mkdirSync("/work/later"); fs.chmodSync(".", 0o700);
`;

Deno.test("a checkpoint brings back everything as it was: names, modes, times, links", async () => {
  await using cage = await makeCopyCage("checkpoint");
  await using tree = await makeTempTree();
  await makeRandomTree(tree.path, { seed: 5, entries: 120 });
  await using courier = await openCourier(cage);
  await courier.fill("project", packTree(tree.path));
  await cage.inside(AGENTS_OWN);
  const before = await describeWork(cage);

  const taken = await courier.checkpoint("before");
  assert.deepEqual(await describeWork(cage), before, "looking changes nothing");
  await cage.inside(CHANGES);
  const changed = await describeWork(cage);
  assert.notDeepEqual(changed, before);
  await courier.checkpoint("changed");
  await courier.restore("before");
  assert.deepEqual(await describeWork(cage), before);
  await courier.restore("changed");
  assert.deepEqual(await describeWork(cage), changed);

  const list = await courier.checkpoints();
  assert.deepEqual(list.map(({ name }) => name), ["before", "changed"]);
  assert.deepEqual(list[0], taken);
  assert.equal(taken.entries, before.length);
  await courier.forgetCheckpoint("before");
  assert.deepEqual((await courier.checkpoints()).map(({ name }) => name), ["changed"]);
  assert.deepEqual(await listPlaces(cage), [["beside", "later", "project"], [
    "changed.json",
    "changed.tar",
  ]]);
});

Deno.test("GNU tar reads a checkpoint", async () => {
  await using cage = await makeCopyCage("salvaged");
  await using courier = await openCourier(cage);
  await courier.fill("project", emptyTar());
  await cage.inside(AGENTS_OWN);
  const { entries } = await courier.checkpoint("one");
  const { code, stdout, stderr } = await cage.engine.docker([
    ...["run", "--rm", "--network", "none"],
    ...["--volume", `${cage.volumes.checkpoints}:/checkpoints`],
    ...[IMAGE.debian, "sh", "-ec"],
    "mkdir /x && cd /x && tar -xpf /checkpoints/one.tar && find . -mindepth 1 -print0",
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.split("\0").length - 1, entries);
  assert.ok(stdout.includes(`./project/${"n".repeat(200)}/${"n".repeat(200)}\0`));
});

Deno.test("what cannot be is said with the fix", async () => {
  await using cage = await makeCopyCage("refused");
  await using courier = await openCourier(cage);
  await courier.fill("project", emptyTar());
  await courier.checkpoint("one");
  await assert.rejects(courier.checkpoint("one"), {
    message: 'Cage "refused": There is a checkpoint "one" already',
    hint: "Give another name, or remove the old one first",
  });
  for (const act of [courier.restore, courier.forgetCheckpoint]) {
    await assert.rejects(act("none"), {
      message: 'Cage "refused": There is no checkpoint "none"',
      hint: "See those there are: sandcage checkpoints",
    });
  }
  for (const name of ["../x", "", ".new-1", "a/b", "-rf", "x".repeat(101)]) {
    await assert.rejects(courier.checkpoint(name), { message: /A checkpoint cannot be named/ });
  }
});

Deno.test("a damaged checkpoint is refused, and changes nothing", async () => {
  await using cage = await makeCopyCage("damaged");
  await using courier = await openCourier(cage);
  await courier.fill("project", emptyTar());
  await cage.inside(AGENTS_OWN);
  const before = await describeWork(cage);
  for (const [name, damage] of [["short", "fs.truncateSync(f, 5000)"], ["bent", BEND]] as const) {
    await courier.checkpoint(name);
    await cage.inside(`const f = "/checkpoints/${name}.tar"; ${damage}`);
    await assert.rejects(courier.restore(name), { message: /The checkpoint ("\w+" )?is damaged/ });
    assert.deepEqual(await describeWork(cage), before);
  }
});

const BEND = `const fd = fs.openSync(f, "r+"); fs.writeSync(fd, "99", 100);`;

/** Moments of a restore at which it is killed; `deno task soak:copy` takes them closer together. */
const MOMENTS = Deno.env.has("SANDCAGE_SOAK_KILLS") ? 12 : 6;
/** By when even a slow machine has restored it all, in milliseconds. */
const RESTORED_MS = 108;

Deno.test("a courier killed at any moment of a restore leaves one tree or the other, whole", async () => {
  await using cage = await makeCopyCage("torn");
  await using tree = await makeTempTree();
  await makeRandomTree(tree.path, { seed: 6, entries: 300 });
  await using courier = await openCourier(cage);
  await courier.fill("project", packTree(tree.path));
  await cage.inside(AGENTS_OWN);
  const trees = { one: await describeWork(cage), two: [] as string[] };
  await courier.checkpoint("one");
  await cage.inside(CHANGES);
  trees.two = await describeWork(cage);
  await courier.checkpoint("two");

  const met = new Set<string>();
  for (let round = 0; round < MOMENTS; round++) {
    const name = round % 2 === 0 ? "one" : "two";
    await using victim = await openCourier(cage);
    await victim.checkpoints();
    const killer = await armKiller(cage, { afterMs: round * (RESTORED_MS / MOMENTS) });
    const restoring = victim.restore(name).then(() => "done", () => "cut");
    met.add(await restoring);
    await killer.fired;
    await using next = await openCourier(cage);
    await next.checkpoints();
    const now = await describeWork(cage);
    const isWhole = Object.values(trees).some((known) => known.join("\n") === now.join("\n"));
    assert.ok(isWhole, `round ${round}: ${now.length} entries, one of neither`);
    assert.deepEqual((await listPlaces(cage))[1], ["one.json", "one.tar", "two.json", "two.tar"]);
  }
  assert.ok(met.has("cut"), "none was killed on its way");
});

/** Every entry below `/work` with all that is of it, as the agent sees it. */
async function describeWork(cage: TestCage): Promise<string[]> {
  const { code, stdout, stderr } = await cage.engine.docker([
    ...["exec", "--workdir", "/work", courierName(cage.id), COURIER_PROGRAM[0]!, "--eval", WALK],
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** The root of the volume belongs to the engine; a directory's time moves when its inside does. */
const WALK = `
  const fs = require("fs"), crypto = require("crypto"), out = [];
  const bytes = (path) => Buffer.from(path, "latin1");
  const open = (path, mode, bits, act) => {
    if ((mode & bits) === bits) return act();
    fs.chmodSync(bytes(path), mode | bits);
    try { return act(); } finally { fs.chmodSync(bytes(path), mode); }
  };
  const walk = (path) => {
    for (const name of fs.readdirSync(bytes(path), { encoding: "latin1" }).sort()) {
      const child = path + "/" + name, stat = fs.lstatSync(bytes(child)), mode = stat.mode & 0o7777;
      const what = stat.isSymbolicLink()
        ? fs.readlinkSync(bytes(child), "latin1")
        : stat.isFile()
        ? open(child, mode, 0o400, () =>
          crypto.createHash("md5").update(fs.readFileSync(bytes(child))).digest("hex"))
        : "";
      const time = stat.isDirectory() ? "" : Math.floor(stat.mtimeMs);
      out.push([child, stat.mode.toString(8), time, stat.nlink, what].join(" "));
      if (stat.isDirectory()) open(child, mode, 0o500, () => walk(child));
    }
  };
  walk(".");
  console.log(JSON.stringify(out));
`;

async function listPlaces(cage: TestCage): Promise<string[][]> {
  return JSON.parse(
    await cage.inside(`
      console.log(JSON.stringify(["/work", "/checkpoints"].map((dir) => fs.readdirSync(dir).sort())));
    `),
  );
}

async function* emptyTar(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(1024));
}
