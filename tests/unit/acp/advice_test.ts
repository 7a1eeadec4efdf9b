import assert from "node:assert/strict";
import { type Advice, createAdvice, isLoopback } from "../../../src/acp/advice.ts";
import { AGENT_WANTED, CLIENT_WANTED } from "../../../src/acp/guard.ts";
import { createScanner, type Scanned } from "../../../src/acp/scan.ts";
import type { Wanted } from "../../../src/acp/wanted.ts";

function scan(value: unknown, wanted: Wanted): Scanned {
  const scanner = createScanner(wanted);
  scanner.feed(new TextEncoder().encode(JSON.stringify(value)));
  return scanner.seen();
}

/** What an adviser says of a conversation, and which programs it looked for. */
type Room = Advice & {
  said: string[];
  asked: string[];
  client(value: unknown): void;
  agent(value: unknown): void;
};

function makeRoom(
  options: { inside?: readonly string[]; hasLogin?: boolean; isBroken?: boolean } = {},
): Room {
  const { inside = [], hasLogin = true, isBroken = false } = options;
  const said: string[] = [];
  const asked: string[] = [];
  const advice = createAdvice({
    service: "mine",
    hasLogin,
    warn: (text) => said.push(text),
    hasProgram(name) {
      asked.push(name);
      return isBroken
        ? Promise.reject(new Error("the engine is gone"))
        : Promise.resolve(inside.includes(name));
    },
  });
  return {
    ...advice,
    said,
    asked,
    client: (value) => advice.onClientLine(scan(value, CLIENT_WANTED)),
    agent: (value) => advice.onAgentLine(scan(value, AGENT_WANTED)),
  };
}

const HELLO = { jsonrpc: "2.0", id: 0, result: { protocolVersion: 1 } };

const opening = (...mcpServers: unknown[]) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "session/new",
  params: { cwd: "/p", mcpServers },
});

const command = (name: string) => ({ name: "it", command: name, args: [], env: [] });
const address = (url: string) => ({ type: "http", name: "it", url, headers: [] });

/** Looking for a program is a promise or two. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("an MCP command that is not in the cage is named with what to do; one that is there is not", async () => {
  const room = makeRoom({ inside: ["node"] });
  room.agent(HELLO);
  room.client(opening(command("/opt/homebrew/bin/thing"), command("node")));
  await settle();
  assert.deepEqual(room.asked, ["/opt/homebrew/bin/thing", "node"]);
  assert.equal(room.said.length, 1);
  assert.match(
    room.said[0]!,
    /"\/opt\/homebrew\/bin\/thing" is not in the cage.*packages, toolchains or a Dockerfile/,
  );
});

Deno.test("MCP commands are looked for when there is a container: after the agent's first message", async () => {
  const room = makeRoom();
  room.client(opening(command("early")));
  await settle();
  assert.deepEqual(room.asked, []);
  room.agent(HELLO);
  room.client(opening(command("late")));
  await settle();
  assert.deepEqual(room.asked, ["early", "late"]);
  assert.equal(room.said.length, 2);
});

Deno.test("each MCP command is looked for once, and of very many the first sixteen", async () => {
  const room = makeRoom();
  room.agent(HELLO);
  for (let round = 0; round < 2; round++) {
    room.client(opening(...Array.from({ length: 20 }, (_, at) => command(`tool-${at}`))));
  }
  await settle();
  assert.deepEqual(room.asked, Array.from({ length: 16 }, (_, at) => `tool-${at}`));
  assert.equal(room.said.length, 16);
});

Deno.test("an engine that cannot be asked about a program is no reason to warn", async () => {
  const room = makeRoom({ isBroken: true });
  room.agent(HELLO);
  room.client(opening(command("thing")));
  await settle();
  assert.deepEqual([room.asked, room.said], [["thing"], []]);
});

Deno.test("an MCP server at localhost is named once for each address, one elsewhere never", () => {
  const room = makeRoom();
  for (let round = 0; round < 2; round++) {
    room.client(opening(
      address("http://localhost:3000/mcp"),
      address("https://mcp.example.com/sse"),
      address("http://127.0.0.1:4000/"),
    ));
  }
  assert.deepEqual(room.said, [
    "The MCP server at http://localhost:3000/mcp would be one inside the cage, not on this machine",
    "The MCP server at http://127.0.0.1:4000/ would be one inside the cage, not on this machine",
  ]);
});

for (
  const [url, expected] of [
    ["http://localhost/", true],
    ["http://LOCALHOST:8080/mcp", true],
    ["http://localhost./", true],
    ["http://api.localhost/", true],
    ["http://127.0.0.1/", true],
    ["http://127.1.2.3:1/", true],
    ["http://2130706433/", true],
    ["http://0.0.0.0:80/", true],
    ["http://[::1]:3000/", true],
    ["http://[::]/", true],
    ["ws://localhost/", true],
    ["http://localhost.example.com/", false],
    ["http://10.0.0.1/", false],
    ["http://[2001:db8::1]/", false],
    ["localhost:3000", false],
    ["", false],
  ] as const
) {
  Deno.test(`${JSON.stringify(url)} is ${expected ? "" : "not "}an address of the machine itself`, () => {
    assert.equal(isLoopback(url), expected);
  });
}

const withMethods = (...authMethods: unknown[]) => ({
  jsonrpc: "2.0",
  id: 0,
  result: { protocolVersion: 1, authMethods },
});

const TERMINAL = { id: "t", name: "Terminal", type: "terminal", args: ["login"] };
const META = {
  id: "c",
  name: "Log in with Copilot",
  _meta: { "terminal-auth": { command: "/usr/local/bin/copilot", args: ["login"] } },
};

for (
  const [what, methods, hasLogin, expected] of [
    ["a login of the type terminal", [TERMINAL], true, "sandcage auth mine --login"],
    ["a login with a command of its own", [META], true, "sandcage auth mine --login"],
    ["a login of an agent that has no command for it", [META], false, "sandcage run mine --shell"],
    ["a login that the agent does itself", [{ id: "a", name: "Key", type: "agent" }], true, ""],
    ["a login without a type", [{ id: "oauth", name: "Browser" }], true, ""],
  ] as const
) {
  Deno.test(`${what}: ${expected === "" ? "nothing is said" : expected}`, () => {
    const room = makeRoom({ hasLogin });
    room.agent(withMethods(...methods));
    room.agent(withMethods(...methods));
    const said = expected === "" ? [] : [
      "The login that the agent offers is a command inside the cage. To log in, run: " + expected,
    ];
    assert.deepEqual(room.said, said);
  });
}

const refusal = (code: unknown) => ({ jsonrpc: "2.0", id: 2, error: { code, message: "no" } });

Deno.test("an agent that wants a login is answered with the command for it, once", () => {
  const room = makeRoom();
  for (const code of [-32602, "-32000", -32000, -32000]) room.agent(refusal(code));
  assert.deepEqual(room.said, ["The agent asks for a login. Run: sandcage auth mine"]);
});

Deno.test("noise is shown once, its beginning, with control characters spelt out", () => {
  const room = makeRoom();
  room.onNoise(new TextEncoder().encode(`\x1b[31mwarn ${"é".repeat(300)}\n`));
  room.onNoise(new TextEncoder().encode("more\n"));
  assert.equal(room.said.length, 1);
  assert.match(room.said[0]!, /passed on: "\\u001b\[31mwarn é+…"$/);
  assert.ok(room.said[0]!.length < 330);
});
