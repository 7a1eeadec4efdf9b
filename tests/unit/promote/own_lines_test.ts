import assert from "node:assert/strict";
import fc from "fast-check";
import { createOwnLines, withOwnLines } from "../../../src/promote/own_lines.ts";
import { withoutOwnLines } from "../../../src/promote/snapshot_plan.ts";
import { gitIn, type HistoryChange } from "../support/history.ts";
import { landPlainly, makeScene, type Scene, userCommits } from "../support/promote_scene.ts";
import { makeTemp } from "../support/workspace.ts";

const OWN = ".sandcage.local.yml\n";

const KEPT: readonly { name: string; from: string; text: string; want: string }[] = [
  { name: "at the end", from: `a\n${OWN}`, text: "a\nb\n", want: `a\n${OWN}b\n` },
  { name: "in front", from: `${OWN}a\n`, text: "b\n", want: `${OWN}b\n` },
  { name: "in the middle", from: `a\n${OWN}c\n`, text: "a\nb\nc\n", want: `a\n${OWN}b\nc\n` },
  {
    name: "behind what is new in front",
    from: `a\nb\n${OWN}c\n`,
    text: "x\na\nb\nc\n",
    want: `x\na\nb\n${OWN}c\n`,
  },
  { name: "where all is gone", from: `a\n${OWN}`, text: "", want: OWN },
  { name: "before a line without an end", from: `a\n${OWN}`, text: "a\nb", want: `a\n${OWN}b` },
  {
    name: "without an end itself",
    from: "a\n.cageprotect",
    text: "a\n",
    want: "a\n.cageprotect\n",
  },
];

for (const { name, from, text, want } of KEPT) {
  Deno.test(`own lines stay where they stood: ${name}`, () => {
    assert.equal(withOwnLines(text, from), want);
  });
}

Deno.test("left out again, a text with own lines is what it was", () => {
  const line = fc.constantFrom("a\n", "b\n", "\r\n", "\xff\n", "!c\n");
  const lines = fc.array(line, { maxLength: 6 });
  const end = fc.constantFrom("", "d");
  const from = fc.array(fc.oneof(line, fc.constantFrom(OWN, "/.sandcage.yml\r\n")), {
    maxLength: 8,
  });
  fc.assert(fc.property(lines, end, from, (some, end, before) => {
    const text = some.join("") + end;
    const made = withOwnLines(text, before.join(""));
    assert.equal(withoutOwnLines(made) ?? made, text);
    const isOwn = (each: string) => withoutOwnLines(each) !== undefined;
    assert.deepEqual(
      made.split(/(?<=\n)/).filter(isOwn),
      before.filter(isOwn),
    );
  }));
});

Deno.test("what is no plain file is not looked into", () => {
  const lines = createOwnLines({ read: () => Promise.reject(new Error("nothing to read")) });
  const entry = (mode: string) => ({ mode, name: ".gitignore", id: "\0".repeat(20) });
  const differs = { kind: "differs" };
  assert.deepEqual(
    lines.settle({ was: undefined, is: entry("100644"), have: entry("120000") }),
    differs,
  );
  assert.deepEqual(
    lines.settle({ was: entry("100644"), is: entry("40000"), have: entry("100644") }),
    differs,
  );
  assert.deepEqual(
    lines.settle({ was: entry("100644"), is: undefined, have: undefined }),
    differs,
  );
});

const ignore = (content: string, path = ".gitignore"): HistoryChange => ({
  kind: "write",
  mode: "100644",
  path,
  content,
});

/** A snapshot without own lines, of a repository that has them. */
function makeLines(dir: string, ...contents: (string | null)[]): Promise<Scene> {
  return makeScene(
    dir,
    ["a\n", ...contents].map((content, index) => ({
      mark: index + 1,
      parents: index === 0 ? [] : [index],
      message: `commit ${index + 1}\n`,
      changes: [
        content === null ? { kind: "delete", path: ".gitignore" } as const : ignore(content),
        ignore(`${index}\n`, "file"),
      ],
    })),
    { excluded: [ignore(`a\n${OWN}`)] },
  );
}

async function rewriteAll(scene: Scene) {
  const fetched = await scene.fetch();
  assert.equal(fetched.kind, "new");
  return await scene.rewrite(fetched.kind === "new" ? fetched.tip : "");
}

Deno.test("an ignore file that changes, goes and comes again inside keeps its own lines outside", async () => {
  await using temp = await makeTemp();
  const scene = await makeLines(temp.path, "a\nb\n", null, "c\n");
  const built = await rewriteAll(scene);
  assert.equal(built.kind, "built", JSON.stringify(built));
  assert.ok(built.kind === "built");
  const want = [`a\n${OWN}b\n`, OWN, `${OWN}c\n`];
  for (const [index, text] of want.entries()) {
    const commit: string = built.map.get(scene.marks.get(index + 2)!)!;
    assert.equal(await gitIn(scene.outer, ["show", `${commit}:.gitignore`]), text);
  }
  await landPlainly(scene, { tip: built.tip, done: scene.marks.get(4)! });
  assert.equal(await gitIn(scene.outer, ["status", "--porcelain"]), "");
  assert.equal(await gitIn(scene.outer, ["fsck", "--strict", "--no-dangling"]), "");
});

Deno.test("an ignore file that the user changed as well is a collision, own lines or not", async () => {
  await using temp = await makeTemp();
  const scene = await makeLines(temp.path, "a\nb\n");
  await userCommits(scene, { ".gitignore": `a\nmine\n${OWN}` });
  const built = await rewriteAll(scene);
  assert.equal(built.kind, "collision");
  assert.deepEqual(built.kind === "collision" && built.paths, [".gitignore"]);
});

Deno.test("an ignore file to which the user only added own lines is none", async () => {
  await using temp = await makeTemp();
  const scene = await makeLines(temp.path, "a\nb\n");
  await userCommits(scene, { ".gitignore": `${OWN}a\n/.sandcage.yml\n` });
  const built = await rewriteAll(scene);
  assert.ok(built.kind === "built", JSON.stringify(built));
  assert.equal(
    await gitIn(scene.outer, ["show", `${built.tip}:.gitignore`]),
    `${OWN}a\n/.sandcage.yml\nb\n`,
  );
});
