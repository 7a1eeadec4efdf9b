/** kill -9 at random moments of export, sync and create: nothing is lost, nothing is half. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { IMAGE } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import {
  type CopiedProject,
  listTree,
  makeCopiedProject,
  writeFiles,
} from "./support/copied_project.ts";
import { exists } from "./support/files.ts";
import type { Running } from "./support/sandcage.ts";
import { makeWorld, type World } from "./support/world.ts";

/** Kills of one run of all three; `deno task soak:copy` does more. */
const KILLS = Number(Deno.env.get("SANDCAGE_SOAK_KILLS") ?? 10);
const ROUNDS = { export: Math.ceil(KILLS * 0.4), sync: Math.ceil(KILLS * 0.4) };
const CREATES = Math.max(1, KILLS - ROUNDS.export - ROUNDS.sync);

/** A machine with other work to do is given its time. */
const SLOW_MS = 400_000;

/** Files of the tree that changes. */
const FILES = 200;

Deno.test(`${ROUNDS.export} killed exports leave the host as it was or with all of it`, async () => {
  await using world = await makeCopiedProject("kill-out", planTree(0));
  const seen = { untouched: 0, whole: 0, recovered: 0 };
  let before = await listTree(world.project);
  let tookMs = 0;
  for (let kill = 0; kill <= ROUNDS.export; kill++) {
    const after = await changeInside(world, kill + 1);
    const child = world.spawn(["export", "-y", "--delete"]);
    // The first one is not killed: it says how long they take.
    // Every other one dies while files come or are put to their places.
    const begun = kill % 2 === 1 ? () => hasStage(world) : undefined;
    tookMs = await endAt(child, kill === 0 ? undefined : tookMs, begun);
    const isCut = await hasJournal(world);
    // What is committed and not finished is brought to its end by the next command, whichever.
    if (isCut) await world.must(["diff"]);
    const left = await listTree(world.project);
    const isWhole = left.join("\n") === after.join("\n");
    assert.deepEqual(left, isWhole || isCut ? after : before, `kill ${kill}, journal: ${isCut}`);
    seen[isCut ? "recovered" : isWhole ? "whole" : "untouched"]++;
    await world.must(["export", "-y", "--delete"]);
    before = await listTree(world.project);
    assert.deepEqual(before, after);
  }
  say("exports", seen);
});

Deno.test(`${ROUNDS.sync} killed syncs leave the cage as it was or with all of it`, async () => {
  await using world = await makeCopiedProject("kill-in", planTree(0));
  const seen = { untouched: 0, whole: 0 };
  let before = await listTree(world.project);
  let tookMs = 0;
  for (let kill = 0; kill <= ROUNDS.sync; kill++) {
    await removeAll(world.project);
    await writeFiles(world.project, planTree(kill + 1));
    const after = await listTree(world.project);
    const child = world.spawn(["sync", "-y", "--delete"]);
    tookMs = await endAt(child, kill === 0 ? undefined : tookMs);
    await world.must(["diff"]);
    const left = await listInside(world);
    const isWhole = left.join("\n") === after.join("\n");
    assert.deepEqual(left, isWhole ? after : before, `kill ${kill}`);
    seen[isWhole ? "whole" : "untouched"]++;
    await world.must(["sync", "-y", "--delete"]);
    before = await listInside(world);
    assert.deepEqual(before, after);
  }
  assert.equal(await world.inside("ls -A /work"), "project");
  say("syncs", seen);
});

Deno.test(`${CREATES} killed creates leave the project alone and can be made again`, async () => {
  await using world = await makeWorld("kill-new", { network: 'mode = "none"' });
  await writeFiles(world.project, planTree(0));
  const before = await listTree(world.project);
  const create = ["create", "--service", "shell", "--no-attach", "--name", "web"];
  const seen = { made: 0, unmade: 0 };
  // Images are made by the first one.
  await must(world, create);
  await must(world, ["destroy", "web", "-y"]);
  let tookMs = await endAt(world.spawn(create), undefined);
  await must(world, ["destroy", "web", "-y"]);
  for (let kill = 0; kill < CREATES; kill++) {
    tookMs = await endAt(world.spawn(create), tookMs);
    assert.deepEqual(await listTree(world.project), before, `kill ${kill}`);
    const isMade = (await world.sandcage(["exists", "web"], { timeoutMs: SLOW_MS })).code === 0;
    seen[isMade ? "made" : "unmade"]++;
    if (!isMade) await must(world, create);
    const diff = await must(world, ["diff", "web", "--json"]);
    assert.deepEqual(JSON.parse(diff).dirs[0].changes, [], `kill ${kill}`);
    await must(world, ["destroy", "web", "-y"]);
    assert.equal((await world.sandcage(["exists", "web"])).code, 1);
  }
  say("creates", seen);
});

