import assert from "node:assert/strict";
import { describeFailure, isBrokenPipe } from "../../src/failure.ts";
import { EXIT, UserError } from "../../src/errors.ts";

const ERROR = new UserError("Cannot start", {
  hint: "Do this\nOr that",
  exit: EXIT.engine,
  code: "engine-missing",
});

Deno.test("describeFailure() says problem and fix, and ends as the error says", () => {
  assert.deepEqual(describeFailure(ERROR), {
    text: "sandcage: Cannot start\n  Do this\n  Or that\n",
    exit: 4,
  });
});

Deno.test("describeFailure() speaks JSON on one line", () => {
  assert.deepEqual(describeFailure(ERROR, { json: true }), {
    text: '{"code":"engine-missing","message":"Cannot start","hint":"Do this\\nOr that"}\n',
    exit: 4,
  });
  assert.equal(
    describeFailure(new UserError("No"), { json: true }).text,
    '{"code":"failed","message":"No","hint":null}\n',
  );
});

Deno.test("describeFailure() calls anything else a bug: one line, exit 70, no stack", () => {
  const { text, exit } = describeFailure(new TypeError("x is undefined\nat y"));
  assert.equal(exit, 70);
  assert.equal(
    text,
    "sandcage: Internal error: TypeError: x is undefined\n" +
      "  This is a bug in sandcage; set SANDCAGE_DEBUG=1 for a stack trace\n",
  );
  assert.equal(JSON.parse(describeFailure("odd", { json: true }).text).code, "bug");
});

Deno.test("describeFailure() shows stacks and causes on request", () => {
  const { text } = describeFailure(new UserError("Outer", { cause: new Error("inner") }), {
    debug: true,
  });
  assert.match(text, /^sandcage: Outer\n {2}UserError: Outer\n {6}at /);
  assert.match(text, /\n {2}caused by: Error: inner\n/);
});

Deno.test("describeFailure() never sends control characters of others to the terminal", () => {
  const { text } = describeFailure(new UserError("bad \x1b[2J name\x07", { hint: "\x9b31m" }));
  assert.equal(text, "sandcage: bad \\x1b[2J name\\x07\n  \\x9b31m\n");
});

Deno.test("describeFailure() shows what turns text around, or hides in it", () => {
  const { text } = describeFailure(new UserError("run \u202ehs.live\u202c\u200b", {}));
  assert.equal(text, "sandcage: run \\u202ehs.live\\u202c\\u200b\n");
});

Deno.test("isBrokenPipe() knows a reader that went away", () => {
  assert.deepEqual([new Deno.errors.BrokenPipe("x"), new Error("EPIPE")].map(isBrokenPipe), [
    true,
    false,
  ]);
});
