import assert from "node:assert/strict";
import { planOrder, SECONDS } from "../../../../tools/testing/order.ts";

Deno.test("planOrder() begins with the longest, and knows nothing but files that are there", async () => {
  const dir = new URL("../../../e2e/", import.meta.url);
  const files = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name)
    .filter((name) => name.endsWith("_test.ts"));
  for (const name of Object.keys(SECONDS)) assert.ok(files.includes(`${name}_test.ts`), name);
  const order = planOrder(files);
  assert.deepEqual(order.toSorted(), files.toSorted(), "all of them, each once");
  const [longest] = Object.entries(SECONDS).toSorted(([, a], [, b]) => b - a)[0]!;
  assert.equal(order[0], `${longest}_test.ts`);
});

Deno.test("planOrder() puts a file that nobody measured before the short ones, equals by name", () => {
  assert.deepEqual(
    planOrder(["x/b_test.ts", "x/a_test.ts", "x/copy_desk_test.ts"]),
    ["x/copy_desk_test.ts", "x/a_test.ts", "x/b_test.ts"],
  );
});
