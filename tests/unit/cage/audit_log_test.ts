import assert from "node:assert/strict";
import { join } from "node:path";
import { AUDIT_FILES, auditPath, openAuditLog } from "../../../src/cage/audit_log.ts";
import type { AuditLine } from "../../../src/policy/audit.ts";
import { withState } from "./support.ts";

const line = (path: string): AuditLine => ({
  time: "2026-01-01T00:00:00.000Z",
  kind: "request",
  decision: "allow",
  reason: "rule",
  host: "a.test",
  path,
  cage: "demo-1",
  service: "claude",
  session: "0a1b2c3d",
});

Deno.test("lines are appended whole and only the user can read them", async () => {
  await withState(async (dir) => {
    const log = openAuditLog(dir);
    await log.write([line("/1"), line("/2")]);
    await log.write([line("/3")]);
    await log.write([]);
    const text = await Deno.readTextFile(auditPath(dir));
    assert.deepEqual(text.trim().split("\n").map((l) => JSON.parse(l).path), ["/1", "/2", "/3"]);
    assert.equal((await Deno.stat(auditPath(dir))).mode! & 0o777, 0o600);
  });
});

Deno.test("a full file becomes the first old one, and the oldest goes", async () => {
  await withState(async (dir) => {
    const log = openAuditLog(dir, { rotateBytes: 1 });
    for (let n = 1; n <= AUDIT_FILES + 3; n++) await log.write([line(`/${n}`)]);
    const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
    const kept = ["audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.3", "audit.jsonl.4"];
    assert.deepEqual(names, [...kept, "audit.jsonl.lock"].sort());
    assert.match(await Deno.readTextFile(join(dir, "audit.jsonl.1")), /"\/8"/);
    assert.match(await Deno.readTextFile(join(dir, "audit.jsonl.4")), /"\/5"/);
  });
});

Deno.test("sessions that write at once lose no line while the file is rotated", async () => {
  await withState(async (dir) => {
    const logs = [1, 2, 3].map(() => openAuditLog(dir, { rotateBytes: 4_000 }));
    await Promise.all(logs.map(async (log, who) => {
      for (let n = 0; n < 30; n++) await log.write([line(`/${who}/${n}`)]);
    }));
    const texts = await Promise.all(
      (await Array.fromAsync(Deno.readDir(dir)))
        .filter(({ name }) => !name.endsWith(".lock"))
        .map(({ name }) => Deno.readTextFile(join(dir, name))),
    );
    const lines = texts.join("").trim().split("\n").map((text) => JSON.parse(text).path);
    assert.equal(new Set(lines).size, 90);
  });
});

Deno.test("what cannot be written is said, and the next line stays whole", async () => {
  await withState(async (dir) => {
    await Deno.mkdir(auditPath(dir));
    const log = openAuditLog(dir);
    await assert.rejects(log.write([line("/1")]));
    await Deno.remove(auditPath(dir));
    await log.write([line("/2")]);
    assert.equal((await Deno.readTextFile(auditPath(dir))).split("\n").length, 2);
  });
});
