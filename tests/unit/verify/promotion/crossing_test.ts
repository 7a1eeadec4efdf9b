import assert from "node:assert/strict";
import { makeHistory } from "../../../../src/verify/promotion/crossing.ts";

Deno.test("a history is a commit of every kind, each with a mark, on top of a commit", () => {
  const onto = "a".repeat(40);
  const { stream, commits } = makeHistory(onto);
  const text = new TextDecoder("latin1").decode(stream);
  assert.deepEqual(
    [...text.matchAll(/^mark :(\d+)$/gm)].map(([, mark]) => Number(mark)),
    Array.from({ length: commits }, (_, at) => at + 1),
  );
  assert.equal(text.indexOf(`from ${onto}\n`), text.indexOf("from "));
  const kinds = [
    ...[/^merge :\d+$/m, /^encoding /m, /^R plain/m, /^D run/m, /^M 100755/m, /^M 120000/m],
    ...[/^M 160000/m, /^data 0\n\nfrom/m, /^author X <y@z>/m, /\r\n/],
  ];
  for (const kind of kinds) assert.match(text, kind);
  assert.ok(stream.length > 3_000_000);
  assert.ok(text.endsWith("done\n"));
});
