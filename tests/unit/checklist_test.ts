import assert from "node:assert/strict";

/** Rows of the list: file and test. */
async function readRows(): Promise<{ file: string; name: string }[]> {
  const text = await Deno.readTextFile("tests/promotion.md");
  const rows = text.split("\n").map((line) =>
    /^\| .* \| `(tests\/\S+)` +\| (.*\S) +\|$/.exec(line)
  );
  return rows.filter((row) => row !== null).map((row) => ({ file: row[1]!, name: row[2]! }));
}

Deno.test("every promise on the list has a test of that name", async () => {
  const rows = await readRows();
  assert.ok(rows.length > 50, `${rows.length} rows were read`);
  const texts = new Map<string, string>();
  for (const { file } of rows) texts.set(file, await Deno.readTextFile(file));
  const missing = rows.filter(({ file, name }) => !texts.get(file)!.includes(name));
  assert.deepEqual(missing, []);
});
