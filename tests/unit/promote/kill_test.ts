import assert from "node:assert/strict";
import { join } from "node:path";
import { lookAtCage } from "../../../src/promote/look.ts";
import type { Pin } from "../../../src/promote/types.ts";
import { IDENTITY, localLooks } from "../support/look_options.ts";
import { runGit, testEnv } from "../support/landing_world.ts";

const KILLS = Number(Deno.env.get("SANDCAGE_SOAK_KILLS") ?? 10);
const SEED = Number(Deno.env.get("SANDCAGE_SOAK_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** One life in so many has to land something before it ends, or else proves little. */
const ENOUGH = 10;
/** So many times the kills there may be, for want of landings. */
const MOST_TIMES = 5;
/** Kills from outside are spread over so many milliseconds: a few looks. */
const LIFE_MS = 1_500;
/** Kills between two effects are spread over so many of them: a few landings. */
const LIFE_MOMENTS = 60;
/** A life in which so many effects never come, because commits wait, ends after milliseconds. */
const LONGEST_MS = 2_500;
const DRIVER = new URL("../support/land_driver.ts", import.meta.url).pathname;

Deno.test(`after ${KILLS} kills every commit landed once and no byte of the user is lost (seed ${SEED})`, async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-kills-" }));
  try {
    await campaign(root, createRandom(SEED));
    await Deno.remove(root, { recursive: true });
  } catch (error) {
    throw new Error(`Kept: ${root}, seed ${SEED}`, { cause: error });
  }
});

type Random = {
  below(limit: number): number;
  of<T>(items: readonly T[]): T;
};

type World = {
  root: string;
  user: string;
  inner: string;
  pin: Pin;
  random: Random;
  run(dir: string, ...args: string[]): Promise<string>;
  /** Subjects of commits made inside, and by the user. */
  made: { inside: string[]; user: string[] };
  /** What the user wrote last and has not thrown away, by path. */
  mine: Map<string, string>;
};

async function campaign(root: string, random: Random): Promise<void> {
  const world = await openWorld(root, random);
  let landings = 0;
  // On a busy machine a life may be too short for anything to land: then there are more, longer ones.
  const isEnough = (kills: number) =>
    kills >= KILLS && (landings > KILLS / ENOUGH || kills >= MOST_TIMES * KILLS);
  for (let kill = 0; !isEnough(kill); kill++) {
    await commitInside(world);
    landings += await killOne(world, 1 + Math.floor(kill / KILLS));
    checkMine(world);
    if (random.below(2) === 0) await tidyUp(world);
  }
  await settleAll(world);
  await checkAll(world);
  // A campaign in which nothing ever landed before a kill proves little.
  assert.ok(landings > KILLS / ENOUGH, `${landings} landings, ${KILLS} lives or more`);
}

async function openWorld(root: string, random: Random): Promise<World> {
  const [user, inner] = [join(root, "user"), join(root, "inner")];
  const env = testEnv(root);
  const run = (dir: string, ...args: string[]) => runGit(env, { dir, args });
  for (const dir of [user, inner]) {
    await Deno.mkdir(dir);
    await run(dir, "init", "-q", "-b", "main");
    for (let index = 0; index < 60; index++) {
      await Deno.mkdir(join(dir, `agent/${index % 6}`), { recursive: true });
      await Deno.writeTextFile(join(dir, `agent/${index % 6}/f${index}`), `first ${index}\n`);
    }
    await Deno.mkdir(join(dir, "own"));
    for (let index = 0; index < 5; index++) {
      await Deno.writeTextFile(join(dir, `own/${index}`), `own ${index}\n`);
    }
    await Deno.writeTextFile(join(dir, ".gitignore"), "*.ignored\n");
    await run(dir, "add", "-A");
    await run(dir, "commit", "-q", "-m", dir === user ? "the user's" : "snapshot");
  }
  await run(user, "branch", "other");
  const pin: Pin = {
    cage: "kills-1",
    worktree: user,
    gitDir: join(user, ".git"),
    commonDir: join(user, ".git"),
    branch: "refs/heads/main",
    base: await run(user, "rev-parse", "HEAD"),
    snapshot: await run(inner, "rev-parse", "HEAD"),
    innerBranch: "main",
  };
  return { root, user, inner, pin, random, run, made: { inside: [], user: [] }, mine: new Map() };
}

/** One life of the daemon, so many times as long as an ordinary one, with the user at work meanwhile. */
async function killOne(world: World, times: number): Promise<number> {
  const { random } = world;
  const isTimed = random.below(2) === 0;
  const lastMoment = isTimed ? -1 : random.below(LIFE_MOMENTS);
  const task = JSON.stringify([world.root, world.pin, lastMoment]);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", DRIVER, task],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = (await reader.read()).value ?? "";
  const rest = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      said += value;
    }
  })();
  let isOver = false;
  const working = (async () => {
    while (!isOver) {
      await actAsUser(world);
      // People think in between; a git at work all the time would let nothing land.
      await new Promise((resolve) => setTimeout(resolve, times * (50 + random.below(400))));
    }
  })();
  const more = random.below(3) === 0 ? commitInside(world) : Promise.resolve();
  const killer = setTimeout(
    () => child.kill("SIGKILL"),
    times * (isTimed ? random.below(LIFE_MS) : LONGEST_MS),
  );
  await child.status;
  clearTimeout(killer);
  isOver = true;
  await Promise.all([working, rest, more]);
  const errors = said.split("\n").filter((line) => line.includes('"kind":"error"'));
  const odd = errors.filter((line) => !/File exists|Unable to create/.test(line));
  assert.deepEqual(odd, [], "the daemon fails only where another git is at work");
  return said.split('"kind":"landed"').length - 1;
}

