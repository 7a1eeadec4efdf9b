import type { Config } from "../config/schema.ts";
import { DESK_FILES } from "./assets.ts";
import type { ImageDraft } from "./spec.ts";
import { APT_MOUNTS, formatStep, stepFiles } from "./steps.ts";

/** What people find when they attach. */
export type DeskTools = Pick<Config["attach"], "editor" | "shell">;

/**
 * Drafts the layer that people attach to: tmux, an editor, a shell, and the terminals' descriptions.
 * It comes last, so that every other session shares all but this. Pure.
 *
 * @param options.parent Reference of the image that other sessions of the service run in.
 */
export function draftDesk(
  tools: DeskTools,
  options: { parent: string },
): Pick<ImageDraft, "dockerfile" | "files" | "cause"> {
  const { editor, shell } = tools;
  return {
    dockerfile: `FROM ${options.parent}\nUSER 0\n` +
      `${formatStep("desk-install", { mounts: APT_MOUNTS, args: [editor, shell] })}\n` +
      "COPY files/ /\n",
    files: [...stepFiles("desk-install"), ...DESK_FILES],
    cause: `tmux, ${editor}, ${shell}`,
  };
}
