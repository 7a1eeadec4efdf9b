import { join } from "node:path";
import { type ManagedObject, observeManaged } from "../../cage/inventory.ts";
import { applyRemoval, planRemoval } from "../../cage/remove.ts";
import { listCopyCages } from "../../copy/record.ts";
import { type KnownSession, listSessions } from "../../cage/sessions.ts";
import { cageDir } from "../../cage/store.ts";
import { connectEngine } from "../../engine/connect.ts";
import { EXIT, UserError } from "../../errors.ts";
import { CONFIG_FILE } from "../../names.ts";
import type { CommandContext } from "../context.ts";
import { formatCount } from "../output.ts";
import { endPromoter } from "../../promote/cage/hold.ts";
import { forgetPromoted } from "../../promote/cage/refs.ts";
import { isPromoted } from "../../promote/cage/site.ts";

/** What may go, and how to ask. */
export type ResetOptions = Choice & { yes: boolean; force: boolean };

/** The kinds a person chooses from. */
export type Choice = Record<(typeof KINDS)[number], boolean>;

/** Everything there is to remove: objects on the engine and entries of the state directory. */
export type Belongings = {
  objects: ManagedObject[];
  state: string[];
  /** Records of cages that have files of their own: without them nobody finds their work. */
  work: string[];
};

/** Written by the user, or keys that other machines know: reset never takes them. */
const KEPT = [CONFIG_FILE.user, "ssh"];

const KINDS = ["containers", "images", "volumes", "state", "work"] as const;

/** `sandcage reset`: removes what sandcage made, after showing exactly what. */
export async function runReset(options: ResetOptions, context: CommandContext): Promise<number> {
  const { host, io } = context;
  const engine = await connectEngine({ host, context: context.engineContext ?? null });
  const belongings: Belongings = {
    objects: await observeManaged(engine),
    ...await listState(host.stateDir),
  };
  const asked = KINDS.some((kind) => options[kind]);
  const choice = asked || !io.interactive ? options : await choose(belongings, context);
  const chosen = planReset(belongings, choice);
  if (!asked && !io.interactive) {
    io.out(formatBelongings(belongings));
    io.talk(
      "Nothing was removed. Choose: --containers, --images, --volumes, --state, --work or --all",
    );
    return EXIT.ok;
  }
  const count = countOf(chosen);
  if (count === 0) {
    io.talk("There is nothing to remove");
    return EXIT.ok;
  }
  refuseLive(await listSessions(host.stateDir), options.force);
  io.talk(`This removes:\n${formatBelongings(chosen)}`);
  if (!options.yes && !await io.confirm("Remove all of this?", { assumed: false })) {
    io.talk(io.interactive ? "Nothing was removed" : "Nothing was removed: add --yes");
    return EXIT.failed;
  }
  using step = io.progress("Removing");
  const failures = await applyRemoval(chosen.objects, {
    engine,
    onRemoved: ({ title }) => step.update(title),
  });
  for (const { object, reason } of failures) {
    io.warn(`Cannot remove ${object.kind} ${object.title}: ${reason}`);
  }
  await forgetRefs(chosen.work, context);
  for (const path of [...chosen.state, ...chosen.work]) {
    await Deno.remove(path, { recursive: true });
  }
  if (failures.length > 0) return EXIT.failed;
  step.done(formatCount(count, "thing"));
  if (!choice.work && belongings.work.length > 0) {
    const cages = formatCount(belongings.work.length, "cage");
    io.talk(`Kept: the work of ${cages} with files of their own. Look at them: sandcage list`);
  }
  return EXIT.ok;
}

/** Cages whose commits came back by themselves keep refs in the repositories of their users. */
async function forgetRefs(work: readonly string[], { host, io }: CommandContext): Promise<void> {
  for (const { copy } of await listCopyCages(host.stateDir)) {
    if (!isPromoted(copy) || !work.includes(cageDir(host.stateDir, copy.id))) continue;
    await endPromoter(copy, host.stateDir);
    try {
      await forgetPromoted(copy, { host });
    } catch (error) {
      // The repository is gone, or is none any more: then so are its refs.
      if (!(error instanceof UserError) && !(error instanceof Deno.errors.NotFound)) throw error;
      io.warn(`Refs of ${copy.name} may be left in ${copy.roots[0]!.hostPath}: ${error.message}`);
    }
  }
}

