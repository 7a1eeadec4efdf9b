import assert from "node:assert/strict";
import { type Editor, formatSettings, planAgents, planPlace } from "../../../src/acp/editors.ts";
import { formatLua, planLuaModule, planLuaPath, quoteLua } from "../../../src/acp/editors_lua.ts";

const SERVICES = [{ name: "claude", title: "Claude Code" }, { name: "my-agent", title: "mine" }];
const PROGRAM = { command: "/usr/local/bin/sandcage", args: [] };
const AGENTS = planAgents(SERVICES, { program: PROGRAM });

const LINUX = { platform: "linux", home: "/home/me" } as const;
const MAC = { platform: "darwin", home: "/Users/me" } as const;
const WINDOWS = { platform: "windows", home: "C:\\Users\\me" } as const;

const PATHS = [
  ["zed", LINUX, {}, "/home/me/.config/zed/settings.json"],
  ["zed", LINUX, { XDG_CONFIG_HOME: "/home/me/cfg" }, "/home/me/cfg/zed/settings.json"],
  ["zed", LINUX, { XDG_CONFIG_HOME: "cfg" }, "/home/me/.config/zed/settings.json"],
  ["zed", MAC, { XDG_CONFIG_HOME: "/Users/me/cfg" }, "/Users/me/.config/zed/settings.json"],
  ["zed", WINDOWS, {}, "C:\\Users\\me\\AppData\\Roaming\\Zed\\settings.json"],
  ["zed", WINDOWS, { APPDATA: "D:\\Roaming" }, "D:\\Roaming\\Zed\\settings.json"],
  ["jetbrains", LINUX, {}, "/home/me/.jetbrains/acp.json"],
  ["jetbrains", MAC, {}, "/Users/me/.jetbrains/acp.json"],
  ["jetbrains", WINDOWS, {}, "C:\\Users\\me\\.jetbrains\\acp.json"],
  ["vscode", LINUX, {}, "/home/me/.config/Code/User/settings.json"],
  ["vscode", LINUX, { XDG_CONFIG_HOME: "/c" }, "/c/Code/User/settings.json"],
  ["vscode", MAC, {}, "/Users/me/Library/Application Support/Code/User/settings.json"],
  ["vscode", WINDOWS, {}, "C:\\Users\\me\\AppData\\Roaming\\Code\\User\\settings.json"],
  ["vscode", WINDOWS, { APPDATA: "D:\\Roaming" }, "D:\\Roaming\\Code\\User\\settings.json"],
  ["neovim", LINUX, {}, undefined],
  ["neovim", WINDOWS, {}, undefined],
] as const;

for (const [editor, host, env, path] of PATHS) {
  Deno.test(`the settings of ${editor} on ${host.platform} with ${JSON.stringify(env)}: ${path}`, () => {
    assert.equal(planPlace(editor, { ...host, env })?.path, path);
  });
}

Deno.test("an agent is started by absolute paths alone; a project that was named is named again", () => {
  assert.deepEqual(AGENTS[0], {
    title: "Claude Code (sandcage)",
    service: "claude",
    command: "/usr/local/bin/sandcage",
    args: ["acp", "run", "claude"],
  });
  const program = { command: "/usr/bin/deno", args: ["run", "/src/main.ts"] };
  const [agent] = planAgents(SERVICES, { program, path: "/work/my project" });
  assert.deepEqual(agent!.args, [
    ...["run", "/src/main.ts", "--path", "/work/my project", "acp", "run", "claude"],
  ]);
});

for (const editor of ["zed", "jetbrains", "vscode"] as const satisfies Editor[]) {
  Deno.test(`the block for ${editor} is as reviewed`, async (t) => {
    await t.assertSnapshot(formatSettings(planPlace(editor, { ...LINUX, env: {} })!, AGENTS));
  });
}

Deno.test("the block for neovim is as reviewed", async (t) => {
  await t.assertSnapshot(formatLua(AGENTS));
});

for (
  const [platform, env, path] of [
    ["linux", {}, "/home/me/.config/nvim/lua/sandcage.lua"],
    ["darwin", { XDG_CONFIG_HOME: "/x" }, "/x/nvim/lua/sandcage.lua"],
    ["windows", {}, "C:\\Users\\me\\AppData\\Local\\nvim\\lua\\sandcage.lua"],
    ["windows", { LOCALAPPDATA: "D:\\l" }, "D:\\l\\nvim\\lua\\sandcage.lua"],
  ] as const
) {
  Deno.test(`the module for neovim on ${platform} with ${JSON.stringify(env)}: ${path}`, () => {
    const home = platform === "windows" ? "C:\\Users\\me" : "/home/me";
    assert.equal(planLuaPath({ platform, env, home }), path);
  });
}

Deno.test("the module for neovim is as reviewed, and is written anew over itself alone", async (t) => {
  const path = "/nvim/lua/sandcage.lua";
  const first = planLuaModule(AGENTS, { before: undefined, path });
  await t.assertSnapshot(first);
  assert.equal(planLuaModule(AGENTS, { before: first, path }), first);
  const fewer = planLuaModule(AGENTS.slice(0, 1), { before: first, path });
  assert.doesNotMatch(fewer, /my_agent/);
  assert.throws(() => planLuaModule(AGENTS, { before: "-- mine\nreturn {}\n", path }), {
    message: "Cannot write /nvim/lua/sandcage.lua: it is not of sandcage",
    code: "conflict",
  });
});

const LUA = [
  ["plain", '"plain"'],
  ["C:\\Program Files\\sandcage.exe", '"C:\\\\Program Files\\\\sandcage.exe"'],
  ['say "hi"', '"say \\"hi\\""'],
  ["a\nb\r\0c1", '"a\\010b\\013\\000c1"'],
  ["ünï 🎉", '"ünï 🎉"'],
  ["]]--", '"]]--"'],
] as const;

for (const [text, quoted] of LUA) {
  Deno.test(`quoteLua() writes ${JSON.stringify(text)} so that Lua reads the same`, () => {
    assert.equal(quoteLua(text), quoted);
  });
}
