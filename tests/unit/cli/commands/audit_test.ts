import assert from "node:assert/strict";
import { openAuditLog } from "../../../../src/cage/audit_log.ts";
import { cageDir, claimCage } from "../../../../src/cage/store.ts";
import { type AuditOptions, runAudit } from "../../../../src/cli/commands/audit.ts";
import type { AuditLine } from "../../../../src/policy/audit.ts";
import { makeSandbox, recordIo, type Sandbox } from "../../config/support.ts";

const plain: AuditOptions = { follow: false, blocked: false, json: false, all: false };

function lineOf(host: string, changes: Partial<AuditLine> = {}): AuditLine {
  return {
    time: "2026-11-21T10:00:00.000Z",
    kind: "connect",
    decision: "deny",
    reason: "no-rule",
    host,
    cage: "mine",
    service: "claude",
    session: "0a1b2c3d",
    ...changes,
  };
}

async function claim(box: Sandbox, id: string, projectPath: string) {
  const dir = cageDir(box.host.stateDir, id);
  await claimCage(dir, { id, projectPath });
  return openAuditLog(dir);
}

async function auditIn(box: Sandbox, options: Partial<AuditOptions>) {
  const io = recordIo();
  await runAudit({ ...plain, ...options }, { host: box.host, io });
  return io;
}

Deno.test("audit shows what this project's cages decided, in order of time", async () => {
  await using box = await makeSandbox();
  assert.deepEqual((await auditIn(box, {})).said, ["Nothing was decided yet"]);
  const [one, two, other] = [
    await claim(box, "mine", box.project),
    await claim(box, "review", box.project),
    await claim(box, "other", "/elsewhere"),
  ];
  await one.write([lineOf("b.dev"), lineOf("d.dev", { time: "2026-11-21T13:00:00.000Z" })]);
  await two.write([
    lineOf("a.dev", { time: "2026-11-21T09:00:00.000Z" }),
    lineOf("c.dev", { time: "2026-11-21T12:00:00.000Z", decision: "allow", reason: "rule" }),
  ]);
  await other.write([lineOf("z.dev")]);
  const hostsOf = async (options: Partial<AuditOptions>) =>
    (await auditIn(box, { json: true, ...options })).printed.map((line) => JSON.parse(line).host);
  assert.deepEqual(await hostsOf({}), ["a.dev", "b.dev", "c.dev", "d.dev"]);
  assert.deepEqual(await hostsOf({ blocked: true }), ["a.dev", "b.dev", "d.dev"]);
  assert.deepEqual(await hostsOf({ since: "2026-11-21T11:00:00Z" }), ["c.dev", "d.dev"]);
  assert.deepEqual(await hostsOf({ all: true }), ["a.dev", "b.dev", "z.dev", "c.dev", "d.dev"]);
  const { printed } = await auditIn(box, { blocked: true });
  assert.match(printed[0]!, /^TIME +SERVICE +DECISION +HOST +REASON +REQUEST$/);
  assert.match(printed[1]!, /^2026-11-21 09:00:00Z +claude +deny +a\.dev +no-rule +connect$/);
});

Deno.test("audit skips lines it cannot read and counts them on stderr", async () => {
  await using box = await makeSandbox();
  const log = await claim(box, "mine", box.project);
  await log.write([lineOf("a.dev")]);
  const path = `${cageDir(box.host.stateDir, "mine")}/audit.jsonl`;
  await Deno.writeTextFile(path, "not a line\n{}\n", { append: true });
  await log.write([lineOf("b.dev")]);
  await Deno.writeTextFile(path, '{"time":"2026', { append: true });
  const { printed, said } = await auditIn(box, { json: true });
  assert.deepEqual(printed.map((line) => JSON.parse(line).host), ["a.dev", "b.dev"]);
  assert.deepEqual(said, ["3 lines of the audit cannot be read"]);
});

Deno.test("audit refuses a time it cannot read", async () => {
  await using box = await makeSandbox();
  await assert.rejects(auditIn(box, { since: "soon" }), { exit: 2, code: "usage" });
});

Deno.test("audit --follow shows new decisions, also of a new cage, until it is interrupted", async () => {
  await using box = await makeSandbox();
  const log = await claim(box, "mine", box.project);
  await log.write([lineOf("a.dev")]);
  const controller = new AbortController();
  const waiting = new Map<number, () => void>();
  const io = recordIo();
  const { out } = io;
  io.out = (text) => {
    out(text);
    waiting.get(io.printed.length)?.();
  };
  const printed = (count: number) =>
    new Promise<void>((resolve) => {
      waiting.set(count, resolve);
      if (io.printed.length >= count) resolve();
    });
  const signals = {
    signal: controller.signal,
    handOver: () => ({ [Symbol.dispose]() {} }),
  };
  const work = runAudit({ ...plain, json: true, follow: true }, { host: box.host, io, signals });
  await printed(1);
  await log.write([lineOf("b.dev")]);
  await printed(2);
  await (await claim(box, "review", box.project)).write([lineOf("c.dev")]);
  await printed(3);
  controller.abort(new DOMException("Interrupted", "AbortError"));
  await assert.rejects(work, { name: "AbortError" });
  assert.deepEqual(io.printed.map((line) => JSON.parse(line).host), ["a.dev", "b.dev", "c.dev"]);
});