/** Commits of every kind, on one branch or merged from two. */
async function commitInside(world: World): Promise<void> {
  const { inner, random, run, made } = world;
  const isMerge = random.below(5) === 0;
  if (isMerge) await run(inner, "switch", "-q", "-c", "side");
  for (let count = 1 + random.below(3); count > 0; count--) {
    for (let changes = 1 + random.below(8); changes > 0; changes--) await changeInside(world);
    await commit(`inside ${made.inside.length}`);
  }
  if (!isMerge) return;
  await run(inner, "switch", "-q", "main");
  await Deno.writeTextFile(join(inner, `agent/merged-${made.inside.length}`), "m\n");
  await commit(`inside ${made.inside.length}`);
  const subject = `inside ${made.inside.length}`;
  await run(inner, "merge", "-q", "--no-ff", "-m", subject, "side");
  made.inside.push(subject);
  await run(inner, "branch", "-q", "-d", "side");

  async function commit(subject: string): Promise<void> {
    await run(inner, "add", "-A", "-f");
    await run(inner, "commit", "-q", "--allow-empty", "-m", subject);
    made.inside.push(subject);
  }
}

async function changeInside({ inner, random, made }: World): Promise<void> {
  const path = join(inner, `agent/${random.below(6)}/f${random.below(70)}`);
  const stat = await Deno.lstat(path).catch(() => undefined);
  const text = `inside ${made.inside.length} ${random.below(2 ** 31)}\n`;
  switch (random.below(7)) {
    case 0:
      return await Deno.remove(path, { recursive: true }).catch(() => {});
    case 1:
      if (stat?.isFile) await Deno.chmod(path, (stat.mode! & 0o100) === 0 ? 0o755 : 0o644);
      return;
    case 2:
      await Deno.remove(path, { recursive: true }).catch(() => {});
      return await Deno.symlink(`../somewhere/${random.below(100)}`, path);
    case 3:
      await Deno.remove(path, { recursive: true }).catch(() => {});
      await Deno.mkdir(path);
      return await Deno.writeTextFile(join(path, `deep-${random.below(3)}`), text);
    default:
      if (stat !== undefined && !stat.isFile) await Deno.remove(path, { recursive: true });
      return await Deno.writeTextFile(path, text.repeat(1 + random.below(2000)));
  }
}

