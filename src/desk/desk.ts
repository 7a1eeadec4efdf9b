import type { Config } from "../config/schema.ts";
import { INSIDE } from "../names.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import { planCommand } from "../cage/plan.ts";

/** What is held for people to attach to, as it stands on record. */
export const DESK = "desk";

/** What {@link INSIDE.desk} says on stdout when terminals can attach. */
export const DESK_READY = "ready";

/** Columns and rows of a terminal. */
export type TerminalSize = { columns: number; rows: number };

/** What panes are laid out for until a terminal attaches. */
const DEFAULT_SIZE: TerminalSize = { columns: 200, rows: 50 };

/**
 * The command line of a desk inside: tmux with the panes of a layout, the agent with its permissions
 * bypassed in one of them. Pure.
 */
export function planDesk(
  config: Pick<Config["attach"], "prefix" | "layout" | "editor" | "shell">,
  options: { service: ServiceDefinition; title: string; size?: TerminalSize | undefined },
): string[] {
  const { prefix, layout, editor, shell } = config;
  const { service, title, size = DEFAULT_SIZE } = options;
  return [
    INSIDE.desk,
    "open",
    title,
    prefix,
    layout,
    editor,
    shell,
    ...[size.columns, size.rows].map(String),
    ...planCommand(service, { args: service.bypass ?? [], shell: false }),
  ];
}

/** Arguments of the docker client for one terminal on a desk. Pure. */
export function planDeskAttach(
  container: string,
  options: { id: string; env: Readonly<Record<string, string>> },
): string[] {
  return [
    "exec",
    "--interactive",
    "--tty",
    // Its default holds every Ctrl-P back; this one nobody types.
    "--detach-keys=ctrl-^,ctrl-^,ctrl-^,ctrl-^",
    ...Object.entries(options.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    container,
    INSIDE.desk,
    "attach",
    options.id,
  ];
}

/** Reads `COLUMNSxROWS`; `undefined` for anything else. Pure. */
export function parseSize(text: string): TerminalSize | undefined {
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  if (match === null) return undefined;
  const [columns, rows] = [Number(match[1]), Number(match[2])];
  return columns < 2 || rows < 2 ? undefined : { columns, rows };
}
