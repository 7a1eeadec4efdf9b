import { loadConfig } from "../../config/layers.ts";
import type { LoggedEvent } from "../../headless/event.ts";
import { followRun } from "../../headless/follow.ts";
import type { IdleHolder } from "../../headless/holder_process.ts";
import { type LaunchRequest, launchRun } from "../../headless/launch.ts";
import { parseLoggedEvent } from "../../headless/parse_event.ts";
import {
  judgePreflight,
  PREFLIGHT_MS,
  PREFLIGHT_PROMPT,
  PREFLIGHT_SCRIPT,
} from "../../headless/preflight.ts";
import { RUN } from "../../headless/run_key.ts";
import { readRun } from "../../headless/runs.ts";
import { EXIT, UserError } from "../../errors.ts";
import { endHold } from "../../hold/start.ts";
import { SHELL_SERVICE } from "../../names.ts";
import type { ServiceDefinition } from "../../service/definition.ts";
import { findInstalledServices } from "../../service/installed.ts";
import { resolveService } from "../../service/registry.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { formatJson } from "../output.ts";

/** `sandcage launch --test`: whether an agent can work alone, and what it lacks. */
export async function testLaunch(
  request: Omit<LaunchRequest, "prompt" | "hasMail">,
  context: CommandContext & {
    holder: IdleHolder;
    json: boolean;
    /** Of the cage's project. */
    projectPath: string;
    signal?: AbortSignal;
  },
): Promise<number> {
  const { host, io, signals, json } = context;
  using step = io.progress(`Asking ${request.service} in ${request.title} for an answer`);
  const launched = await launchRun({
    ...request,
    timeoutMs: request.timeoutMs ?? PREFLIGHT_MS,
    prompt: request.service === SHELL_SERVICE ? PREFLIGHT_SCRIPT : PREFLIGHT_PROMPT,
    hasMail: false,
  }, context);
  const { cageId, runId } = launched;
  const { stateDir } = host;
  // Whoever gives up waiting wants no agent at work.
  signals?.signal.addEventListener("abort", () => void endHold(stateDir, { cageId, name: RUN }));
  const first = await readRun(stateDir, { cageId, runId });
  if (first === undefined) throw new UserError("The test is not on record any more");
  const events: LoggedEvent[] = [];
  const run = await followRun(first, {
    stateDir,
    cageId,
    runId,
    kind: "events",
    follow: true,
    signal: signals?.signal,
    onRun() {},
    onWait() {},
    onBytes(bytes) {
      for (const line of new TextDecoder().decode(bytes).split("\n")) {
        const event = parseLoggedEvent(line);
        if (event !== undefined) events.push(event);
      }
    },
  });
  signals?.signal.throwIfAborted();
  const verdict = judgePreflight(run, events, {
    service: await findService(request.service, context),
  });
  step.done(verdict.isOk ? "it answers" : "it does not answer");
  if (json) io.out(formatJson({ ok: verdict.isOk, rows: verdict.rows, fixes: verdict.fixes }));
  else {
    const rows = verdict.rows.map(({ what, isOk, found }) =>
      `${isOk ? "ok    " : "FAILED"}  ${what}: ${visibleText(found)}`
    );
    io.out([...rows, ...verdict.fixes.map((fix) => `        ${fix}`)].join("\n"));
  }
  return verdict.isOk ? EXIT.ok : EXIT.failed;
}

async function findService(
  name: string,
  { host, projectPath }: Pick<CommandContext, "host"> & { projectPath: string },
): Promise<ServiceDefinition> {
  const { config } = await loadConfig(projectPath, { host });
  const installed = await findInstalledServices(host.stateDir);
  return resolveService(name, { ...config, installed });
}
