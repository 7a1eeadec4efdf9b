import { join } from "node:path";
import { promoteRefs } from "../../promote/types.ts";
import { makeHistory } from "./crossing.ts";
import type { Attempt, Promotion } from "./judge.ts";
import { readSide } from "./look.ts";
import { ask, BRANCH, runUserGit } from "./place.ts";
import { attempt, comes, readLanded, readRefs, type Stage, until } from "./stage.ts";

/** Trees that no host must ever make files of, by what the agent's script calls them. */
const EVIL = [
  ["git", "a directory .git"],
  ["up", "an entry .."],
  ["twin", "a link and a directory of one name"],
  ["module", "a module whose address is an option"],
] as const;

/**
 * Plays all there is to try, one after another: each begins with what has landed, so that one that
 * went wrong says nothing of the next. What could do most harm to the branch comes last.
 */
export async function playScenes(stage: Stage): Promise<Promotion> {
  const before = await readRefs(stage);
  const inside = await stage.agent("look");
  const crossing = await cross(stage);
  const guarded = [await collide(stage), await holdBack(stage), ...await tryTrees(stage)];
  const hooks = await tryHooks(stage);
  await comes(stage, await stage.agent("refs"));
  // What comes besides comes behind it.
  await stage.command(["promote", "--once"]);
  const bomb = await tryBomb(stage);
  const rewritten = await rewrite(stage);
  const refs = await compareRefs(stage, before);
  return { inside, crossing, guarded, hooks, refs, bomb, rewritten, said: stage.said() };
}

async function cross(stage: Stage): Promise<Promotion["crossing"]> {
  const { git, pin } = stage;
  const { stream, commits } = makeHistory(pin.snapshot);
  await stage.inside(["git", "fast-import", "--quiet", "--done", "--force"], stream);
  const tip = (await stage.inside(["git", "rev-parse", pin.innerBranch], "")).trim();
  await comes(stage, tip);
  await stage.command(["promote", "--to", "again"]);
  const landed = await ask(git, ["rev-parse", BRANCH]);
  const inner = await readSide(git, { from: pin.snapshot, tip: await readLanded(stage) });
  return {
    inner,
    outer: await readSide(git, { from: pin.base, tip: landed }),
    made: commits,
    landed,
    again: await ask(git, ["rev-parse", "refs/heads/again"]),
  };
}

/** Everything of the user's that can be in the way, at once. */
function collide(stage: Stage): Promise<Attempt> {
  const { place: { cwd }, outside, git } = stage;
  const at = (path: string) => join(cwd, path);
  const untracked = ["untracked.txt", "ignored.log", "e\x1b[31msc.txt"];
  const dirs = ["mod", "taken"];
  return attempt(stage, {
    what: "files in the way",
    async cause() {
      for (const path of ["tracked.txt", ...untracked]) {
        await Deno.writeTextFile(at(path), "not committed\n");
      }
      await Deno.symlink(outside, at("linked"));
      for (const dir of dirs) {
        await Deno.mkdir(at(dir));
        await Deno.writeTextFile(join(at(dir), "keep"), "mine\n");
      }
    },
    act: () => stage.agent("collide"),
    names: ["tracked.txt", "untracked.txt", "ignored.log", "linked", "mod/keep", "taken/keep"],
    async resolve() {
      await git.run(["checkout", "--quiet", "--", "tracked.txt"]);
      for (const path of [...untracked, ...dirs, "linked"]) {
        await removeIfThere(at(path));
      }
    },
  });
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(() => {});
}

/** The user looks at another branch. */
function holdBack(stage: Stage): Promise<Attempt> {
  const { git } = stage;
  return attempt(stage, {
    what: "another branch",
    cause: () => git.run(["switch", "--quiet", "main"]),
    act: () => stage.agent("plain", ["held.txt"]),
    async resolve() {
      await git.run(["switch", "--quiet", "user/work"]);
    },
  });
}

