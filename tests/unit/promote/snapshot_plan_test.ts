import assert from "node:assert/strict";
import {
  formatSnapshotCommit,
  parseTracked,
  planSnapshot,
  staysOutside,
  withoutOwnLines,
} from "../../../src/promote/snapshot_plan.ts";

for (
  const [path, outside] of [
    [".env", true],
    ["deep/er/.env", true],
    [".ENV", true],
    [".env.local", true],
    [".env.production.local", true],
    [".env.example", false],
    ["app/.env.sample", false],
    [".env.template", false],
    [".environment", false],
    [".envrc", false],
    ["env", false],
    ["x.env", false],
    [".sandcage.yml", true],
    [".sandcage.local.yml", true],
    [".sandcage.yml.bak2", true],
    ["packages/a/.sandcage.yml", true],
    [".cageprotect", true],
    ["sandcage.yml", false],
    ["docs/.sandcage.md", false],
  ] as const
) {
  Deno.test(`${path} ${outside ? "stays outside" : "goes in"}`, () => {
    assert.equal(staysOutside(path), outside);
  });
}

Deno.test("rows of ls-tree keep names of any bytes; rows of another form are refused", () => {
  const oid = "a".repeat(40);
  const rows = [
    `100644 blob ${oid}\tplain`,
    `120000 blob ${oid}\tnew\nline\t\xff`,
    `160000 commit ${oid}\tmodule`,
  ].map((row) => `${row}\0`).join("");
  const bytes = Uint8Array.from(rows, (char) => char.charCodeAt(0));
  assert.deepEqual(parseTracked(bytes), [
    { mode: "100644", oid, path: "plain" },
    { mode: "120000", oid, path: "new\nline\t\xff" },
    { mode: "160000", oid, path: "module" },
  ]);
  assert.throws(() => parseTracked(new TextEncoder().encode("what is this\0")), /git told a file/);
});

Deno.test("what stays outside is dropped, and files of rules are looked into", () => {
  const oid = "b".repeat(40);
  const files = [".gitignore", "a/.gitignore", ".env", "src/main.ts"].map((path) => ({
    mode: "100644",
    oid,
    path,
  }));
  const link = { mode: "120000", oid, path: "b/.gitignore" };
  assert.deepEqual(planSnapshot([...files, link]), {
    dropped: [".env"],
    ignoreFiles: files.slice(0, 2),
  });
});

for (
  const [name, text, want] of [
    [
      "its line goes, others stay",
      "node_modules\n.sandcage.local.yml\n*.log\n",
      "node_modules\n*.log\n",
    ],
    ["without an end of line", "a\n.sandcage.local.yml", "a\n"],
    ["with CRLF", "a\r\n/.sandcage.local.yml\r\nb\r\n", "a\r\nb\r\n"],
    ["alone", ".sandcage.local.yml\n", ""],
    ["any of its files", "!.sandcage.yml\n**/.sandcage*\n.cageprotect\n", ""],
    ["none of its lines", "sandcage/\n# .sandcage.local.yml is ignored\n", undefined],
    ["nothing at all", "", undefined],
  ] as const
) {
  Deno.test(`sandcage's own line in .gitignore: ${name}`, () => {
    assert.equal(withoutOwnLines(text), want);
  });
}

Deno.test("the first commit tells its day and nobody's name", () => {
  const commit = formatSnapshotCommit("c".repeat(40), {
    ghost: { name: "Alex Ellis", email: "alex.ellis10@example.com" },
    nowMs: Date.UTC(2026, 10, 21, 15, 43, 12),
  });
  assert.equal(
    commit,
    `tree ${"c".repeat(40)}\n` +
      "author Alex Ellis <alex.ellis10@example.com> 1795219200 +0000\n" +
      "committer Alex Ellis <alex.ellis10@example.com> 1795219200 +0000\n\nInitial commit\n",
  );
});
