import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1 } from "../../../src/promote/bytes.ts";
import { cleanIdentity, parseCommit, rewriteCommit } from "../../../src/promote/commit.ts";

const TREE = "1".repeat(40);
const OTHER = "2".repeat(40);
const PARENT = "3".repeat(40);
const IDENTITY = { name: "Ursula", email: "ursula@example.com" };
const PEOPLE = "author Ghost <g@x> 1700000000 -0330\ncommitter Ghost <g@x> 1700000001 +1400\n";

function rewrite(text: string, identity = IDENTITY): string {
  const commit = parseCommit(text);
  return latin1(rewriteCommit(commit, { tree: OTHER, parents: [PARENT], identity }));
}

const USER = "author Ursula <ursula@example.com> 1700000000 -0330\n" +
  "committer Ursula <ursula@example.com> 1700000001 +1400\n";

const KEPT: readonly (readonly [string, string])[] = [
  ["a plain message", "\nhello\n"],
  ["an empty message", "\n"],
  ["no message and no empty line", ""],
  ["a message without a newline", "\nhello"],
  ["a message of newlines", "\n\n\n\n"],
  ["an author line in the message", "\nauthor X <y> z\ntree x\n\ngpgsig y\n"],
  ["a patch in the message", "\nx\n\ndiff --git a/x b/x\n---\n+++ b/x\n"],
  ["a latin-1 message", "encoding ISO-8859-1\n\nR\xe9sum\xe9\n"],
  ["bytes beside NUL", "\n\x01\x02\x7f\xff\xfe\n"],
  ["a NUL", "\nbefore\0after\n"],
  ["headers of other tools", "HG:rename x\nchange-id abc\n continued\n\nhello\n"],
  ["a header without a value", "flag\n\nhello\n"],
];
for (const [name, rest] of KEPT) {
  Deno.test(`rewriteCommit() keeps ${name}`, () => {
    const object = `tree ${TREE}\nparent ${OTHER}\n${PEOPLE}${rest}`;
    assert.equal(rewrite(object), `tree ${OTHER}\nparent ${PARENT}\n${USER}${rest}`);
  });
}

Deno.test("rewriteCommit() keeps a message of a megabyte", () => {
  const message = "0123456789abcde\n".repeat(65_536);
  assert.equal(
    rewrite(`tree ${TREE}\n${PEOPLE}\n${message}`),
    `tree ${OTHER}\nparent ${PARENT}\n${USER}\n${message}`,
  );
});

Deno.test("rewriteCommit() drops what would no longer be true: signatures and merged tags", () => {
  const signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n";
  const object = `tree ${TREE}\n${PEOPLE}mergetag object ${OTHER}\n type commit\n tag v1\n \n` +
    ` author X <y> 1 +0000\nencoding latin1\n${signature}${
      signature.replace("gpgsig", "gpgsig-sha256")
    }` +
    `\nhello\n`;
  assert.equal(
    rewrite(object),
    `tree ${OTHER}\nparent ${PARENT}\n${USER}encoding latin1\n\nhello\n`,
  );
});

Deno.test("rewriteCommit() keeps odd dates byte for byte", () => {
  const people = "author a > b <g@x> 0 +0000\ncommitter <> 00017 -9999\n";
  assert.equal(
    rewrite(`tree ${TREE}\n${people}\nx`),
    `tree ${OTHER}\nparent ${PARENT}\nauthor Ursula <ursula@example.com> 0 +0000\n` +
      "committer Ursula <ursula@example.com> 00017 -9999\n\nx",
  );
});

Deno.test("rewriteCommit() puts a signature behind the other headers", () => {
  const commit = parseCommit(`tree ${TREE}\n${PEOPLE}encoding latin1\n\nx`);
  const change = { tree: OTHER, parents: [], identity: IDENTITY, signature: "a\n b" };
  assert.equal(
    latin1(rewriteCommit(commit, change)),
    `tree ${OTHER}\n${USER}encoding latin1\ngpgsig a\n b\n\nx`,
  );
});

Deno.test("rewriteCommit() writes a name in UTF-8, or in latin-1 where the commit is", () => {
  const identity = { name: "Jürgen", email: "j@x" };
  const utf8 = rewrite(`tree ${TREE}\n${PEOPLE}\nx`, identity);
  assert.match(utf8, /^author J\xc3\xbcrgen <j@x> /m);
  const latin = rewrite(`tree ${TREE}\n${PEOPLE}encoding ISO-8859-1\n\nx`, identity);
  assert.match(latin, /^author J\xfcrgen <j@x> /m);
  const beyond = { name: "Łukasz", email: "j@x" };
  const other = rewrite(`tree ${TREE}\n${PEOPLE}encoding ISO-8859-1\n\nx`, beyond);
  assert.match(other, /^author \xc5\x81ukasz <j@x> /m);
});

Deno.test("rewriteCommit() refuses a name of which git would leave nothing", () => {
  assert.throws(() => rewrite(`tree ${TREE}\n${PEOPLE}\nx`, { name: " <.> ", email: "j@x" }), {
    name: "UserError",
    message: 'Cannot put the name " <.> " on commits: git takes it for empty',
  });
});

for (
  const [name, text, want] of [
    ["blanks at the ends", "  A B ", "A B"],
    ["what breaks the line", "A <B>\nC", "A BC"],
    ["dots and quotes at the ends", '".A. B.,"', "A. B"],
  ] as const
) {
  Deno.test(`cleanIdentity() takes out ${name}`, () => assert.equal(cleanIdentity(text), want));
}

for (
  const [name, object] of [
    ["no tree", `${PEOPLE}\nx`],
    ["two trees", `tree ${TREE}\ntree ${OTHER}\n${PEOPLE}\nx`],
    ["a parent that is no id", `tree ${TREE}\nparent ../x\n${PEOPLE}\nx`],
    ["a header without an end", `tree ${TREE}\nauthor`],
    ["nothing", ""],
  ] as const
) {
  Deno.test(`parseCommit() refuses an object with ${name}`, () => {
    assert.throws(() => parseCommit(object), /The object is no commit/);
  });
}

Deno.test("parseCommit() loses no byte of any message and header", () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map(latin1);
  const value = bytes.map((text) => text.replaceAll("\n", "\n "));
  const header = fc.tuple(fc.constantFrom("encoding", "x-y", "change-id"), value);
  fc.assert(fc.property(fc.array(header, { maxLength: 4 }), bytes, (headers, message) => {
    const extra = headers.map(([key, text]) => `${key} ${text}\n`).join("");
    const object = `tree ${TREE}\nparent ${OTHER}\n${PEOPLE}${extra}\n${message}`;
    const identity = { name: "Ghost", email: "g@x" };
    const commit = parseCommit(object);
    const same = rewriteCommit(commit, { tree: TREE, parents: [OTHER], identity });
    assert.equal(latin1(same), object);
  }));
});
