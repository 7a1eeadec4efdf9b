import assert from "node:assert/strict";
import fc from "fast-check";
import { formatExtUrl, parseAdvertisement } from "../../../src/promote/ext.ts";
import { gitIn } from "../support/history.ts";
import { makeTemp } from "../support/workspace.ts";

Deno.test("formatExtUrl() says blanks and percents, and nothing else means anything", () => {
  assert.equal(
    formatExtUrl(["docker", "exec", "-i", "a b", "100%", "%G/x", "$(x);'\"\\"]),
    "ext::docker exec -i a% b 100%% %%G/x $(x);'\"\\",
  );
});

for (const [name, word] of [["an empty word", ""], ["a NUL", "a\0b"]] as const) {
  Deno.test(`formatExtUrl() refuses ${name}`, () => {
    assert.throws(() => formatExtUrl(["docker", word]), /cannot be said/);
  });
}

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test("git gives the program exactly the words that were said", onLinux, async () => {
  await using temp = await makeTemp();
  const words = [
    "a b",
    " ",
    "%",
    "%s",
    "%S x",
    "%G/repo",
    "%Vhost",
    "$HOME",
    "`id`",
    "'\"\\",
    "\n",
    "é",
  ];
  const script = `${temp.path}/say words`;
  // A program that keeps its words and is no repository.
  await Deno.writeTextFile(script, '#!/bin/sh\nprintf "%s\\0" "$@" > "${0%/*}/said"\n', {
    mode: 0o755,
  });
  const args = ["-c", "protocol.ext.allow=always", "ls-remote", formatExtUrl([script, ...words])];
  await gitIn(temp.path, args, { fails: "may fail" });
  assert.deepEqual((await Deno.readTextFile(`${temp.path}/said`)).split("\0").slice(0, -1), words);
});

const ID = "1".repeat(40);
const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseAdvertisement() reads refs, and not what the program can do", () => {
  const text = line(`${ID} HEAD\0multi_ack agent=git/2\n`) + line(`${ID} refs/heads/main\n`) +
    "0000rest";
  assert.deepEqual(parseAdvertisement(bytes(text)), {
    whole: true,
    refs: [{ id: ID, name: "HEAD" }, { id: ID, name: "refs/heads/main" }],
  });
});

for (
  const [name, text, want] of [
    ["an empty repository", `${line(`${"0".repeat(40)} capabilities^{}\0x\n`)}0000`, true],
    ["nothing", "", false],
    ["text", "fatal: no\n", false],
    ["a line that is too long", "ffff" + ID, false],
    ["a line without a length", "0001", false],
    ["a negative length", "-001", false],
  ] as const
) {
  Deno.test(`parseAdvertisement() of ${name} has no refs`, () => {
    assert.deepEqual(parseAdvertisement(bytes(text)), { whole: want, refs: [] });
  });
}

Deno.test("parseAdvertisement() ends for all bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (all) => {
    assert.equal(typeof parseAdvertisement(all).whole, "boolean");
  }));
});
