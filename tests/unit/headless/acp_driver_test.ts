import assert from "node:assert/strict";
import fc from "fast-check";
import { createAcpDriver } from "../../../src/headless/acp_driver.ts";

const make = () => createAcpDriver({ cwd: "/work/project", prompt: "do it" });
const line = (message: unknown) => JSON.stringify({ jsonrpc: "2.0", ...message as object });

/** Talks until the prompt is asked; gives the driver and what it sent last. */
function openSession() {
  const driver = make();
  driver.start();
  driver.read(line({ id: 0, result: { protocolVersion: 1 } }));
  const step = driver.read(line({ id: 1, result: { sessionId: "s1" } }));
  return { driver, asked: JSON.parse(step.send[0]!) };
}

Deno.test("it initializes without files and terminal, opens a session there, and asks", () => {
  const driver = make();
  const [first] = driver.start().map((text) => JSON.parse(text));
  assert.equal(first.method, "initialize");
  assert.deepEqual(first.params.clientCapabilities, {
    fs: { readTextFile: false, writeTextFile: false },
    terminal: false,
  });
  const second = JSON.parse(driver.read(line({ id: 0, result: {} })).send[0]!);
  assert.deepEqual([second.method, second.params], [
    "session/new",
    { cwd: "/work/project", mcpServers: [] },
  ]);
  const { asked } = openSession();
  assert.deepEqual([asked.method, asked.params], [
    "session/prompt",
    { sessionId: "s1", prompt: [{ type: "text", text: "do it" }] },
  ]);
});

for (
  const [title, options, outcome] of [
    ["for good before once", [["a", "allow_once"], ["b", "allow_always"], ["c", "reject_once"]], {
      outcome: "selected",
      optionId: "b",
    }],
    ["once when that is all", [["c", "reject_once"], ["a", "allow_once"]], {
      outcome: "selected",
      optionId: "a",
    }],
    ["not where nothing can be allowed", [["c", "reject_once"]], { outcome: "cancelled" }],
    ["not where nothing is offered", [], { outcome: "cancelled" }],
  ] as const
) {
  Deno.test(`what it is asked for is allowed: ${title}`, () => {
    const { driver } = openSession();
    const step = driver.read(line({
      id: "q7",
      method: "session/request_permission",
      params: { sessionId: "s1", options: options.map(([optionId, kind]) => ({ optionId, kind })) },
    }));
    assert.deepEqual(step.send.map((text) => JSON.parse(text)), [
      { jsonrpc: "2.0", id: "q7", result: { outcome } },
    ]);
    assert.equal(step.end, undefined);
  });
}

Deno.test("files and terminals of this machine are not to be had", () => {
  const { driver } = openSession();
  for (const method of ["fs/read_text_file", "fs/write_text_file", "terminal/create"]) {
    const step = driver.read(line({ id: 3, method, params: { path: "/etc/passwd" } }));
    assert.equal(JSON.parse(step.send[0]!).error.code, -32601);
  }
});

for (
  const [title, message, end] of [
    ["the end of the turn", { id: 2, result: { stopReason: "end_turn" } }, {
      isOk: true,
      text: "",
    }],
    ["a refusal", { id: 2, result: { stopReason: "refusal" } }, {
      isOk: false,
      text: "it stopped with: refusal",
    }],
    ["too many tokens", { id: 2, result: { stopReason: "max_tokens" } }, {
      isOk: false,
      text: "it stopped with: max tokens",
    }],
    ["an error", { id: 2, error: { code: -32603, message: "overloaded" } }, {
      isOk: false,
      text: "overloaded",
    }],
    ["a login", { id: 1, error: { code: -32000, message: "Authentication required" } }, {
      isOk: false,
      text: "it wants a login first: Authentication required",
    }],
  ] as const
) {
  Deno.test(`it is over with ${title}`, () => {
    assert.deepEqual(openSession().driver.read(line(message)).end, end);
  });
}

Deno.test("what it costs is known where the agent says it in USD", () => {
  const { driver } = openSession();
  assert.equal(driver.costUsd(), undefined);
  const cost = (amount: number, currency: string) =>
    driver.read(line({
      method: "session/update",
      params: { update: { sessionUpdate: "usage_update", cost: { amount, currency } } },
    }));
  cost(3, "EUR");
  assert.equal(driver.costUsd(), undefined);
  cost(0.25, "USD");
  assert.equal(driver.costUsd(), 0.25);
});

Deno.test("nothing an agent says breaks the driver", () => {
  fc.assert(fc.property(
    fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({
        id: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.string(), fc.constant(null)),
        method: fc.option(fc.constantFrom("session/update", "session/request_permission", "x"), {
          nil: undefined,
        }),
        params: fc.jsonValue(),
        result: fc.jsonValue(),
        error: fc.option(fc.jsonValue(), { nil: undefined }),
      }).map((value) => JSON.stringify(value)),
    ),
    (text) => {
      for (const sent of openSession().driver.read(text).send) {
        assert.doesNotMatch(sent, /\n/);
        JSON.parse(sent);
      }
    },
  ));
});
