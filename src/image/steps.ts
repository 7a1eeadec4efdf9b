/** The lines Dockerfiles are made of; what comes from a project's file never becomes code in them. */
import { EXIT, UserError } from "../errors.ts";
import { type ContextFile, STEP_SCRIPTS } from "./assets.ts";

/** npm keeps its downloads between builds, and its login out of every layer. */
export const NPM_MOUNTS = "--mount=type=cache,id=sandcage-npm,target=/root/.npm " +
  "--mount=type=secret,id=npmrc,target=/root/.npmrc";

/** So does pip, with its login. */
export const PIP_MOUNTS = "--mount=type=cache,id=sandcage-pip,target=/root/.cache/pip " +
  "--mount=type=secret,id=pipconf,target=/root/.config/pip/pip.conf";

/** So does apt with packages and lists. */
export const APT_MOUNTS =
  "--mount=type=cache,id=sandcage-apt,target=/var/cache/apt,sharing=locked " +
  "--mount=type=cache,id=sandcage-lists,target=/var/lib/apt/lists,sharing=locked";

/**
 * The mirror ends up in a sed expression: only what an address needs may stand in it.
 *
 * @throws {UserError} With code `config-invalid`.
 */
export function parseMirror(mirror: string | undefined): string | undefined {
  if (mirror === undefined || /^https?:\/\/[\w.~:/@%+-]+$/.test(mirror)) return mirror;
  throw new UserError(`Cannot read image.args.DEBIAN_MIRROR: got ${JSON.stringify(mirror)}`, {
    hint: "Give the address of a Debian archive, for example https://mirror.example/debian",
    exit: EXIT.config,
    code: "config-invalid",
  });
}

/** A RUN line whose script is mounted for as long as it runs and stays out of the image. */
export function formatStep(
  script: keyof typeof STEP_SCRIPTS,
  step: { mounts?: string; args: readonly string[]; program?: string },
): string {
  const mounts = step.mounts === undefined ? "" : `${step.mounts} `;
  return `RUN ${mounts}--mount=type=bind,source=${script},target=/tmp/${script} \\\n` +
    `    ${step.program ?? "sh"} /tmp/${script} ${step.args.join(" ")}`;
}

/** The context file of a {@link formatStep}. */
export function stepFiles(script: keyof typeof STEP_SCRIPTS): ContextFile[] {
  return [{ path: script, text: STEP_SCRIPTS[script] }];
}

/** An ENV instruction. */
export function formatEnv(env: Readonly<Record<string, string>>): string {
  return `ENV ${
    Object.entries(env).map(([name, value]) => `${name}=${value}`).join(" \\\n    ")
  }\n`;
}