/** Keeps of all belongings what was chosen, in the order of removal. Pure. */
export function planReset(belongings: Belongings, choice: Choice): Belongings {
  const wanted: Record<ManagedObject["kind"], boolean> = {
    container: choice.containers,
    network: choice.containers,
    volume: choice.volumes,
    image: choice.images,
  };
  const isWanted = ({ kind, role }: ManagedObject) => {
    if (role === "work" || role === "checkpoints") return choice.work;
    // Nothing else holds on to a volume of work.
    return kind === "container" && !choice.containers
      ? choice.work && role === "courier"
      : wanted[kind];
  };
  return {
    objects: planRemoval(belongings.objects.filter(isWanted)),
    state: choice.state ? [...belongings.state].sort() : [],
    work: choice.work ? [...belongings.work].sort() : [],
  };
}

/** Formats belongings one per line. Pure. */
export function formatBelongings(belongings: Belongings): string {
  const lines = planRemoval(belongings.objects).map(({ kind, title, cage, running }) => {
    const about = [running === true ? "running" : "", cage === undefined ? "" : `cage ${cage}`]
      .filter((part) => part !== "").join(", ");
    return `  ${kind.padEnd(9)}  ${title}${about === "" ? "" : `  (${about})`}`;
  });
  const files = [
    ...[...belongings.state].sort().map((path) => `  ${"state".padEnd(9)}  ${path}`),
    ...[...belongings.work].sort().map((path) => `  ${"work".padEnd(9)}  ${path}`),
  ];
  return [...lines, ...files].join("\n") || "  nothing";
}

/**
 * Refuses to pull the ground from under somebody.
 *
 * @throws {UserError} Of code `conflict` if a session is live and `force` is false.
 */
export function refuseLive(
  sessions: readonly Pick<KnownSession, "live" | "record">[],
  force: boolean,
): void {
  const live = sessions.filter((session) => session.live);
  if (live.length === 0 || force) return;
  const names = live.map(({ record }) => `${record.service} in ${record.cageId}`).join(", ");
  throw new UserError(`Cannot reset: ${formatCount(live.length, "session")} still run: ${names}`, {
    hint: "End them with: sandcage stop --all\nOr remove everything under them with --force",
    exit: EXIT.conflict,
    code: "conflict",
  });
}

async function choose(belongings: Belongings, { io }: CommandContext): Promise<Choice> {
  const choice: Choice = { ...NOTHING };
  for (const kind of KINDS) {
    const part = planReset(belongings, { ...NOTHING, [kind]: true });
    if (countOf(part) === 0) continue;
    io.talk(`${TITLES[kind]}:\n${formatBelongings(part)}`);
    choice[kind] = await io.confirm(`Remove ${kind}?`, { assumed: false });
  }
  return choice;
}

const NOTHING: Choice = {
  containers: false,
  images: false,
  volumes: false,
  state: false,
  work: false,
};

function countOf({ objects, state, work }: Belongings): number {
  return objects.length + state.length + work.length;
}

const TITLES = {
  containers: "Containers and networks",
  images: "Images",
  volumes: "Volumes: homes with logins and histories",
  state: "Records of cages, trust and engines",
  work: "Work: the files of cages that do not mount theirs, exported or not",
} as const;

async function listState(stateDir: string): Promise<Pick<Belongings, "state" | "work">> {
  const copies = await listCopyCages(stateDir);
  const work = copies.map(({ copy }) => cageDir(stateDir, copy.id));
  const top = (await listNames(stateDir)).filter((name) => !KEPT.includes(name))
    .map((name) => join(stateDir, name));
  if (work.length === 0) return { state: top, work };
  const cages = join(stateDir, "cages");
  const mounted = (await listNames(cages)).map((name) => join(cages, name))
    .filter((path) => !work.includes(path));
  return { state: [...top.filter((path) => path !== cages), ...mounted], work };
}

async function listNames(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
