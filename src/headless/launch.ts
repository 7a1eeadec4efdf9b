import { dirname } from "node:path";
import type { CageContext } from "../cage/prepare.ts";
import { readStopMark } from "../cage/stop_mark.ts";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir } from "../files.ts";
import { observeHeld } from "../hold/held.ts";
import { SHELL_SERVICE } from "../names.ts";
import { messagingInstructions } from "../mail/instructions.ts";
import { type IdleHolder, startHolder } from "./holder_process.ts";
import type { RunOrder } from "./order.ts";
import { newRunId, runDir, runFiles } from "./run_files.ts";
import { conflict, RUN } from "./run_key.ts";

/** What is to be run, and where. */
export type LaunchRequest = Omit<RunOrder, "runId" | "stopMark" | "engineContext"> & {
  prompt: string;
};

/** A run whose container runs. */
export type LaunchedRun = { runId: string; cageId: string; title: string; container: string };

/**
 * Launches a run: its prompt is put where only the user can read it, a process of its own holds it,
 * and it is waited until the container runs. Images and questions are dealt with here, in sight of
 * the person, where there are any.
 *
 * @throws {UserError} If it does not start, or one is at work there already.
 */
export async function launchRun(
  request: LaunchRequest,
  context: CageContext & { holder: IdleHolder },
): Promise<LaunchedRun> {
  const first = await tryLaunch(request, { ...context, mayAsk: true });
  if (first !== "needs hands") return first;
  // Most launches never need it.
  const { prepareRun } = await import("./run_prepare.ts");
  await prepareRun(request, context);
  const holder = await startHolder(context.host);
  const second = await tryLaunch(request, { ...context, holder, mayAsk: false });
  if (second !== "needs hands") return second;
  throw new UserError(`Its images were removed while ${request.title} was about to start`, {
    hint: "Launch it again",
    exit: EXIT.conflict,
    code: "conflict",
  });
}

/** A shell would carry the instructions out. */
function planPrompt({ prompt, service, hasMail }: LaunchRequest): string {
  return hasMail && service !== SHELL_SERVICE ? `${messagingInstructions()}${prompt}` : prompt;
}

async function tryLaunch(
  request: LaunchRequest,
  context: CageContext & { holder: IdleHolder; mayAsk: boolean },
): Promise<LaunchedRun | "needs hands"> {
  const { prompt: _prompt, ...wanted } = request;
  const { cageId, title } = wanted;
  const { host, io, engineContext, holder, mayAsk } = context;
  const { kind } = await observeHeld(host.stateDir, { cageId, name: RUN });
  if (kind === "ready" || kind === "starting") throw conflict(title);
  const stopMark = await readStopMark(host.stateDir, cageId);
  const runId = newRunId(Date.now());
  const { dir, prompt: path } = runFiles(runDir(host.stateDir, { cageId, runId }));
  await ensurePrivateDir(dir);
  const text = planPrompt(request);
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
    await holder.hold({ ...wanted, runId, stopMark, engineContext });
  } catch (error) {
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
  for await (const word of holder.words()) {
    if ("said" in word) io.talk(word.said);
    else if ("ready" in word) return { runId, cageId, title, container: word.ready.container };
    else if ("needs" in word) return "needs hands";
    else {
      const { message, ...rest } = word.failed;
      if (rest.code === "not-trusted" && io.interactive && mayAsk) return "needs hands";
      throw new UserError(message, rest);
    }
  }
  throw new UserError(`What was to hold the agent of ${title} was killed`, {
    hint: `What it left behind, the next command clears away. Its files: ${dirname(path)}`,
    exit: EXIT.failed,
    code: "failed",
  });
}
