import assert from "node:assert/strict";
import { createGate } from "../../../src/acp/gate.ts";
import {
  AGENT_WANTED,
  CLIENT_WANTED,
  type GuardFacts,
  judgeAgent,
  judgeClient,
} from "../../../src/acp/guard.ts";
import type { AcpRules } from "../../../src/acp/initialize.ts";
import type { Verdict } from "../../../src/acp/verdict.ts";

const STRICT: AcpRules = { terminal: "block", fs: "workspace" };

function factsOf(rules: AcpRules): GuardFacts {
  return {
    rules,
    roots: {
      platform: "linux",
      mounted: [
        { source: "/work/api", target: "/work/api", readonly: false },
        { source: "/host/docs", target: "/docs", readonly: true },
      ],
      hidden: ["/work/api/.env"],
      protected: ["/work/api/.git/hooks"],
    },
    // A link out of the project, and one into it.
    realPath: (path) =>
      path.replace(/^\/work\/api\/out\b/, "/etc").replace(/^\/alias\b/, "/work/api")
        .replace(/^\/manual\b/, "/host/docs").replace(/^\/far\b/, "/etc"),
  };
}

/** What passes of a text, and what was decided of its lines. */
function pass(side: "client" | "agent", text: string, rules = STRICT) {
  const facts = factsOf(rules);
  const verdicts: Verdict[] = [];
  const gate = createGate({
    wanted: side === "client" ? CLIENT_WANTED : AGENT_WANTED,
    judge: (line) => side === "client" ? judgeClient(line, facts) : judgeAgent(line, facts),
    onLine: (_line, verdict) => verdicts.push(verdict),
  });
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  let out = "";
  for (let at = 0; at < bytes.length; at += 65_536) {
    for (const piece of gate.push(bytes.subarray(at, at + 65_536))) out += decoder.decode(piece);
  }
  for (const piece of gate.end()) out += decoder.decode(piece);
  return { text: out, verdicts };
}

const line = (value: unknown) => JSON.stringify(value) + "\n";
const request = (method: string, params: unknown) =>
  line({ jsonrpc: "2.0", id: 1, method, params });

