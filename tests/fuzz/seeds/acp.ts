import { bytesOf } from "../bytes.ts";
import { jsonMaterial, type JsonStock, makeJson } from "../json_change.ts";
import { join, type Material, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";

const rpc = (method: string, params: unknown, id: unknown = 1) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

const TOKENS = [
  ...["\n", "\r", "\r\n", "{", "}", "[", "]", '"', "\\", "\\u", "\\ud800", '\\"', ",", ":", "null"],
  ...['"method":"terminal/create",', '"Method":"fs/read_text_file",', '"id":2,', '"params":{},'],
  ...['"METHOD":"session/new",', '"m\\u0065thod":"terminal/create",', '"cwd":"/etc",', "\ufeff"],
  ...[
    '"\u017fession"',
    '"terminal":true,',
    '"fs":{"readTextFile":true},',
    "\0",
    "\xff",
    "/*",
    "x".repeat(300),
  ],
  ...[
    '{"method":"terminal/create","id":9}',
    '[{"method":"terminal/create","id":9}]',
    "[".repeat(40),
  ],
];

/** What an editor says. */
const EDITOR_STOCK: JsonStock = {
  documents: [
    rpc("initialize", {
      protocolVersion: 1,
      clientCapabilities: { terminal: true, fs: { readTextFile: true, writeTextFile: true } },
    }, 0),
    rpc("initialize", { capabilities: { terminal: true, fs: { readTextFile: true } } }, "a"),
    rpc("session/new", { cwd: "/work/api", mcpServers: [{ name: "x", command: "/bin/x" }] }),
    rpc("session/load", { cwd: "/work/api/src", sessionId: "1", additionalDirectories: ["/docs"] }),
    rpc("session/prompt", {
      prompt: [{ type: "text", text: 'fix "it"' }, { uri: "file:///work/api/a" }],
    }),
    { jsonrpc: "2.0", id: 4, result: { content: "x".repeat(400) } },
    [rpc("session/new", { cwd: "/work/api" }), rpc("session/cancel", {})],
    rpc("session/new", { cwd: "/etc", mcpServers: [] }, "b"),
    rpc("session/load", { cwd: "/work/api", additionalDirectories: ["/docs", "/far/x"] }, null),
  ],
  values: [
    ...[
      "/etc",
      "/work/api/../..",
      "/work/apix",
      "relative",
      "/docs",
      "/alias/x",
      "/far",
      "/work/api/out",
    ],
    ...["initialize", "session/new", "session/fork", { terminal: true }, { cwd: "/etc" }, ["/etc"]],
  ],
  end: "\n",
};

/** What an agent says. */
const AGENT_STOCK: JsonStock = {
  documents: [
    rpc("fs/read_text_file", { path: "/work/api/a.ts", sessionId: "1" }),
    rpc("fs/write_text_file", { path: "/work/api/b.ts", content: 'x\n"y"' }, "w"),
    rpc("terminal/create", { command: "ls", cwd: "/work/api" }),
    rpc("session/request_permission", { toolCall: { locations: [{ path: "/work/api/a.ts" }] } }),
    rpc("session/update", {
      update: { content: { type: "text", text: "hello" }, cwd: "/work/api" },
    }),
    { jsonrpc: "2.0", id: 0, result: { authMethods: [{ id: "x", type: "terminal" }] } },
    [rpc("session/update", {}), rpc("fs/read_text_file", { path: "/work/api/a.ts" })],
  ],
  values: [
    ...[
      "/etc/passwd",
      "/work/api/.env",
      "/work/api/.git/hooks/x",
      "/docs/a",
      "a.ts",
      "/work/api/out/x",
    ],
    ...["terminal/create", "terminal/output", "fs/read_text_file", "fs/x", { path: "/etc" }],
  ],
  end: "\n",
};

/** Lines of an editor. */
export const EDITOR_MATERIAL: Material = jsonMaterial(EDITOR_STOCK, TOKENS);

/** Lines of an agent. */
export const AGENT_MATERIAL: Material = jsonMaterial(AGENT_STOCK, TOKENS);

/** Makes a few lines of an editor, or nearly so. */
export const makeEditorLines = makeLines(makeJson(EDITOR_STOCK, EDITOR_MATERIAL), EDITOR_MATERIAL);

/** Makes a few lines of an agent, or nearly so. */
export const makeAgentLines = makeLines(makeJson(AGENT_STOCK, AGENT_MATERIAL), AGENT_MATERIAL);

function makeLines(
  make: (random: Random) => Uint8Array<ArrayBuffer>,
  material: Material,
): (random: Random) => Uint8Array<ArrayBuffer> {
  return (random) => {
    const lines = join(...Array.from({ length: 1 + random.integer(3) }, () => make(random)));
    return random.oneIn(4) ? mutate(random, { ...material, seeds: [lines] }) : lines;
  };
}

/** A registry of agents. */
export const REGISTRY_STOCK: JsonStock = {
  documents: [{
    version: "1.0.0",
    agents: [
      {
        id: "one",
        name: "One",
        version: "1.2.3",
        description: "first",
        distribution: { npx: { package: "@a/one@1.2.3", args: ["--acp"], env: { A: "b" } } },
      },
      {
        id: "two-2",
        name: "Two",
        version: "0.1.0",
        description: "second",
        distribution: {
          binary: {
            "linux-x86_64": {
              archive: "https://a.test/x.tar.gz",
              cmd: "./x",
              sha256: "0".repeat(64),
            },
          },
          uvx: { package: "two@0.1.0" },
        },
      },
    ],
  }],
  values: ["one", "Two", "a".repeat(60), "0".repeat(63), "../x", { package: "x" }, ["--acp"]],
};

/** The same as bytes. */
export const REGISTRY_MATERIAL: Material = jsonMaterial(REGISTRY_STOCK, [
  ...['"id":"one",', '"__proto__":{},', "null", "{}", "[]", "\\u0000", "\xff", "[".repeat(300)],
]);

/** Events of a run as they are on record, a line each. */
export const EVENT_STOCK: JsonStock = {
  documents: [
    { seq: 1, at: "2026-01-31T08:15:00.000Z", kind: "init", model: "m" },
    { seq: 2, at: "2026-01-31T08:15:00.000Z", kind: "text", text: "hello" },
    { seq: 3, at: "2026-01-31T08:15:00.000Z", kind: "tool", name: "Bash", argument: "ls" },
    { seq: 4, at: "2026-01-31T08:15:00.000Z", kind: "done", text: "", usage: { costUsd: 0.1 } },
  ],
  values: ["text", "done", "message", 1e300, { inputTokens: -1 }],
};

/** The same as bytes. */
export const EVENT_MATERIAL: Material = jsonMaterial(
  EVENT_STOCK,
  [
    ...[
      '"kind":"done",',
      '"usage":null,',
      '"usage":{"costUsd":"x"},',
      "\\u001b[2J",
      "\\u202e",
      "{",
      "}",
    ],
  ].map((token) => bytesOf(token)),
);
