// A scripted agent: what the tests of the relay talk to, in a cage and directly. Its first argument
// says how it behaves; without one it answers as an agent of the protocol does.
import { createReadStream } from "node:fs";

const [mode = "agent"] = process.argv.slice(2);
const write = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const answer = (id, result) => write({ jsonrpc: "2.0", id, result });

if (mode === "echo") process.stdin.pipe(process.stdout);
else if (mode === "stubborn") {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
  process.stdin.on("data", () => {}).on("end", () => {});
  setInterval(() => {}, 1000);
  process.stdout.write('{"jsonrpc":"2.0","method":"_ready"}\n');
} else if (mode === "dies") {
  process.stdout.write('{"jsonrpc":"2.0","method":"_half","params":{"text":"never', () => {
    process.exit(7);
  });
} else if (mode === "chatter") {
  // It speaks without being asked, and never looks at its input.
  setInterval(() => process.stdout.write('{"jsonrpc":"2.0","method":"_still"}\n'), 50);
} else if (mode === "count") {
  const count = Number(process.argv[3]);
  let at = 0;
  const more = () => {
    while (at < count) {
      const line = `{"jsonrpc":"2.0","method":"_n","params":{"n":${at++}}}\n`;
      if (!process.stdout.write(line)) return process.stdout.once("drain", more);
    }
  };
  more();
} else if (mode === "bytes") {
  createReadStream(process.argv[3]).pipe(process.stdout);
  process.stdin.resume();
} else speak();

/** Version 1 or 2, whichever the client offers. */
function speak() {
  let rest = "";
  const waiting = new Map();
  let nextId = 1000;
  const ask = (method, params, then) => {
    const id = nextId++;
    waiting.set(id, then);
    write({ jsonrpc: "2.0", id, method, params });
  };
  let version = 1;
  const update = (sessionId, text) =>
    write({
      jsonrpc: "2.0",
      method: "session/update",
      params: {
        sessionId,
        update: {
          sessionUpdate: "agent_message_chunk",
          content: { type: "text", text },
          ...(version === 1 ? {} : { messageId: "m1" }),
        },
      },
    });
  const handle = (message) => {
    const { id, method, params } = message;
    if (method === undefined) {
      waiting.get(id)?.(message);
      return waiting.delete(id);
    }
    switch (method) {
      case "initialize":
        return answer(id, initialize(params));
      case "session/new":
        return answer(id, { sessionId: "s1" });
      case "session/load":
        return answer(id, {});
      case "session/prompt":
        return prompt(id, params);
      case "_big":
        return answer(id, { text: "x".repeat(params.bytes) });
      case "_raw":
        return process.stdout.write(Buffer.from(params.base64, "base64"));
      case "_ask":
        return ask(
          params.method,
          params.params,
          (given) => answer(id, { given: given.error ?? given.result }),
        );
      case "_exit":
        return process.exit(params.code);
      default:
        if (id === undefined) return write({ jsonrpc: "2.0", method: "_heard", params: message });
        if (method.startsWith("_")) return answer(id, { echo: message });
        return write({
          jsonrpc: "2.0",
          id,
          error: { code: -32601, message: `Method not found: ${method}` },
        });
    }
  };
  const prompt = (id, { sessionId, prompt }) => {
    update(sessionId, `Ünïcödé 日本語 ${prompt.map(({ text }) => text).join("")}`);
    const toolCall = { toolCallId: "t1", title: "Write hello.txt", kind: "edit" };
    const options = [{ optionId: "yes", name: "Allow", kind: "allow_once" }];
    const wish = version === 1
      ? { sessionId, toolCall, options }
      : { sessionId, title: toolCall.title, subject: { type: "tool_call", toolCall }, options };
    ask("session/request_permission", wish, ({ result }) => {
      update(sessionId, `permission: ${result.outcome.optionId ?? result.outcome.outcome}`);
      answer(id, version === 1 ? { stopReason: "end_turn" } : { messageId: "m0" });
    });
  };
  const initialize = (params) => {
    const offered = params.clientCapabilities ?? params.capabilities;
    version = params.protocolVersion >= 2 ? 2 : 1;
    if (version === 2) {
      return {
        protocolVersion: 2,
        info: { name: "scripted", version: "1.0.0" },
        capabilities: {},
        _meta: { offered },
      };
    }
    return {
      protocolVersion: 1,
      agentCapabilities: { loadSession: true },
      agentInfo: { name: "scripted", version: "1.0.0" },
      authMethods: [],
      _meta: { offered },
    };
  };
  process.stdin.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      try {
        handle(JSON.parse(line));
      } catch (error) {
        write({ jsonrpc: "2.0", id: null, error: { code: -32700, message: String(error) } });
      }
    }
  });
}
