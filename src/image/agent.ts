import { INSIDE } from "../names.ts";
import type { ServicePayload } from "../service/definition.ts";
import { quoteShell } from "../shell_quote.ts";
import { BUILD_DIR } from "./assets.ts";
import type { ImageDraft } from "./spec.ts";
import { APT_MOUNTS, formatStep, PIP_MOUNTS, stepFiles } from "./steps.ts";

/** How an agent that is no npm package gets into an image of its own. */
export type PayloadDraft = Pick<
  ImageDraft,
  "dockerfile" | "files" | "cause" | "archive" | "offline" | "inputs"
>;

/**
 * Drafts the image an agent of another kind than npm is installed in. Pure.
 *
 * @param options.dir Folder of the agent inside.
 * @param options.base Reference of the base image: nothing of a project is in it.
 */
export function draftPayload(
  payload: ServicePayload,
  options: { dir: string; base: string },
): PayloadDraft {
  const { dir, base } = options;
  switch (payload.kind) {
    case "pypi": {
      const args = [dir, payload.requirement, payload.program].map(quoteShell);
      return {
        // pip stays behind: what runs needs the interpreter of the base and its own folder.
        dockerfile: `FROM ${base} AS build\n` +
          `RUN ${APT_MOUNTS} \\\n    ${BUILD_DIR}/apt-install python3-venv\n` +
          `${formatStep("agent-python", { mounts: PIP_MOUNTS, args })}\n` +
          `FROM ${base}\nCOPY --from=build ${INSIDE.agents} ${INSIDE.agents}\n`,
        files: stepFiles("agent-python"),
        cause: payload.requirement,
      };
    }
    case "archive": {
      const args = [payload.format, "/tmp/archive", dir, payload.program].map(quoteShell);
      const mounts = "--mount=type=bind,source=archive,target=/tmp/archive";
      return {
        dockerfile: `FROM ${base}\n` +
          `${formatStep("agent-archive", { mounts, args, program: "python3 -I" })}\n`,
        files: stepFiles("agent-archive"),
        archive: payload.path,
        offline: true,
        inputs: payload.sha256,
        cause: `archive ${payload.sha256.slice(0, 12)}`,
      };
    }
  }
}
