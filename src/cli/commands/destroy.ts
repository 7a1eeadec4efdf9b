import { type DestroyScope, type Doomed, observeDoomed } from "../../copy/destroy.ts";
import { formatLosses } from "../../copy/losses.ts";
import type { CopyRecord } from "../../copy/record.ts";
import { removeCopyCage } from "../../copy/remove.ts";
import { forgetPromoted } from "../../promote/cage/refs.ts";
import { listSessions } from "../../cage/sessions.ts";
import { EXIT, UserError } from "../../errors.ts";
import { isLiveState } from "../../headless/run_record.ts";
import { findLastRun } from "../../headless/runs.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatCount } from "../output.ts";

/** Which cage goes, and how much of it. */
export type DestroyOptions = DestroyScope & {
  cage?: string | undefined;
  path?: string;
  yes: boolean;
  /** Whatever would be lost. */
  force: boolean;
};

/** `sandcage destroy`: removes a cage, unless work would be lost that is nowhere else. */
export async function runDestroy(
  options: DestroyOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io, signals } = context;
  const copy = await chooseCopyCage(options, host);
  const doomed = await look(copy, options, context);
  const { engine } = doomed;
  const away = engine !== undefined && "away" in engine ? engine.away : undefined;
  if (away !== undefined && !options.force) throw awayError(copy, away);
  const lost = formatLosses(doomed.losses);
  if (lost.length > 0 && !options.force) throw lossError(copy, lost);
  const run = await findLastRun(host.stateDir, copy.id);
  if (run !== undefined && isLiveState(run.state) && !options.force) throw runError(copy);
  const live = (await listSessions(host.stateDir, copy.id)).filter((session) => session.live);
  io.talk(describe(copy, { lost, live: live.length, scope: options }));
  if (!options.yes && !await io.confirm(`Remove the cage "${copy.name}"?`, { assumed: false })) {
    io.talk(io.interactive ? "Nothing was removed" : "Nothing was removed: add --yes");
    return EXIT.failed;
  }
  using step = io.progress(`Removing ${copy.name}`);
  await removeCopyCage(copy, {
    stateDir: host.stateDir,
    engine: engine === undefined || "away" in engine ? undefined : engine,
    keepVolumes: options.keepVolumes,
    keepClone: options.keepClone && copy.source.kind === "url",
    onRemoved: (title) => step.update(title),
    onEmptied: () => forgetPromoted(copy, { host }),
  });
  step.done();
  signals?.signal.throwIfAborted();
  const kept = listKept(copy, {
    ...options,
    keepVolumes: options.keepVolumes || away !== undefined,
  });
  if (kept.length > 0) io.talk(`Kept: ${kept.join(", ")}`);
  return EXIT.ok;
}

async function look(
  copy: CopyRecord,
  options: DestroyOptions,
  context: CommandContext,
): Promise<Doomed> {
  using step = context.io.progress(`Looking for work that is only in ${copy.name}`);
  const signal = context.signals?.signal;
  const doomed = await observeDoomed(copy, options, {
    context: { ...context, ...(signal === undefined ? {} : { signal }) },
  });
  step.done();
  return doomed;
}

function describe(
  copy: CopyRecord,
  going: { lost: readonly string[]; live: number; scope: DestroyScope },
): string {
  const { lost, live, scope } = going;
  const parts = [
    ...(live > 0 ? [formatCount(live, "running session")] : []),
    ...(scope.keepVolumes ? [] : ["its files, checkpoints and home inside"]),
    ...(copy.source.kind === "url" && !scope.keepClone ? ["its clone on this machine"] : []),
    "its record",
  ];
  const roots = copy.roots.filter((_, at) => at > 0 || copy.source.kind === "dir");
  const stay = roots.length === 0
    ? ""
    : `\nNothing changes in ${roots.map(({ hostPath }) => hostPath).join(", ")}`;
  const gone = lost.length === 0 ? "" : `\nLost for good:\n${formatLines(lost)}`;
  return `This removes of ${copy.name}: ${parts.join(", ")}${stay}${gone}`;
}

/** What is left behind on purpose. */
function listKept(copy: CopyRecord, scope: DestroyScope): string[] {
  return [
    ...(scope.keepVolumes && copy.engine !== ""
      ? [
        `volumes ${copy.volumes.work}, ${copy.volumes.checkpoints} and homes of ${copy.id} ` +
        `on ${copy.engine}`,
      ]
      : []),
    ...(scope.keepClone && copy.source.kind === "url" ? [`clone ${copy.roots[0]!.hostPath}`] : []),
  ];
}

function lossError(copy: CopyRecord, lost: readonly string[]): UserError {
  return new UserError(
    `Cannot destroy "${copy.name}": this would be lost\n${formatLines(lost)}`,
    {
      hint:
        (copy.promote === undefined
          ? `Take it out: sandcage export ${copy.name}, sandcage patch ${copy.name}\n`
          : `Take its commits on a branch: sandcage promote ${copy.name} --to NAME\n`) +
        `Or remove it with all that is in it: sandcage destroy ${copy.name} --force`,
      exit: EXIT.conflict,
      code: "conflict",
    },
  );
}

function runError({ name }: CopyRecord): UserError {
  return new UserError(`Cannot destroy "${name}": an agent is at work in it`, {
    hint: `Look at it: sandcage logs ${name} -f; end it: sandcage stop ${name}\n` +
      `Or remove it with all that is in it: sandcage destroy ${name} --force`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}

function awayError(copy: CopyRecord, away: UserError): UserError {
  return new UserError(`Cannot destroy "${copy.name}": ${away.message}`, {
    hint: `${away.hint === undefined ? "" : `${away.hint}\n`}` +
      `Or forget the cage and leave its volumes there: sandcage destroy ${copy.name} --force`,
    exit: away.exit,
    code: away.code,
    cause: away,
  });
}

function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}
