import { join } from "node:path";
import type { PreparedCage } from "../../cage/prepare.ts";
import { type CopyRecord, listCopyCages } from "../../copy/record.ts";
import type { ProcessResult } from "../../engine/process.ts";
import { CONFIG_FILE, LABEL } from "../../names.ts";
import type { Finding, OpenSuite } from "../case.ts";
import {
  destroyAll,
  formatEngineConfig,
  makeSelf,
  mustSelf,
  planPlace,
  type Self,
  type SelfPlace,
} from "../self.ts";
import {
  judgeGit,
  judgeLinks,
  judgeNames,
  judgeReview,
  judgeRules,
  type Landing,
} from "./judge.ts";
import { observeHostTree } from "./landing.ts";
import plant from "./plant.sh" with { type: "text" };

/** Upper bound of what the agent does, in milliseconds. */
const PLANT_MS = 60_000;

/** The project as its user left it. */
const FILES: Readonly<Record<string, string>> = {
  ".gitignore": "*.log\n",
  ".cageprotect": "mine.md\n",
  "mine.md": "mine\n",
  "free.txt": "mine\n",
  "removed.txt": "mine\n",
  "kept.txt": "mine\n",
  "plain": "mine\n",
  "dir/file": "mine\n",
  "replaced/file": "mine\n",
  "package.json": '{"scripts":{"test":"true"}}\n',
  ".envrc": "export A=1\n",
};

const JUDGES: Readonly<Record<string, (landing: Landing) => Finding>> = {
  W01: judgeLinks,
  W02: judgeNames,
  W03: judgeGit,
  W04: judgeRules,
  W05: judgeReview,
};

/**
 * Makes a copy cage of a project of its own, lets its agent do its worst, and brings the work back:
 * one export serves all cases.
 *
 * @param root Where to make it.
 */
export async function openCopied(cage: PreparedCage, root: string): Promise<OpenSuite> {
  await using stack = new AsyncDisposableStack();
  const place = await makePlace(root, cage);
  stack.defer(() => destroyAll(place));
  const landing = await land(cage, { place, self: makeSelf(place), root });
  const owned = stack.move();
  return {
    check(id) {
      const judge = JUDGES[id];
      if (judge === undefined) throw new Error(`There is no case ${id}`);
      return Promise.resolve(judge(landing));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Removes whatever cages a run has made below a directory. */
export async function clearCopied(root: string): Promise<void> {
  await destroyAll(planPlace(join(root, "home")));
}

async function makePlace(root: string, { config }: PreparedCage): Promise<SelfPlace> {
  const place = planPlace(join(root, "home"));
  await Deno.mkdir(place.cwd, { recursive: true });
  await Deno.mkdir(place.stateDir, { mode: 0o700 });
  await Deno.writeTextFile(
    join(place.stateDir, CONFIG_FILE.user),
    `[network]\nmode = "none"\n${formatEngineConfig(config)}`,
  );
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.mkdir(join(place.cwd, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(place.cwd, path), text);
  }
  // Ignored, so it does not go in; the agent makes one of its own.
  await Deno.writeTextFile(join(place.cwd, "ignored.log"), "mine\n");
  return place;
}

async function land(
  cage: PreparedCage,
  { place, self, root }: { place: SelfPlace; self: Self; root: string },
): Promise<Landing> {
  const outside = join(root, "outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "file"), "untouched\n");
  const canary = `/tmp/verify-${crypto.randomUUID()}`;
  await mustSelf(self, ["create", "--service", "shell", "--no-attach"]);
  const [made] = await listCopyCages(place.stateDir);
  const before = await observeHostTree(place.cwd);
  const planted = await runAsAgent(cage, made!.copy, [outside, canary]);
  const diff = await mustSelf(self, ["diff"]);
  const full = await mustSelf(self, ["diff", "--full"]);
  const unasked = await self(["export", "--delete"]);
  const between = await observeHostTree(place.cwd);
  const exported = await self(["export", "-y", "--delete"]);
  const hostCanary = await Deno.lstat(canary).then(() => true, () => false);
  return {
    shown: [diff, full, unasked].map(textOfBoth).join("\n"),
    unasked: { code: unasked.code, text: textOfBoth(unasked), tree: between },
    code: exported.code,
    before,
    after: await observeHostTree(place.cwd),
    outside: await observeHostTree(outside),
    canary: { inside: planted.trim().endsWith("fired"), host: hostCanary },
  };
}

function textOfBoth({ stdout, stderr }: ProcessResult): string {
  return `${stdout}\n${stderr}`;
}

/** Plants as the cage's own user, in its volume of work. It ends by itself, whoever started it. */
async function runAsAgent(
  { engine, images }: PreparedCage,
  copy: CopyRecord,
  args: readonly string[],
): Promise<string> {
  const result = await engine.docker([
    ...["run", "--rm", "--interactive", "--network", "none", "--cap-drop", "ALL"],
    ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.cage}=${copy.id}`],
    ...["--label", `${LABEL.role}=verify`, "--volume", `${copy.volumes.work}:/work`],
    ...["--user", `${copy.user.uid}:${copy.user.gid}`, "--workdir", "/work/project"],
    ...["--env", "HOME=/tmp", "--entrypoint", "sh", images.final.ref, "-s", "--", ...args],
  ], { stdin: plant, timeoutMs: PLANT_MS });
  if (result.code === 0) return result.stdout;
  throw new Error(`Planting ended with ${result.code}: ${result.stderr.trim()}`);
}
