import assert from "node:assert/strict";
import { jsonSchema } from "../../../src/config/json_schema.ts";
import { configurationPage } from "../../../src/config/page.ts";
import { findNearest } from "../../../src/config/nearest.ts";
import { parseByteSize, parseDurationMs } from "../../../src/config/units.ts";

const root = new URL("../../../", import.meta.url);

Deno.test("schema/sandcage.schema.json is what the schema generates", async () => {
  const onDisk = await Deno.readTextFile(new URL("schema/sandcage.schema.json", root));
  assert.equal(onDisk, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
});

Deno.test("docs/configuration.md is what the schema generates", async () => {
  const onDisk = await Deno.readTextFile(new URL("docs/configuration.md", root));
  assert.equal(onDisk, configurationPage());
});

Deno.test("jsonSchema() describes every key and accepts no other", () => {
  const visit = (schema: Record<string, unknown>, path: string) => {
    const properties = schema.properties as Record<string, Record<string, unknown>> | undefined;
    if (properties === undefined) return;
    assert.equal(schema.additionalProperties, false, path);
    for (const [key, child] of Object.entries(properties)) {
      assert.ok(
        typeof child.description === "string" && child.description !== "",
        `${path}.${key}`,
      );
      visit(child, `${path}.${key}`);
    }
  };
  visit(jsonSchema() as Record<string, unknown>, "");
});

for (
  const [word, want] of [
    ["memroy", "memory"],
    ["MEMORY", "memory"],
    ["mem", undefined],
    ["netwrok", "network"],
    ["zebra", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`findNearest() answers ${want} for "${word}"`, () => {
    assert.equal(findNearest(word, ["memory", "cpus", "pids", "network"]), want);
  });
}

Deno.test("parseByteSize() and parseDurationMs() know every unit the schema allows", () => {
  assert.deepEqual(
    ["7b", "2k", "2KiB", "512m", "1.5MiB", "8g", "8GiB", "8G"].map(parseByteSize),
    [7, 2048, 2048, 536870912, 1572864, 8589934592, 8589934592, 8589934592],
  );
  assert.deepEqual(["500ms", "30s", "5m", "1h", "2d"].map(parseDurationMs), [
    500,
    30000,
    300000,
    3600000,
    172800000,
  ]);
  assert.throws(() => parseByteSize("8 apples"), TypeError);
});