/** All of them are tried before one commit shows that they kept nothing up. */
async function tryTrees(stage: Stage): Promise<Attempt[]> {
  const tried: Attempt[] = [];
  for (const [name, what] of EVIL) {
    const isLast = name === EVIL.at(-1)![0];
    tried.push(
      await attempt(stage, {
        what,
        act: () => stage.agent("evil", [name]),
        resolve: () => isLast ? stage.agent("plain", ["after.txt"]) : readLanded(stage),
      }),
    );
  }
  const resumed = tried.at(-1)!.resumed;
  return tried.map((each) => ({ ...each, resumed }));
}

async function tryHooks(stage: Stage): Promise<Promotion["hooks"]> {
  const { canaries, place } = stage;
  const [tip, fired] = (await stage.agent("hooks", [canaries.hook])).split("\n");
  await comes(stage, tip!);
  // What came with one commit acts on the next.
  await comes(stage, await stage.agent("plain", ["after-hooks.txt"]));
  const ran: string[] = [];
  const note = async (what: string, path: string) => {
    if (await isThere(path)) ran.push(what);
  };
  const filtered = await attempt(stage, {
    what: "a filter",
    act: () => stage.agent("filter"),
    meanwhile: () => note("a filter", canaries.filter),
    resolve: () => removeFilter(stage),
  });
  await note("a hook", canaries.hook);
  await removeIfThere(canaries.filter);
  await removeIfThere(canaries.hook);
  await runUserGit(place, ["update-ref", "refs/verify/fires", "HEAD"]);
  await runUserGit(place, [
    ...["-c", `filter.verify.clean=touch '${canaries.filter}'; cat`],
    ...["hash-object", "--stdin", "--path", "x.dat"],
  ]);
  const fires = {
    inside: fired === "fired",
    hook: await isThere(canaries.hook),
    filter: await isThere(canaries.filter),
  };
  for (const path of Object.values(canaries)) await removeIfThere(path);
  // From here on nothing of it is in the way of who looks.
  await stage.git.run(["update-ref", "-d", "refs/verify/fires"]);
  return { ran, fires, filtered };
}

async function removeFilter({ place }: Stage): Promise<void> {
  await runUserGit(place, ["config", "--remove-section", "filter.verify"]);
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** What of refs has come about in the user's repository, whatever was made inside. */
async function compareRefs(stage: Stage, before: Map<string, string>): Promise<Promotion["refs"]> {
  const after = await readRefs(stage);
  const own = Object.values(promoteRefs(stage.pin));
  const moved = [...before].filter(([name, id]) =>
    ![BRANCH, ...own].includes(name) && after.get(name) !== id
  );
  return {
    made: [
      ...[...after.keys()].filter((name) => !before.has(name)),
      ...moved.map(([name]) => `${name}, moved`),
    ],
    allowed: ["refs/heads/again", "refs/heads/review", ...own],
    wanted: "refs/heads/review",
  };
}

async function tryBomb(stage: Stage): Promise<Promotion["bomb"]> {
  const left: string[] = [];
  let tip = "";
  const tried = await attempt(stage, {
    what: "a commit of 5 MB",
    act: async () => tip = await stage.agent("bomb"),
    async meanwhile() {
      const { code } = await stage.git.run(["cat-file", "-e", tip]);
      if (code === 0) left.push("the commit");
    },
    resolve: () => stage.agent("plain", ["after-bomb.txt"]),
  });
  // A look may be under way.
  const isClear = await until(async () => (await listArriving(stage)).length === 0);
  if (!isClear) left.push(...await listArriving(stage));
  return { ...tried, left };
}

/** What has arrived and is in the user's repository not yet. */
async function listArriving({ pin }: Stage): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(pin.commonDir, "objects")));
  return entries.map(({ name }) => name).filter((name) => name.startsWith("tmp_"));
}

async function rewrite(stage: Stage): Promise<Promotion["rewritten"]> {
  let tip = "";
  let offered = "";
  const tried = await attempt(stage, {
    what: "an amended commit",
    act: async () => tip = await stage.agent("amend"),
    async meanwhile() {
      await stage.command(["promote", "--to", "review"]);
      const { stdout } = await stage.git.run(["log", "-1", "--format=%s", "review"]);
      offered = new TextDecoder().decode(stdout).trim();
    },
    resolve: () => stage.agent("plain", ["after-amend.txt"]),
  });
  return { ...tried, isOffered: tip !== "" && offered === "amended" };
}
