import { join } from "node:path";
import type { PreparedCage } from "../../cage/prepare.ts";
import { type CopyRecord, listCopyCages } from "../../copy/record.ts";
import type { ProcessResult } from "../../engine/process.ts";
import { INSIDE, LABEL } from "../../names.ts";
import { pause } from "../../pause.ts";
import { type Pin, promoteRefs } from "../../promote/types.ts";
import { makeSelf, type SelfPlace } from "../self.ts";
import script from "./agent.sh" with { type: "text" };
import type { Attempt } from "./judge.ts";
import { photograph } from "./look.ts";
import { ask, type UserSide } from "./place.ts";

/** A promoted cage of a user who does not exist, with an agent at work in it. */
export type Stage = UserSide & {
  pin: Pin;
  /** Has the agent do one of what its script can, on top of what has landed. */
  agent(round: string, args?: readonly string[]): Promise<string>;
  /** Runs a program as the agent. */
  inside(command: readonly string[], stdin: string | Uint8Array): Promise<string>;
  /** Runs sandcage as the user. */
  command(args: readonly string[]): Promise<ProcessResult>;
  /** All that it printed by now. */
  said(): string;
};

/** Upper bounds of one program inside, and of what should come by itself, in milliseconds. */
const INSIDE_MS = 60_000;
const COME_MS = 30_000;

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 50;

/** Makes the cage and starts a session in it: from then on a process brings its commits out. */
export async function openStage(side: UserSide, cage: PreparedCage): Promise<Stage> {
  const self = makeSelf(side.place);
  await must(side.place, ["create", "--service", "shell", "--no-attach"]);
  const [made] = await listCopyCages(side.place.stateDir);
  const { promote } = made!.copy;
  if (promote === undefined) throw new Error("The cage that was made is not promoted");
  // It ends with the cage. Words that are added behind are its shell's, which needs none.
  const session = self(["shell", "--", "sh", "-c", "exec sleep infinity", "sh"]);
  session.catch(() => {});
  const container = await findContainer(made!.copy, { cage, session });
  const said: string[] = [];
  const inside = async (command: readonly string[], stdin: string | Uint8Array) => {
    const result = await cage.engine.docker([
      ...["exec", "--interactive", "--workdir", INSIDE.workProject, container, ...command],
    ], { stdin, timeoutMs: INSIDE_MS });
    if (result.code === 0) return result.stdout;
    throw new Error(`The agent's ${command.slice(0, 4).join(" ")}: ${result.stderr.trim()}`);
  };
  const stage: Stage = {
    ...side,
    pin: promote.pin,
    inside,
    async agent(round, args = []) {
      const landed = await readLanded(stage);
      return (await inside(["sh", "-s", "--", round, landed, ...args], script)).trim();
    },
    async command(args) {
      const result = await self(args);
      said.push(result.stdout, result.stderr);
      return result;
    },
    said: () => said.join("\n"),
  };
  return stage;
}

/** The last commit inside that has landed. */
export async function readLanded({ git, pin }: Pick<Stage, "git" | "pin">): Promise<string> {
  const { code, stdout } = await git.run(["rev-parse", "--verify", "-q", promoteRefs(pin).done]);
  return code === 0 ? new TextDecoder().decode(stdout).trim() : pin.snapshot;
}

/** Waits until a commit of the agent's has landed, by itself; `false` when it does not. */
export async function comes(stage: Stage, tip: string): Promise<boolean> {
  const lock = join(stage.pin.gitDir, "index.lock");
  return await until(async () =>
    await readLanded(stage) === tip && !await Deno.lstat(lock).then(() => true, () => false)
  );
}

/** What is tried, and how it ends. */
export type AttemptPlan = {
  what: string;
  /** What the user does before. */
  cause?(): Promise<unknown>;
  /** What the agent does; its last line is the commit. */
  act(): Promise<string>;
  /** Paths that must be named as being in the way. */
  names?: readonly string[];
  /** Takes the cause away; the commit that is to land then, where it is another. */
  resolve(): Promise<string | void>;
  /** Looked at while it waits. */
  meanwhile?(): Promise<unknown>;
};

/** Tries something that must not land yet, and takes its cause away again. */
export async function attempt(stage: Stage, plan: AttemptPlan): Promise<Attempt> {
  const { what, names = [] } = plan;
  const { place, outside, git } = stage;
  const take = () => photograph(git, [place.cwd, outside]);
  await plan.cause?.();
  const before = await take();
  const tip = (await plan.act()).split("\n").at(-1)!;
  const looked = await stage.command(["promote", "--once"]);
  const after = await take();
  const named = names.length === 0 ? [] : await readPaths(stage);
  await plan.meanwhile?.();
  const next = await plan.resolve() ?? tip;
  return {
    what,
    before,
    after,
    code: looked.code,
    unnamed: names.filter((path) => !named.includes(path)),
    resumed: await comes(stage, next),
  };
}

async function readPaths(stage: Stage): Promise<string[]> {
  const { stdout } = await stage.command(["status", "--json"]);
  const { paths } = JSON.parse(stdout) as { paths: string[] };
  return paths;
}

async function must(place: SelfPlace, args: readonly string[]): Promise<void> {
  const { code, stderr } = await makeSelf(place)(args);
  if (code === 0) return;
  throw new Error(`sandcage ${args.join(" ")} ended with ${code}\n${stderr.trim()}`);
}

async function findContainer(
  copy: CopyRecord,
  { cage, session }: { cage: PreparedCage; session: Promise<ProcessResult> },
): Promise<string> {
  const labels = [`${LABEL.cage}=${copy.id}`, `${LABEL.role}=agent`];
  const filters = [...labels.map((label) => `label=${label}`), "status=running"];
  let found = "";
  let ended: ProcessResult | undefined;
  session.then((result) => ended = result, () => {});
  // Building an image may come before it.
  while (found === "" && ended === undefined) {
    const listed = await cage.engine.docker([
      ...["ps", "--quiet", ...filters.flatMap((filter) => ["--filter", filter])],
    ]);
    found = listed.stdout.trim().split("\n")[0]!;
    // The engine lists one a moment before it can be asked for anything.
    const answers = found !== "" &&
      (await cage.engine.docker(["exec", found, "true"])).code === 0;
    if (!answers) await pause(LOOK_MS);
    if (!answers) found = "";
  }
  if (found !== "") return found;
  throw new Error(`The session ended with ${ended?.code}\n${ended?.stderr.trim()}`);
}

/** Waits until something is so; `false` when that takes too long. */
export async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + COME_MS;
  for (;;) {
    if (await isSo()) return true;
    if (Date.now() > deadline) return false;
    await pause(LOOK_MS);
  }
}

/** Names of all refs of the user's repository, with where they are. */
export async function readRefs({ git }: Pick<Stage, "git">): Promise<Map<string, string>> {
  const text = await ask(git, ["for-each-ref", "--format=%(refname) %(objectname)"]);
  return new Map(text.split("\n").map((row) => row.split(" ") as [string, string]));
}