for (
  const [what, side, text, code] of [
    ["a session in the project", "client", request("session/new", { cwd: "/work/api" }), 0],
    ["a session below it", "client", request("session/load", { cwd: "/work/api/src/" }), 0],
    ["a session at the place of a mount", "client", request("session/new", { cwd: "/docs" }), 0],
    ["a session elsewhere", "client", request("session/new", { cwd: "/etc" }), -32602],
    ["a neighbour of the project", "client", request("session/new", { cwd: "/work/api2" }), -32602],
    ["a way out by dots", "client", request("session/new", { cwd: "/work/api/../x" }), -32602],
    ["a relative directory", "client", request("session/new", { cwd: "src" }), -32602],
    ["no directory", "client", request("session/new", { cwd: "" }), -32602],
    // The link is in the cage as well, and leads to the cage's own directory there.
    ["a link in the project", "client", request("session/new", { cwd: "/work/api/out" }), 0],
    ["a link to the project", "client", request("session/new", { cwd: "/alias/src" }), -32602],
    [
      "a second directory elsewhere",
      "client",
      request("session/resume", { cwd: "/docs", additionalDirectories: ["/docs", "/etc"] }),
      -32602,
    ],
    ["a fork elsewhere", "client", request("session/fork", { cwd: "/" }), -32602],
    [
      "the first of two directories elsewhere",
      "client",
      '{"id":1,"method":"session/new","params":{"cwd":"/etc","cwd":"/docs"}}\n',
      -32602,
    ],
    [
      "the first of two methods",
      "client",
      '{"id":1,"method":"session/new","params":{"cwd":"/etc"},"method":"x"}\n',
      -32602,
    ],
    ["a directory that only lists", "client", request("session/list", { cwd: "/etc" }), 0],
    ["an unknown method", "client", request("_x/new", { cwd: "/etc" }), 0],
    ["the directory in _meta", "client", request("x", { _meta: { cwd: "/etc" } }), 0],
    ["a session, without an end", "client", request("session/new", { cwd: "/x" }).trim(), -32602],
    ["a command of the host", "agent", request("terminal/create", { command: "sh" }), -32601],
    ["any other word about it", "agent", request("terminal/kill", {}), -32601],
    ["a command in a batch", "agent", `[${request("terminal/create", {}).trim()}]\n`, -32601],
    [
      "a command behind a carriage return",
      "agent",
      `x\r${request("terminal/create", {})}`,
      -32601,
    ],
    [
      "a command inside a message for whoever ends lines at carriage returns",
      "agent",
      '{"a":\r{"id":1,"method":"terminal/create"}\r}\n',
      -32601,
    ],
    ["an update", "agent", request("session/update", { path: "/etc/passwd" }), 0],
    ["a file of the project", "agent", request("fs/read_text_file", { path: "/work/api/a" }), 0],
    ["a file of a mount", "agent", request("fs/read_text_file", { path: "/host/docs/a" }), 0],
    ["a file elsewhere", "agent", request("fs/read_text_file", { path: "/etc/passwd" }), -32602],
    ["a relative file", "agent", request("fs/read_text_file", { path: "a" }), -32602],
    ["a file by dots", "agent", request("fs/read_text_file", { path: "/work/api/../a" }), -32602],
    [
      "a file by a link",
      "agent",
      request("fs/read_text_file", { path: "/work/api/out/p" }),
      -32602,
    ],
    [
      "a file by dots behind a link, which the system takes from where it leads",
      "agent",
      request("fs/read_text_file", { path: "/work/api/out/../a" }),
      -32602,
    ],
    ["a file by a link inward", "agent", request("fs/read_text_file", { path: "/alias/a" }), 0],
    ["a hidden file", "agent", request("fs/read_text_file", { path: "/work/api/.env" }), -32602],
    ["a file to write", "agent", request("fs/write_text_file", { path: "/work/api/a" }), 0],
    [
      "a hook to write",
      "agent",
      request("fs/write_text_file", { path: "/work/api/.git/hooks/x" }),
      -32602,
    ],
    ["a mount to write", "agent", request("fs/write_text_file", { path: "/host/docs/a" }), -32602],
    [
      "an escaped method",
      "agent",
      '{"id":1,"\\u006dethod":"\\u0066s/read_text_file","params":{"path":"/etc/x"}}\n',
      -32602,
    ],
    [
      "a method too long to be kept",
      "agent",
      request(`terminal/${"x".repeat(20_000)}`, {}),
      -32601,
    ],
    ["noise", "agent", "npm warn deprecated\n", 0],
    ["half a message", "agent", '{"method":"terminal/create"', -32601],
  ] as const
) {
  Deno.test(`${side}: ${what} ${code === 0 ? "passes as it is" : `is refused with ${code}`}`, () => {
    const out = pass(side, text);
    const codes = out.verdicts.map((verdict) => verdict.kind === "refuse" ? verdict.code : 0);
    assert.deepEqual(codes, [code]);
    assert.equal(out.text, code === 0 ? text : "");
  });
}