/**
 * Kills at a random moment of the given time, which it answers with; without one it measures.
 *
 * @param begun From when on the moment counts; by default from the start.
 */
async function endAt(
  child: Running,
  tookMs: number | undefined,
  begun?: () => boolean,
): Promise<number> {
  const startMs = performance.now();
  if (tookMs === undefined) {
    const { code, stderr } = await child.ended;
    assert.equal(code, 0, stderr);
    return performance.now() - startMs;
  }
  let hasEnded = false;
  child.ended.then(() => hasEnded = true);
  const until = (isTime: () => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setInterval(() => {
      if (!hasEnded && !isTime()) return;
      clearInterval(timer);
      resolve();
    }, 1);
    return promise;
  };
  if (begun !== undefined) await until(begun);
  const fromMs = performance.now();
  const afterMs = Math.random() * (begun === undefined ? tookMs : tookMs / 2);
  await until(() => performance.now() - fromMs >= afterMs);
  await child.end("SIGKILL");
  return tookMs;
}

function hasStage(world: CopiedProject): boolean {
  try {
    const stage = join(world.state, "cages", world.record.id, "stage");
    return [...Deno.readDirSync(stage)].some(({ isDirectory }) => isDirectory);
  } catch {
    return false;
  }
}

async function must(world: World, args: readonly string[]): Promise<string> {
  const result = await world.sandcage(args, { timeoutMs: SLOW_MS });
  assert.equal(result.code, 0, `${args.join(" ")}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

async function hasJournal(world: CopiedProject): Promise<boolean> {
  const stage = join(world.state, "cages", world.record.id, "stage");
  if (!await exists(stage)) return false;
  for await (const { name, isDirectory } of Deno.readDir(stage)) {
    if (isDirectory && await exists(join(stage, name, "journal"))) return true;
  }
  return false;
}

/** Makes a generation of the tree inside, in place of the one before; answers what it looks like. */
async function changeInside(world: CopiedProject, generation: number): Promise<string[]> {
  const place = join(world.root, "generation");
  await Deno.remove(place, { recursive: true }).catch(() => {});
  await writeFiles(place, planTree(generation));
  await docker([
    ...["run", "--rm", "--network", "none", "--volume", `${world.record.volumes.work}:/work`],
    ...["--volume", `${place}:/generation:ro`, "--workdir", "/work/project"],
    ...["--user", `${world.record.user.uid}:${world.record.user.gid}`],
    ...[IMAGE.debian, "sh", "-ec"],
    "find . -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +; cp -r /generation/. .",
  ]);
  return await listTree(place);
}

/** As `listTree`, of the project inside; its names have no blanks. */
async function listInside(world: CopiedProject): Promise<string[]> {
  const text = await world.inside(`
    find . -mindepth 1 -path ./.git -prune -o -type d -printf '%P/\\n'
    hashes() { xargs -0r sha256sum | awk -v mark="$1" '{print substr($2, 3) " " substr($1, 1, 12) mark}'; }
    find . -path ./.git -prune -o -type f -perm -u+x -print0 | hashes ' *'
    find . -path ./.git -prune -o -type f ! -perm -u+x -print0 | hashes ''
  `);
  return text.split("\n").sort();
}

async function removeAll(root: string): Promise<void> {
  for (const { name } of [...Deno.readDirSync(root)]) {
    if (name !== ".git") await Deno.remove(join(root, name), { recursive: true });
  }
}

/** The tree of a generation: files that stay, change, come and go, and change their kind. */
function planTree(generation: number): Record<string, string | [string, true]> {
  const tree: Record<string, string | [string, true]> = { "README.md": "# A project\n" };
  for (let at = 0; at < FILES; at++) {
    const text = at % 2 === 0 ? "stays\n" : `generation ${generation}\n`.repeat(1 + at * 7);
    tree[`src/part${at % 9}/file${at}.txt`] = at % 5 === 0 && generation % 2 === 1
      ? [text, true]
      : text;
  }
  for (let at = 0; at < 20; at++) tree[`made${generation}/${at}.txt`] = `${generation}\n`;
  if (generation % 2 === 0) tree["turns"] = "a file\n";
  else tree["turns/inner"] = "in a directory\n";
  return tree;
}

function say(what: string, seen: Record<string, number>): void {
  const counts = Object.entries(seen).map(([how, count]) => `${count} ${how}`).join(", ");
  Deno.stderr.writeSync(new TextEncoder().encode(`killed ${what}: ${counts}\n`));
}