/** One thing that users do. A lock that is held makes git fail, as it does for them. */
async function actAsUser(world: World): Promise<void> {
  const { user, random, run, mine, made } = world;
  const id = `${made.user.length}-${random.below(2 ** 31)}`;
  switch (random.below(8)) {
    case 0:
    case 1: {
      // Commits only what is only theirs, on the branch that is landed on.
      if (await run(user, "branch", "--show-current") !== "main") return;
      const path = `own/${random.below(5)}`;
      await save(user, path, `mine ${id}\n`);
      const subject = `user ${id}`;
      const isDone = await run(user, "commit", "-q", "-m", subject, "--", path).then(
        () => true,
        () => false,
      );
      if (isDone) made.user.push(subject);
      else {await run(user, "log", "-1", "--format=%s").then((last) => {
          if (last === subject) made.user.push(subject);
        });}
      return;
    }
    case 2:
      await run(user, "switch", "-q", "other").catch(() => {});
      return void await run(user, "switch", "-q", "main").catch(() => {});
    case 3:
    case 4:
      return void await run(user, "switch", "-q", "main").catch(() => {});
    case 5: {
      if (mine.size > 1) return;
      // New files, ignored ones too, where commits bring files.
      const name = `agent/${random.below(6)}/f${60 + random.below(10)}`;
      const path = random.below(2) === 0 ? name : `agent/note-${random.below(20)}.ignored`;
      if (await Deno.lstat(join(user, path)).then(() => true, () => false)) return;
      if (await saveNew(user, path, `new ${id}\n`)) mine.set(path, `new ${id}\n`);
      return;
    }
    case 6: {
      // Edits of files that commits change.
      const path = `agent/${random.below(6)}/f${random.below(60)}`;
      const stat = await Deno.lstat(join(user, path)).catch(() => undefined);
      if (!stat?.isFile || mine.has(path) || mine.size > 2) return;
      await save(user, path, `edit ${id}\n`);
      mine.set(path, `edit ${id}\n`);
      return;
    }
    default:
      return await tidyUp(world);
  }
}

/** As editors save: a new file in the place of the old one. */
async function save(dir: string, path: string, text: string): Promise<void> {
  const temporary = join(dir, ".git", "saving");
  await Deno.writeTextFile(temporary, text);
  await Deno.mkdir(join(dir, path, ".."), { recursive: true }).catch(() => {});
  await Deno.rename(temporary, join(dir, path)).catch(() => {});
}

async function saveNew(dir: string, path: string, text: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(join(dir, path), text, { createNew: true });
    return true;
  } catch {
    return false;
  }
}

/** The user throws away what they wrote, having found it as it was. */
async function tidyUp(world: World): Promise<void> {
  checkMine(world);
  const { user, run, mine } = world;
  for (const path of [...mine.keys()]) {
    mine.delete(path);
    await Deno.remove(join(user, path));
  }
  // Fails while a lock is there; the next time brings back what is missing then.
  await run(user, "checkout", "-q", "--", "agent").catch(() => {});
}

function checkMine({ user, mine }: World): void {
  for (const [path, text] of mine) {
    assert.equal(Deno.readTextFileSync(join(user, path)), text, `${path} is the user's`);
  }
}

async function settleAll(world: World): Promise<void> {
  const { user, run, root, pin } = world;
  await lookAtCage(localLooks(root, pin));
  await tidyUp(world);
  await run(user, "switch", "-q", "main");
  await run(user, "checkout", "-q", "--", ".");
  for (let look = 0; look < 100; look++) {
    const outcome = await lookAtCage({ ...localLooks(root, pin), nowMs: Date.now() });
    if (outcome.kind === "idle") return;
    assert.equal(outcome.kind, "landed", JSON.stringify(outcome));
  }
  assert.fail("it never comes to rest");
}

async function checkAll(world: World): Promise<void> {
  const { user, inner, run, made, root } = world;
  const subjects = (await run(user, "log", "--format=%s", "main")).split("\n");
  for (const subject of [...made.inside, ...made.user]) {
    assert.equal(subjects.filter((one) => one === subject).length, 1, `"${subject}" landed once`);
  }
  const landed = await run(user, "log", "--format=%s", `--author=${IDENTITY.email}`, "main");
  assert.equal(landed.split("\n").length, made.inside.length);
  assert.equal(await run(user, "status", "--porcelain"), "");
  assert.equal(await run(user, "diff-files", "--name-only"), "");
  const trees = (dir: string) => run(dir, "rev-parse", "main:agent");
  assert.equal(await trees(user), await trees(inner));
  assert.equal(await run(user, "fsck", "--strict", "--no-dangling"), "");
  const left = [...Deno.readDirSync(join(user, ".git"))].map(({ name }) => name);
  assert.deepEqual(left.filter((name) => name.includes("sandcage") || name.endsWith(".lock")), []);
  const kept = [...Deno.readDirSync(join(root, "state"))].map(({ name }) => name);
  assert.deepEqual(kept.filter((name) => name !== "landed.json"), []);
}

/** Numbers that are the same for the same seed (mulberry32). */
function createRandom(seed: number): Random {
  let state = seed | 0;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return { below, of: (items) => items[below(items.length)]! };
}
