import assert from "node:assert/strict";
import fc from "fast-check";
import { openAuditLog } from "../../../src/cage/audit_log.ts";
import { openAudit, parseAuditLine } from "../../../src/cage/audit_read.ts";
import type { AuditLine } from "../../../src/policy/audit.ts";
import { makeTempDir } from "../cli/support.ts";

const line = (host: string): AuditLine => ({
  time: "2026-11-21T10:00:00.000Z",
  kind: "request",
  decision: "deny",
  reason: "no-rule",
  host,
  cage: "c",
  service: "claude",
  session: "0a1b2c3d",
});

async function readHosts(tail: ReturnType<typeof openAudit>): Promise<string[]> {
  const hosts: string[] = [];
  await tail.read((text) => hosts.push(parseAuditLine(text)?.host ?? "broken"));
  return hosts;
}

Deno.test("the audit is read from its oldest file on, and followed across every rotation", async () => {
  await using dir = await makeTempDir();
  const cage = `${dir.path}/cage`;
  // Three lines fill a file.
  const log = openAuditLog(cage, { rotateBytes: 3 * JSON.stringify(line("h00")).length });
  await using tail = openAudit(cage);
  assert.deepEqual(await readHosts(tail), []);
  const names = Array.from({ length: 20 }, (_, index) => `h${String(index).padStart(2, "0")}`);
  for (const name of names.slice(0, 7)) await log.write([line(name)]);
  assert.deepEqual(await readHosts(tail), names.slice(0, 7));
  const seen: string[] = [];
  for (const name of names.slice(7)) {
    await log.write([line(name)]);
    if (Number(name.slice(1)) % 4 === 0) seen.push(...await readHosts(tail));
  }
  seen.push(...await readHosts(tail));
  assert.deepEqual(seen, names.slice(7));
  assert.deepEqual(await readHosts(tail), []);
});

Deno.test("half a line is held until its end comes, and is what is left over otherwise", async () => {
  await using dir = await makeTempDir();
  const path = `${dir.path}/audit.jsonl`;
  const text = `${JSON.stringify(line("€"))}\n`;
  const bytes = new TextEncoder().encode(text);
  const middle = text.indexOf("€") + 1;
  await Deno.writeFile(path, bytes.subarray(0, middle));
  await using tail = openAudit(dir.path);
  assert.deepEqual(await readHosts(tail), []);
  await Deno.writeFile(path, bytes.subarray(middle), { append: true });
  await Deno.writeTextFile(path, '{"time', { append: true });
  assert.deepEqual(await readHosts(tail), ["€"]);
  assert.equal(tail.rest(), '{"time');
});

Deno.test("what a writer adds to the file that was just rotated is not lost", async () => {
  await using dir = await makeTempDir();
  const path = `${dir.path}/audit.jsonl`;
  const text = (host: string) => `${JSON.stringify(line(host))}\n`;
  await Deno.writeTextFile(path, text("one"));
  await using tail = openAudit(dir.path);
  assert.deepEqual(await readHosts(tail), ["one"]);
  await Deno.rename(path, `${path}.1`);
  await Deno.writeTextFile(path, text("three"));
  assert.deepEqual(await readHosts(tail), ["three"]);
  await Deno.writeTextFile(`${path}.1`, text("two"), { append: true });
  assert.deepEqual(await readHosts(tail), ["two"]);
});

for (
  const [name, text] of [
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["no time", '{"kind":"dns","decision":"allow","reason":"rule","service":"x"}'],
    [
      "a wrong time",
      '{"time":"soon","kind":"dns","decision":"allow","reason":"rule","service":"x"}',
    ],
    ["a decision nobody knows", JSON.stringify({ ...line("a"), decision: "maybe" })],
    ["a service that is no text", JSON.stringify({ ...line("a"), service: 7 })],
    ["a host that is no text", JSON.stringify({ ...line("a"), host: { a: 1 } })],
    ["a port that is no number", JSON.stringify({ ...line("a"), port: "80" })],
  ] as const
) {
  Deno.test(`parseAuditLine() reads nothing from ${name}`, () => {
    assert.equal(parseAuditLine(text), undefined);
  });
}

Deno.test("parseAuditLine() reads what was written, and throws on no text at all", () => {
  fc.assert(fc.property(fc.string(), fc.json(), (text, json) => {
    assert.doesNotThrow(() => [parseAuditLine(text), parseAuditLine(json)]);
  }));
  assert.deepEqual(parseAuditLine(JSON.stringify(line("a"))), line("a"));
});
