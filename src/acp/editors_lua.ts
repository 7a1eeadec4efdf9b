import { join as joinPosix } from "node:path/posix";
import { join as joinWindows } from "node:path/win32";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { configHome, type EditorAgent } from "./editors.ts";

/** How long an editor waits for an answer, in milliseconds: a first start may pull an image in. */
const TIMEOUT_MS = 60_000;

/**
 * Neovim's configuration for two clients: codecompanion.nvim and avante.nvim. Pure.
 *
 * @see {@link https://codecompanion.olimorris.dev/configuration/adapters-acp}
 * @see {@link https://github.com/yetone/avante.nvim}
 */
export function formatLua(agents: readonly EditorAgent[]): string {
  return [
    "-- codecompanion.nvim: into the table you pass to its setup",
    'require("codecompanion").setup({',
    "  adapters = {",
    "    acp = {",
    ...agents.flatMap(formatAdapter),
    "    },",
    "  },",
    "})",
    "",
    "-- avante.nvim: into the table you pass to its setup",
    'require("avante").setup({',
    `  provider = ${quoteLua(keyOf(agents[0]))},`,
    "  acp_providers = {",
    ...agents.flatMap(formatProvider),
    "  },",
    "})",
  ].join("\n");
}

/** First line of the module that is ours to write anew. */
const MARK = "-- Written by sandcage acp config neovim --write, and written anew by the next one.";

/** Where Neovim finds the module `sandcage` on this machine. Pure. */
export function planLuaPath(host: Pick<Host, "platform" | "env" | "home">): string {
  if (host.platform === "windows") {
    const local = host.env.LOCALAPPDATA || joinWindows(host.home, "AppData", "Local");
    return joinWindows(local, "nvim", "lua", "sandcage.lua");
  }
  // Neovim keeps to the specification on macOS, too.
  return joinPosix(configHome(host), "nvim", "lua", "sandcage.lua");
}

/**
 * The agents as a module of Lua: a configuration that is a program takes them with `require`, and
 * nothing of it has to be edited by another program. Pure.
 *
 * @param before What is in the file now; nothing when there is none.
 * @throws {UserError} If somebody else wrote it.
 */
export function planLuaModule(
  agents: readonly EditorAgent[],
  { before, path }: { before: string | undefined; path: string },
): string {
  if (before !== undefined && before.trim() !== "" && !before.startsWith(`${MARK}\n`)) {
    throw new UserError(`Cannot write ${path}: it is not of sandcage`, {
      hint: "Move it away, name another with --file, or paste the block: the same without --write",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  return [
    MARK,
    "return {",
    "  codecompanion = {",
    ...agents.flatMap(formatAdapter).map((line) => line.slice(2)),
    "  },",
    "  avante = {",
    ...agents.flatMap(formatProvider),
    "  },",
    "}",
    "",
  ].join("\n");
}

/** What takes the agents of the module into a configuration, as two lines of Lua. */
export const LUA_USE = [
  'codecompanion.nvim, in its setup: adapters = { acp = require("sandcage").codecompanion }',
  'avante.nvim, in its setup: acp_providers = require("sandcage").avante',
] as const;

// Complete and not an extension of CodeCompanion's own adapters: those look for keys on the host,
// which stay out of a cage.
function formatAdapter(agent: EditorAgent): string[] {
  const key = keyOf(agent);
  return [
    `[${quoteLua(key)}] = function()`,
    '  local helpers = require("codecompanion.adapters.acp.helpers")',
    "  return {",
    `    name = ${quoteLua(key)},`,
    `    formatted_name = ${quoteLua(agent.title)},`,
    '    type = "acp",',
    '    roles = { llm = "assistant", user = "user" },',
    "    opts = { vision = true },",
    `    commands = { default = ${formatList([agent.command, ...agent.args])} },`,
    `    defaults = { mcpServers = {}, timeout = ${TIMEOUT_MS} },`,
    "    parameters = {",
    "      protocolVersion = 1,",
    "      clientCapabilities = { fs = { readTextFile = true, writeTextFile = true } },",
    '      clientInfo = { name = "CodeCompanion.nvim", version = "1.0.0" },',
    "    },",
    "    handlers = {",
    "      setup = function(self) return true end,",
    "      auth = function(self) return true end,",
    "      form_messages = function(self, messages, capabilities)",
    "        return helpers.form_messages(self, messages, capabilities)",
    "      end,",
    "      on_exit = function(self, code) end,",
    "    },",
    "  }",
    "end,",
  ].map((line) => `      ${line}`);
}

function formatProvider(agent: EditorAgent): string[] {
  return [
    `[${quoteLua(keyOf(agent))}] = {`,
    `  command = ${quoteLua(agent.command)},`,
    `  args = ${formatList(agent.args)},`,
    "},",
  ].map((line) => `    ${line}`);
}

function keyOf(agent: Pick<EditorAgent, "service"> | undefined): string {
  return `sandcage_${agent?.service ?? ""}`.replaceAll("-", "_");
}

function formatList(words: readonly string[]): string {
  return `{ ${words.map(quoteLua).join(", ")} }`;
}

/** Quotes a text as a Lua string, whatever is in it. Pure. */
export function quoteLua(text: string): string {
  const escaped = text.replace(
    // deno-lint-ignore no-control-regex
    /["\\\x00-\x1f\x7f]/g,
    (sign) =>
      sign === '"' || sign === "\\"
        ? `\\${sign}`
        : `\\${String(sign.charCodeAt(0)).padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}
