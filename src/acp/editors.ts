import { join as joinPosix } from "node:path/posix";
import { join as joinWindows } from "node:path/win32";
import type { Host } from "../host.ts";
import type { Program } from "../self.ts";

/** Every editor `sandcage acp config` knows. */
export const EDITORS = ["zed", "jetbrains", "neovim", "vscode"] as const;

/** One of them. */
export type Editor = typeof EDITORS[number];

/** One agent as an editor starts it. */
export type EditorAgent = {
  /** What people read in the editor, and the key of the entry: `Claude Code (sandcage)`. */
  title: string;
  /** Name of the service. */
  service: string;
  /** Absolute path of the program. */
  command: string;
  args: string[];
};

/**
 * Where an editor keeps its agents.
 *
 * Zed: {@link https://zed.dev/docs/ai/external-agents}, JetBrains:
 * {@link https://www.jetbrains.com/help/ai-assistant/acp.html}, VS Code has no client of its own;
 * this is the extension `formulahendry.acp-client`.
 */
export type EditorPlace = {
  /** For people. */
  title: string;
  /** Absolute path of the user's settings. */
  path: string;
  /** Key of the map of agents. */
  key: string;
  /** What an entry has besides its command line. */
  extra: Readonly<Record<string, string>>;
};

/** The command line with which an editor starts each service. Pure. */
export function planAgents(
  services: readonly { name: string; title: string }[],
  options: { program: Program; path?: string },
): EditorAgent[] {
  const { program, path } = options;
  return services.map(({ name, title }) => ({
    title: `${title} (sandcage)`,
    service: name,
    command: program.command,
    args: [...program.args, ...(path === undefined ? [] : ["--path", path]), "acp", "run", name],
  }));
}

/**
 * Where an editor's settings are on this machine; `undefined` for Neovim, whose configuration is a
 * program: see editors_lua.ts. Pure.
 */
export function planPlace(
  editor: Editor,
  host: Pick<Host, "platform" | "env" | "home">,
): EditorPlace | undefined {
  switch (editor) {
    case "zed":
      return {
        title: "Zed",
        path: planZedPath(host),
        key: "agent_servers",
        extra: { type: "custom" },
      };
    case "jetbrains":
      return {
        title: "JetBrains AI Assistant",
        path: joinOf(host)(host.home, ".jetbrains", "acp.json"),
        key: "agent_servers",
        extra: {},
      };
    case "vscode":
      return {
        title: "VS Code with the extension formulahendry.acp-client",
        path: planCodePath(host),
        key: "acp.agents",
        extra: {},
      };
    case "neovim":
      return undefined;
    default:
      return unreachable(editor);
  }
}

/** The settings as they are with nothing but these agents, ready to be pasted. Pure. */
export function formatSettings(
  place: Pick<EditorPlace, "key" | "extra">,
  agents: readonly EditorAgent[],
): string {
  const entries = agents.map((agent) => [agent.title, planEntry(place, agent)]);
  return formatValue({ [place.key]: Object.fromEntries(entries) }, { indent: "  ", margin: "" });
}

/**
 * Writes a value as JSON: an object with a line for each property, a list on one line; all of it on
 * one line without a layout. Pure.
 */
export function formatValue(value: unknown, layout?: { indent: string; margin: string }): string {
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(item)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const inner = layout && { ...layout, margin: layout.margin + layout.indent };
  const pairs = entries.map(([key, item]) => `${JSON.stringify(key)}: ${formatValue(item, inner)}`);
  if (layout === undefined || inner === undefined) return `{ ${pairs.join(", ")} }`;
  const lines = pairs.map((pair) => `\n${inner.margin}${pair}`);
  return `{${lines.join(",")}\n${layout.margin}}`;
}

/** One agent's entry. Pure. */
export function planEntry(
  place: Pick<EditorPlace, "extra">,
  { command, args }: EditorAgent,
): Record<string, string | string[]> {
  return { ...place.extra, command, args };
}

type Place = Pick<Host, "platform" | "env" | "home">;

function joinOf({ platform }: Pick<Place, "platform">): (...parts: string[]) => string {
  return platform === "windows" ? joinWindows : joinPosix;
}

/** On macOS Zed keeps to ~/.config as well. */
function planZedPath(host: Place): string {
  const join = joinOf(host);
  const folder = host.platform === "windows"
    ? join(roaming(host), "Zed")
    : join(host.platform === "linux" ? configHome(host) : join(host.home, ".config"), "zed");
  return join(folder, "settings.json");
}

function planCodePath(host: Place): string {
  const join = joinOf(host);
  const root = {
    windows: () => roaming(host),
    darwin: () => join(host.home, "Library", "Application Support"),
    linux: () => configHome(host),
  }[host.platform]();
  return join(root, "Code", "User", "settings.json");
}

/** Where programs that keep to the XDG specification have their settings. Pure. */
export function configHome({ env, home }: Pick<Place, "env" | "home">): string {
  const given = env.XDG_CONFIG_HOME;
  // The specification: a relative path is to be ignored.
  return given !== undefined && given.startsWith("/") ? given : joinPosix(home, ".config");
}

function roaming({ env, home }: Place): string {
  return env.APPDATA || joinWindows(home, "AppData", "Roaming");
}

function unreachable(editor: never): never {
  throw new Error(`No such editor: ${editor}`);
}
