import assert from "node:assert/strict";
import type { AgentEvent, LoggedEvent, RunRecord } from "../../../src/headless/event.ts";
import { judgePreflight } from "../../../src/headless/preflight.ts";
import { resolveService } from "../../../src/service/registry.ts";

const run = (state: RunRecord["state"], reason?: string): RunRecord => ({
  schema: 1,
  id: "20260101t000000-aaaaaa",
  cageId: "web-1",
  service: "claude",
  state,
  startedAt: "2026-01-01T00:00:00.000Z",
  usage: {},
  events: 0,
  ...reason === undefined ? {} : { reason },
});

const judge = (record: RunRecord, events: AgentEvent[], name = "claude") =>
  judgePreflight(
    record,
    events.map((event, index): LoggedEvent => ({ ...event, seq: index + 1, at: record.startedAt })),
    { service: resolveService(name, { services: {} }) },
  );

Deno.test("an agent that answers can work, and nothing is to be done", () => {
  const verdict = judge(run("done"), [
    { kind: "init" },
    { kind: "done", text: "ready", isError: false, usage: {} },
  ]);
  assert.equal(verdict.isOk, true);
  assert.deepEqual(verdict.fixes, []);
  assert.equal(verdict.rows[1]!.found, "ready");
});

Deno.test("an agent that ends well without a word does not answer", () => {
  assert.equal(judge(run("done"), [{ kind: "init" }]).isOk, false);
});

Deno.test("what a shell prints is its answer", () => {
  assert.equal(judge(run("done"), [{ kind: "text", text: "ready" }], "shell").isOk, true);
});

Deno.test("what keeps an agent from answering is said, with the key that is missing and its login", () => {
  const verdict = judge(run("failed", "it ended with 1"), [
    { kind: "note", text: "warning: No value for ANTHROPIC_API_KEY: it is not set" },
    { kind: "done", text: "Not logged in", isError: true, usage: {} },
  ]);
  assert.equal(verdict.isOk, false);
  assert.match(verdict.rows[1]!.found, /it ended with 1.*Not logged in/);
  assert.deepEqual(verdict.fixes.slice(0, 2), [
    "Give it ANTHROPIC_API_KEY: sandcage secret set ANTHROPIC_API_KEY",
    "Or log in: sandcage auth claude --login",
  ]);
});