for (
  const [what, rules, sent, want] of [
    [
      "takes the terminal out and leaves the rest",
      { terminal: "block", fs: "allow" },
      '{ "id":0,"method":"initialize", "params":{"clientCapabilities":{"terminal" : true ,"fs":{"readTextFile":true},"_meta":{"x":1.0}}}}\n',
      '{ "id":0,"method":"initialize", "params":{"clientCapabilities":{"terminal" : false ,"fs":{"readTextFile":true},"_meta":{"x":1.0}}}}\n',
    ],
    [
      "takes files out",
      { terminal: "allow", fs: "block" },
      '{"method":"initialize","params":{"clientCapabilities":{"fs":{"readTextFile":true,"x":[{}]},"terminal":true}}}\n',
      '{"method":"initialize","params":{"clientCapabilities":{"fs":{"readTextFile":false,"writeTextFile":false},"terminal":true}}}\n',
    ],
    [
      "takes both of two out, in version 2 as well",
      { terminal: "block", fs: "allow" },
      '{"params":{"capabilities":{"terminal":{},"terminal":1}},"method":"initialize"}\n',
      '{"params":{"capabilities":{"terminal":false,"terminal":false}},"method":"initialize"}\n',
    ],
    [
      "leaves what is not offered",
      { terminal: "block", fs: "block" },
      '{"method":"initialize","params":{"protocolVersion":2,"capabilities":{"terminal":null}}}\n',
      '{"method":"initialize","params":{"protocolVersion":2,"capabilities":{"terminal":null}}}\n',
    ],
    [
      "leaves everything where all is allowed",
      { terminal: "allow", fs: "allow" },
      '{"method":"initialize","params":{"clientCapabilities":{"terminal":true}}}\n',
      '{"method":"initialize","params":{"clientCapabilities":{"terminal":true}}}\n',
    ],
    [
      "reaches one behind carriage returns, and nothing else",
      { terminal: "block", fs: "allow" },
      'ab\rc\r{"method":"initialize","params":{"capabilities":{"terminal":true}}}\r\n',
      'ab\rc\r{"method":"initialize","params":{"capabilities":{"terminal":false}}}\r\n',
    ],
    [
      "reaches one that is read both ways, once",
      { terminal: "block", fs: "allow" },
      '\r{"method":"initialize","params":{"capabilities":{"terminal":true}}}\n',
      '\r{"method":"initialize","params":{"capabilities":{"terminal":false}}}\n',
    ],
    [
      "reaches one without a newline",
      { terminal: "block", fs: "allow" },
      '{"method":"initialize","params":{"clientCapabilities":{"terminal":true}}}',
      '{"method":"initialize","params":{"clientCapabilities":{"terminal":false}}}',
    ],
  ] as const
) {
  Deno.test(`initialize: it ${what}`, () => {
    assert.equal(pass("client", sent, rules).text, want);
  });
}

Deno.test("initialize: one too long to hold is refused", () => {
  const long = request("initialize", { _meta: "x".repeat(300_000), clientCapabilities: {} });
  const { text, verdicts } = pass("client", long);
  assert.equal(verdicts[0]?.kind, "refuse");
  assert.equal(text, "");
});

Deno.test("a refusal says which directories there are and how to add one", () => {
  const [verdict] = pass("client", request("session/new", { cwd: "/etc" })).verdicts;
  assert.ok(verdict?.kind === "refuse");
  assert.match(verdict.message, /"\/etc" is not in the cage, which has \/work\/api, \/docs/);
  assert.match(verdict.message, /workspace: \{ dirs: \["\/etc"\] \}/);
});

for (
  const [cwd, end] of [
    ["/alias", "/work/api"],
    ["/alias/src/", "/work/api/src"],
    ["/manual/a", "/docs/a"],
  ] as const
) {
  Deno.test(`the refusal of ${cwd}, a link, names ${end}`, () => {
    const [verdict] = pass("client", request("session/new", { cwd })).verdicts;
    assert.ok(verdict?.kind === "refuse");
    assert.ok(verdict.message.includes(`${JSON.stringify(cwd)} leads to "${end}" by a link`));
    assert.ok(verdict.message.endsWith(`Open the editor in "${end}"`), verdict.message);
  });
}

Deno.test("the refusal of a link that leads elsewhere says nothing of its end", () => {
  const [verdict] = pass("client", request("session/new", { cwd: "/far" })).verdicts;
  assert.ok(verdict?.kind === "refuse");
  assert.match(verdict.message, /"\/far" is not in the cage, which has/);
  assert.doesNotMatch(verdict.message, /etc/);
});

Deno.test("a long line that turns out to be forbidden is cut, so that it never parses", () => {
  const filler = "x".repeat(200_000);
  const late = `{"params":{"text":"${filler}"},"id":1,"method":"terminal/create"}\n`;
  const facts = factsOf(STRICT);
  const gate = createGate({ wanted: AGENT_WANTED, judge: (line) => judgeAgent(line, facts) });
  const bytes = new TextEncoder().encode(late + '{"id":2}\n');
  let text = "";
  for (let at = 0; at < bytes.length; at += 10_000) {
    for (const piece of gate.push(bytes.subarray(at, at + 10_000))) {
      text += new TextDecoder().decode(piece);
    }
  }
  const [cut, next, rest] = text.split("\n");
  assert.equal(next, '{"id":2}');
  assert.equal(rest, "");
  assert.ok(cut!.length > 65_536);
  assert.throws(() => JSON.parse(cut!));
});
