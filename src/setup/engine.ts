import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { type Run, run as spawnProcess } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { applyEngine } from "./engine_apply.ts";
import { observeEngineFacts } from "./engine_facts.ts";
import { type EnginePlan, planEngine, type SetupStep } from "./engine_plan.ts";

/** How {@link ensureEngine} may act. */
export type EnsureEngineOptions = {
  host: Host;
  io: Io;
  /** True when the user agreed beforehand. */
  assumeYes: boolean;
  context?: string | null;
  /** Replaces real processes in tests. */
  run?: Run;
};

/**
 * Connects to the engine and installs and starts what is missing first: Docker Engine, Compose v2
 * and buildx on Debian and Ubuntu as root, after asking.
 *
 * @throws {UserError} Exit 4, with instructions where sandcage installs nothing itself.
 */
export async function ensureEngine(options: EnsureEngineOptions): Promise<Engine> {
  const { host, run = spawnProcess, context } = options;
  const plan = planEngine(await observeEngineFacts({ host, run, context }));
  await applyPlan(plan, { ...options, run });
  return await connectEngine({ host, run, context });
}

/**
 * Carries out a plan after asking.
 *
 * @throws {UserError} Exit 4, if only the user can do it, the user said no, or a step failed.
 */
export async function applyPlan(
  plan: EnginePlan,
  options: EnsureEngineOptions & { run: Run },
): Promise<void> {
  if (plan.kind === "ready") return;
  if (plan.kind === "manual") throw createManualError(plan);
  const { io, assumeYes } = options;
  if (!assumeYes) {
    io.talk(formatSteps(plan.steps));
    if (!await io.confirm("Do this now?", { assumed: false })) {
      throw new UserError("Nothing was installed: it needs your yes", {
        hint: "Run: sandcage setup engine --yes",
        exit: EXIT.engine,
        code: "engine-missing",
      });
    }
  }
  await applyEngine(plan.steps, options);
}

/** The error that carries the instructions of a plan only the user can carry out. */
export function createManualError(plan: EnginePlan & { kind: "manual" }): UserError {
  return new UserError(plan.problem, {
    hint: plan.instructions,
    exit: EXIT.engine,
    code: "engine-missing",
  });
}

/** The steps as a person reads them before saying yes. Pure. */
export function formatSteps(steps: readonly SetupStep[]): string {
  return steps.map((step, index) =>
    `${index + 1}. ${step.title} (${step.cause})\n${indent(formatAction(step))}`
  ).join("\n");
}

function formatAction(step: SetupStep): string {
  switch (step.kind) {
    case "run":
      return `$ ${formatCommand(step.command)}`;
    case "start":
      return step.command.length === 0 ? "wait" : `$ ${formatCommand(step.command)}`;
    case "remove":
      return `$ rm ${step.path}`;
    case "write":
      return `write ${step.path}:\n${indent(step.text.trimEnd())}`;
  }
}

/** The words as a shell would need them. */
function formatCommand(command: readonly string[]): string {
  return command.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  ).join(" ");
}

function indent(text: string): string {
  return text.split("\n").map((line) => `   ${line}`).join("\n");
}
