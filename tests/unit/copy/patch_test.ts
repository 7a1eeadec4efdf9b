import assert from "node:assert/strict";
import { listKnown, planInside } from "../../../src/copy/inside.ts";
import { parsePatchSet, type PatchSet } from "../../../src/copy/patch.ts";

const HEAD = "a".repeat(40);
const MADE = `head=${HEAD}\ncommits=2\nmerges=0\nelsewhere=1\nbefore=0\nstate=made\n`;

for (
  const [name, text, want] of [
    ["no repository", "state=none\n", { kind: "nothing", reason: "no repository", merges: 0 }],
    ["no commit", "state=empty\n", { kind: "nothing", reason: "no commit", merges: 0 }],
    ["only merges", "merges=2\nstate=ahead\n", { kind: "nothing", reason: "not ahead", merges: 2 }],
    [
      "a base that is none, refs with = in them",
      "state=base\nref=main\nref=a=b\n",
      { kind: "bad base", refs: ["main", "a=b"] },
    ],
    ["patches", MADE, {
      kind: "made",
      head: HEAD,
      commits: 2,
      merges: 0,
      elsewhere: 1,
      isWhole: true,
    }],
    ["a head that is none", MADE.replace(HEAD, "--evil"), undefined],
    ["a count that is none", MADE.replace("commits=2", "commits=-1"), undefined],
    ["nothing at all", "", undefined],
  ] as [string, string, PatchSet | undefined][]
) {
  Deno.test(`parsePatchSet() reads ${name}`, () => assert.deepEqual(parsePatchSet(text), want));
}

for (const [what, change] of [["merges", "merges=1"], ["earlier commits", "before=3"]] as const) {
  Deno.test(`parsePatchSet() says that ${what} did not come out`, () => {
    const [key] = change.split("=");
    const made = parsePatchSet(MADE.replace(`${key}=0`, change));
    assert.equal(made?.kind === "made" && made.isWhole, false);
  });
}

Deno.test("planInside() gives no network, no way up, and writes only where it is asked to", () => {
  const copy = {
    id: "web-1a2b3c",
    user: { uid: 64_000, gid: 64_000 },
    volumes: { work: "w", checkpoints: "c" },
  };
  const script = "true";
  const args = planInside(copy, "image", { script, args: ["--evil"], readonly: true });
  for (const word of ["--network=none", "--cap-drop=ALL", "--read-only", "--rm"]) {
    assert.ok(args.includes(word), word);
  }
  assert.ok(args.includes("--mount=type=volume,source=w,target=/work,readonly"));
  assert.deepEqual(args.slice(-5), ["image", "-c", "true", "sh", "--evil"]);
  const writing = planInside(copy, "image", { script, args: [], readonly: false });
  assert.ok(writing.includes("--mount=type=volume,source=w,target=/work"));
});

Deno.test("listKnown() has what the cage began with, and what was taken", () => {
  assert.deepEqual(listKnown({}), []);
  assert.deepEqual(listKnown({ baseCommit: "b", takenCommits: ["t"] }), ["b", "t"]);
});
