import assert from "node:assert/strict";
import { PLACEHOLDER_PATTERN } from "../../../src/policy/protocol.ts";
import { ensurePlaceholders, forgetPlaceholders } from "../../../src/secrets/placeholders.ts";
import { makeTempDir } from "../cli/support.ts";

Deno.test("a placeholder is made once, for every session after", async () => {
  await using dir = await makeTempDir();
  const first = await ensurePlaceholders(dir.path, ["A", "B"]);
  const again = await ensurePlaceholders(dir.path, ["B", "C", "A"]);
  assert.deepEqual([...again.keys()], ["B", "C", "A"]);
  for (const name of ["A", "B"]) assert.equal(again.get(name), first.get(name));
  const all = [...again.values()];
  assert.equal(new Set(all).size, 3);
  for (const one of all) assert.deepEqual(one.match(PLACEHOLDER_PATTERN), [one]);
  const { mode } = await Deno.stat(`${dir.path}/secrets/placeholders.json`);
  assert.equal(mode! & 0o777, 0o600);
});

Deno.test("sessions that start at once agree on the placeholders", async () => {
  await using dir = await makeTempDir();
  const found = await Promise.all(
    Array.from({ length: 10 }, () => ensurePlaceholders(dir.path, ["A", "B"])),
  );
  for (const one of found) assert.deepEqual(one, found[0]);
});

Deno.test("what is no placeholder in the file is made anew", async () => {
  await using dir = await makeTempDir();
  const [good] = (await ensurePlaceholders(dir.path, ["GOOD"])).values();
  const path = `${dir.path}/secrets/placeholders.json`;
  const placeholders = { GOOD: good, SHORT: "withheld_ph_x", PLAIN: "secret", LIST: [good] };
  await Deno.writeTextFile(path, JSON.stringify({ schema: 1, placeholders }));
  const names = ["GOOD", "SHORT", "PLAIN", "LIST"];
  const found = await ensurePlaceholders(dir.path, names);
  assert.equal(found.get("GOOD"), good);
  for (const one of found.values()) assert.deepEqual(one.match(PLACEHOLDER_PATTERN), [one]);
  for (const text of ["", "{", "[]", "null", '{"placeholders":7}']) {
    await Deno.writeTextFile(path, text);
    assert.equal((await ensurePlaceholders(dir.path, names)).size, 4);
  }
});

Deno.test("every letter and digit of a placeholder is about as likely", async () => {
  await using dir = await makeTempDir();
  const names = Array.from({ length: 200 }, (_, index) => `N${index}`);
  const found = await ensurePlaceholders(dir.path, names);
  const counts = new Map<string, number>();
  for (const one of found.values()) {
    for (const char of one.slice(-40)) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  // 8000 characters, 222 of each expected; five standard deviations are 74.
  assert.equal(counts.size, 36);
  for (const [char, count] of counts) assert.ok(count > 148 && count < 296, `${char}: ${count}`);
});

Deno.test("what is forgotten is made anew, and nothing else", async () => {
  await using dir = await makeTempDir();
  const before = await ensurePlaceholders(dir.path, ["A", "B", "C"]);
  await forgetPlaceholders(dir.path, ["A", "C", "never there"]);
  const after = await ensurePlaceholders(dir.path, ["A", "B", "C"]);
  assert.deepEqual(["A", "B", "C"].map((name) => after.get(name) === before.get(name)), [
    false,
    true,
    false,
  ]);
});
