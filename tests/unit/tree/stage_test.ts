import assert from "node:assert/strict";
import fc from "fast-check";
import { recoverStage } from "../../../src/tree/recover.ts";
import { type CommitResult, openStage, type StageChange } from "../../../src/tree/stage.ts";
import { createMemoryFs, Killed, type MemoryFs } from "../support/memory_fs.ts";

const ROOT = "/root";
const STAGE_NAME = ".stage";
const SITE = { root: ROOT, stageDir: `${ROOT}/${STAGE_NAME}` };

/** What comes, by path; a link's text is its target. */
type Comes = Record<
  string,
  { kind: "file" | "dir" | "link"; text?: string; isExecutable?: boolean }
>;

type Change = {
  comes?: Comes;
  removes?: string[];
  modes?: StageChange["modes"];
};

/** What is at each path now, as a scan would have seen it before. */
function expectNow(fs: MemoryFs, paths: readonly string[]): StageChange["expected"] {
  return paths.map((path) => {
    const stat = fs.lstat(`${ROOT}/${path}`);
    const parents = path.split("/").slice(1).map((_, at, all) =>
      path.split("/").slice(0, all.length - at).join("/")
    );
    if (parents.some((parent) => fs.lstat(`${ROOT}/${parent}`)?.kind !== "dir")) {
      return { path, was: null };
    }
    if (stat === undefined || stat.kind === "other") return { path, was: null };
    const { kind, size, mtimeMs, ctimeMs } = stat;
    return { path, was: { kind, size: kind === "file" ? size : 0, mtimeMs, ctimeMs } };
  });
}

function stageAndCommit(
  fs: MemoryFs,
  { comes = {}, removes = [], modes = [] }: Change,
  options: { expected?: StageChange["expected"]; between?(): void; resume?: boolean } = {},
): CommitResult {
  const stage = openStage({ fs, ...SITE, resume: options.resume ?? false });
  const expected = options.expected ??
    expectNow(fs, [...Object.keys(comes), ...removes, ...modes.map(({ path }) => path)]);
  for (const [path, { kind, text = "", isExecutable = false }] of Object.entries(comes)) {
    if (kind === "dir") stage.dir(path);
    else if (kind === "link") stage.link(path, text);
    else {
      const bytes = new TextEncoder().encode(text);
      const sink = stage.file({ path, size: bytes.length, isExecutable, mtimeMs: 5000 });
      sink.write(bytes);
      sink.end();
    }
  }
  options.between?.();
  return stage.commit({ removes, modes, expected });
}

Deno.test("what a journal promises is on the disk before it, and not file by file", () => {
  const fs = makeTree();
  const seen: { journal: boolean; staged: boolean; root: boolean }[] = [];
  const has = (path: string) => fs.lstat(path) !== undefined;
  const syncing: MemoryFs = {
    ...fs,
    syncAll(path) {
      seen.push({
        journal: has(`${path}/journal`) || has(`${path}/journal.tmp`),
        staged: has(`${path}/new/src/b.ts`) && has(`${path}/new/dir/c`),
        root: has(`${ROOT}/src/b.ts`),
      });
    },
  };
  const comes: Comes = {
    "src/b.ts": { kind: "file", text: "b" },
    "dir": { kind: "dir" },
    "dir/c": { kind: "file", text: "c" },
  };
  stageAndCommit(syncing, { comes });
  assert.deepEqual(seen, [{ journal: false, staged: true, root: false }]);
  assert.ok(has(`${ROOT}/dir/c`));
});

function recover(fs: MemoryFs, resume = false) {
  return recoverStage({ fs, ...SITE, resume });
}

function show(fs: MemoryFs): string[] {
  return fs.show(ROOT, [STAGE_NAME]);
}

function hasStage(fs: MemoryFs): boolean {
  return fs.lstat(SITE.stageDir) !== undefined;
}

/** A tree with a bit of everything, and a change of everything in it. */
function makeTree(): MemoryFs {
  const fs = createMemoryFs();
  fs.makeDirs(ROOT);
  fs.write(`${ROOT}/kept.txt`, "mine");
  fs.write(`${ROOT}/src/a.ts`, "old a");
  fs.write(`${ROOT}/src/run.sh`, "run", 0o640);
  fs.write(`${ROOT}/src/gone.ts`, "gone");
  fs.write(`${ROOT}/lib/deep/x`, "x");
  fs.write(`${ROOT}/tofile/inner`, "inner");
  fs.write(`${ROOT}/todir`, "a file");
  fs.symlink("a.ts", `${ROOT}/src/link`);
  return fs;
}

const CHANGE: Change = {
  comes: {
    "src/a.ts": { kind: "file", text: "new a" },
    "src/link": { kind: "link", text: "run.sh" },
    "fresh": { kind: "dir" },
    "fresh/deep": { kind: "dir" },
    "fresh/deep/file": { kind: "file", text: "one", isExecutable: true },
    "fresh/link": { kind: "link", text: "deep/file" },
    "todir": { kind: "dir" },
    "todir/inner": { kind: "file", text: "two" },
    "tofile": { kind: "file", text: "three" },
  },
  removes: ["src/gone.ts", "lib/deep/x", "lib/deep", "lib", "tofile/inner", "tofile"],
  modes: [{ path: "src/run.sh", isExecutable: true }],
};

const AFTER = [
  "fresh/ dir",
  "fresh/deep/ dir",
  'fresh/deep/file 755 "one"',
  "fresh/link -> deep/file",
  'kept.txt 644 "mine"',
  "src/ dir",
  'src/a.ts 644 "new a"',
  "src/link -> run.sh",
  'src/run.sh 750 "run"',
  "todir/ dir",
  'todir/inner 644 "two"',
  'tofile 644 "three"',
];

Deno.test("a commit makes files, directories, links, modes and removals at once, and leaves nothing", () => {
  const fs = makeTree();
  assert.deepEqual(stageAndCommit(fs, CHANGE), {
    changed: [],
    kept: [],
    refusedLinks: [],
  });
  assert.deepEqual(show(fs), AFTER);
  assert.equal(hasStage(fs), false);
});

Deno.test("killed at any call of staging and commit, the next one finds all of it or nothing", () => {
  const before = show(makeTree());
  let cuts = { before: 0, after: 0 };
  for (let at = 1;; at++) {
    const fs = makeTree();
    const expected = expectChange(fs);
    fs.breakAt(at, "kill");
    const isWhole = !isKilled(() => stageAndCommit(fs, CHANGE, { expected }));
    fs.mend();
    if (isWhole) break;
    recover(fs);
    const left = show(fs);
    const isAfter = left.join("\n") === AFTER.join("\n");
    assert.deepEqual(left, isAfter ? AFTER : before, `killed at call ${at}`);
    assert.equal(hasStage(fs), false, `killed at call ${at}`);
    cuts = isAfter ? { ...cuts, after: cuts.after + 1 } : { ...cuts, before: cuts.before + 1 };
  }
  assert.ok(cuts.before > 30 && cuts.after > 30, JSON.stringify(cuts));
});

Deno.test("killed again at any call of the recovery, the one after finds all of it", () => {
  // Half of the commits that are cut after their journal: those are what a recovery works at.
  for (let at = 1;; at += 2) {
    const isCut = (fs: MemoryFs) => {
      const expected = expectChange(fs);
      fs.breakAt(at, "kill");
      const killed = isKilled(() => stageAndCommit(fs, CHANGE, { expected }));
      fs.mend();
      return killed;
    };
    if (!isCut(makeTree())) break;
    for (let again = 1;; again++) {
      const fs = makeTree();
      isCut(fs);
      if (fs.lstat(`${SITE.stageDir}/journal`) === undefined) break;
      fs.breakAt(again, "kill");
      const killed = isKilled(() => recover(fs));
      fs.mend();
      if (!killed) break;
      recover(fs);
      assert.deepEqual(show(fs), AFTER, `killed at call ${at}, and at ${again} of the recovery`);
      assert.equal(hasStage(fs), false);
    }
  }
});

Deno.test("where any call fails once, the tree is as it was, or whole when the commit said so", () => {
  const before = show(makeTree());
  for (let at = 1;; at++) {
    const fs = makeTree();
    const expected = expectChange(fs);
    const first = fs.calls;
    fs.breakAt(at, "error");
    let failed = false;
    try {
      assert.deepEqual(stageAndCommit(fs, CHANGE, { expected }).changed, [], `call ${at}`);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("EIO"))) throw error;
      failed = true;
    }
    const isOver = fs.calls - first < at;
    fs.mend();
    if (failed) recover(fs);
    assert.deepEqual(show(fs), failed ? before : AFTER, `failed at call ${at}`);
    if (isOver) break;
  }
});

Deno.test("where a recovery fails at any call, the tree is as it was or whole", () => {
  const before = show(makeTree());
  for (let at = 1;; at++) {
    const fs = makeTree();
    cutAfterJournal(fs, 3);
    fs.breakAt(at, "error");
    const first = fs.calls;
    try {
      recover(fs);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("EIO"))) throw error;
    }
    const isOver = fs.calls - first < at;
    fs.mend();
    recover(fs);
    const left = show(fs);
    assert.deepEqual(left, left.join() === AFTER.join() ? AFTER : before, `failed at call ${at}`);
    if (isOver) break;
  }
});

const STANDS_IN_THE_WAY: Record<string, { act(fs: MemoryFs): void; changed: string[] }> = {
  "a file that was written": {
    act: (fs) => fs.write(`${ROOT}/src/a.ts`, "other"),
    changed: ["src/a.ts"],
  },
  "a file that was replaced by one of the same size and time": {
    act: (fs) => {
      const { mtimeMs } = fs.lstat(`${ROOT}/src/a.ts`)!;
      fs.removeAll(`${ROOT}/src/a.ts`);
      fs.write(`${ROOT}/src/a.ts`, "odd a");
      fs.setMtime(`${ROOT}/src/a.ts`, mtimeMs);
    },
    changed: ["src/a.ts"],
  },
  "a file that is gone": { act: (fs) => fs.removeAll(`${ROOT}/src/a.ts`), changed: ["src/a.ts"] },
  "a file where a directory comes": {
    act: (fs) => fs.write(`${ROOT}/fresh`, "mine"),
    changed: ["fresh"],
  },
  "a directory where one comes": {
    act: (fs) => fs.makeDirs(`${ROOT}/fresh`),
    changed: ["fresh"],
  },
  "a parent that became a symlink": {
    act: (fs) => {
      fs.rename(`${ROOT}/src`, "/elsewhere");
      fs.symlink("/elsewhere", `${ROOT}/src`);
    },
    changed: ["src/a.ts", "src/gone.ts", "src/link", "src/run.sh"],
  },
  "a link that points elsewhere": {
    act: (fs) => {
      fs.remove(`${ROOT}/src/link`);
      fs.symlink("gone.ts", `${ROOT}/src/link`);
    },
    changed: ["src/link"],
  },
  "a file that was removed and would have been": {
    act: (fs) => fs.removeAll(`${ROOT}/src/gone.ts`),
    changed: ["src/gone.ts"],
  },
  "something new in a directory that a file replaces": {
    act: (fs) => fs.write(`${ROOT}/tofile/mine`, "mine"),
    changed: ["tofile"],
  },
};

for (const [what, { act, changed }] of Object.entries(STANDS_IN_THE_WAY)) {
  Deno.test(`nothing is done when something stands in the way: ${what}`, () => {
    const fs = makeTree();
    let before: string[] = [];
    const between = () => {
      act(fs);
      before = show(fs);
    };
    assert.deepEqual(stageAndCommit(fs, CHANGE, { between }).changed, changed);
    assert.deepEqual(show(fs), before);
    assert.equal(hasStage(fs), false);
  });
}

Deno.test("a parent that is swapped between the look and the rename takes everything back", () => {
  for (let at = 1; at < 400; at++) {
    const fs = makeTree();
    fs.makeDirs("/elsewhere");
    fs.write("/elsewhere/a.ts", "not yours");
    const expected = expectChange(fs);
    let count = 0;
    let swapped = false;
    const watched: MemoryFs = {
      ...fs,
      rename(from, to) {
        // The last moment before the step that writes src/a.ts is after its parent was looked at;
        // all earlier moments are seen.
        fs.rename(from, to);
        if (++count !== at) return;
        fs.rename(`${ROOT}/src`, `${ROOT}/moved`);
        fs.symlink("/elsewhere", `${ROOT}/src`);
        swapped = true;
      },
    };
    stageAndCommit(watched, CHANGE, { expected });
    assert.deepEqual(fs.show("/elsewhere"), ['a.ts 644 "not yours"']);
    if (!swapped) return;
  }
});

Deno.test("what the user changed after a crash stays, and what would have come is kept beside", () => {
  const fs = makeTree();
  cutAfterJournal(fs, 0);
  fs.write(`${ROOT}/src/a.ts`, "the user's");
  const recovery = recover(fs);
  assert.ok(recovery.kind === "finished");
  const copy = recovery.kept.find(({ path }) => path === "src/a.ts")?.copy;
  assert.equal(copy, `${SITE.stageDir}/kept/1/a.ts`);
  assert.deepEqual(fs.show(`${SITE.stageDir}/kept/1`), ['a.ts 644 "new a"']);
  const want = AFTER.map((line) => line.replace('"new a"', '"the user\'s"'));
  assert.deepEqual(show(fs), want);
  // The next change works beside it and leaves it.
  stageAndCommit(fs, { comes: { other: { kind: "file" } } });
  assert.deepEqual(fs.show(SITE.stageDir), ["kept/ dir", "kept/1/ dir", 'kept/1/a.ts 644 "new a"']);
});

Deno.test("a mode that the user gave a file stays when its contents are replaced", () => {
  const fs = makeTree();
  fs.write(`${ROOT}/secret`, "s", 0o600);
  stageAndCommit(fs, {
    comes: {
      "secret": { kind: "file", text: "t" },
      "src/run.sh": { kind: "file", text: "new", isExecutable: true },
    },
  });
  const left = show(fs);
  assert.ok(left.includes('secret 600 "t"'));
  assert.ok(left.includes('src/run.sh 750 "new"'));
});

Deno.test("links through others that lead outside are not made, all others are", () => {
  const fs = makeTree();
  fs.symlink("/etc", `${ROOT}/out`);
  const result = stageAndCommit(fs, {
    comes: {
      "bad": { kind: "link", text: "out/passwd" },
      "worse": { kind: "link", text: "bad" },
      "good": { kind: "link", text: "src/link" },
      "dangling": { kind: "link", text: "src/none" },
      "round": { kind: "link", text: "round" },
    },
  });
  assert.deepEqual(result, { changed: [], kept: [], refusedLinks: ["bad", "worse"] });
  const links = show(fs).filter((line) => line.includes("->"));
  assert.deepEqual(links, [
    "dangling -> src/none",
    "good -> src/link",
    "out -> /etc",
    "round -> round",
    "src/link -> a.ts",
  ]);
});

Deno.test("a stage that was cut is used again: only what is not whole comes anew", () => {
  const fs = makeTree();
  const file = (path: string, text: string) => ({
    path,
    size: text.length,
    isExecutable: false,
    mtimeMs: 5000,
  });
  const first = openStage({ fs, ...SITE, resume: true });
  for (const path of ["new/whole", "new/stale", "src/a.ts"]) {
    const sink = first.file(file(path, "text"));
    sink.write(new TextEncoder().encode("text"));
    sink.end();
  }
  first.file(file("new/half", "text")).write(new TextEncoder().encode("te"));
  assert.equal(recover(fs, true).kind, "none");
  const stage = openStage({ fs, ...SITE, resume: true });
  assert.ok(stage.reuse(file("new/whole", "text")));
  assert.ok(stage.reuse(file("src/a.ts", "text")));
  assert.equal(stage.reuse(file("new/half", "text")), undefined);
  assert.equal(stage.reuse({ ...file("new/whole", "text"), mtimeMs: 6000 }), undefined);
  const sink = stage.file(file("new/half", "text"));
  sink.write(new TextEncoder().encode("text"));
  sink.end();
  stage.commit({ removes: [], modes: [], expected: expectNow(fs, ["src/a.ts"]) });
  assert.deepEqual(show(fs).filter((line) => /^new|^src\/a/.test(line)), [
    "new/ dir",
    'new/half 644 "text"',
    'new/whole 644 "text"',
    'src/a.ts 644 "text"',
  ]);
});

Deno.test("a file of another length than was said is no file", () => {
  const fs = makeTree();
  const stage = openStage({ fs, ...SITE, resume: false });
  const sink = stage.file({ path: "x", size: 2, isExecutable: false, mtimeMs: 1 });
  assert.throws(() => sink.write(new Uint8Array(3)), /longer than was said/);
  sink.drop();
  const short = stage.file({ path: "x", size: 2, isExecutable: false, mtimeMs: 1 });
  assert.throws(() => short.end(), /not as long as was said/);
  short.drop();
  stage.discard();
  assert.equal(hasStage(fs), false);
});

Deno.test("a journal that leads out of the root is not followed", () => {
  for (const path of ["../outside", "/outside", "a/../../b", "a//b", ".git/config"]) {
    const fs = makeTree();
    fs.write("/outside", "safe");
    const step = { do: "remove", path, was: { kind: "file" }, must: false };
    fs.write(
      `${SITE.stageDir}/journal`,
      `${JSON.stringify({ schema: 1, steps: 1 })}\n${JSON.stringify(step)}\n`,
    );
    assert.throws(() => recover(fs), /it is not whole/);
  }
});

Deno.test("random changes of random trees, cut anywhere, are made or not", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  const entry = fc.record({
    kind: fc.constantFrom("file" as const, "file" as const, "dir" as const, "link" as const),
    text: fc.constantFrom("", "1", "22"),
    isExecutable: fc.boolean(),
  });
  const tree = fc.dictionary(path, entry, { maxKeys: 8 });
  fc.assert(
    fc.property(tree, tree, fc.nat(1000), fc.nat(1000), (old, wanted, cut, again) => {
      const from = closeTree(old);
      const to = closeTree(wanted);
      const before = show(plant(from));
      const fresh = plant(to);
      // Modes of files that stay files are the old ones but for the executable bit.
      const after = show(fresh);
      const fs = plant(from);
      const change = differ(from, to);
      const expected = expectNow(fs, [...Object.keys(change.comes), ...change.removes]);
      const dry = plant(from);
      const callsBefore = dry.calls;
      stageAndCommit(dry, change, { expected: expectNow(dry, expected.map(({ path }) => path)) });
      assert.deepEqual(show(dry), after);
      const calls = dry.calls - callsBefore;
      fs.breakAt(1 + cut % calls, "kill");
      isKilled(() => stageAndCommit(fs, change, { expected }));
      fs.mend();
      fs.breakAt(1 + again % 40, "kill");
      isKilled(() => recover(fs));
      fs.mend();
      recover(fs);
      const left = show(fs);
      assert.deepEqual(left, left.join() === after.join() ? after : before);
      assert.equal(hasStage(fs), false);
    }),
    { numRuns: 400 },
  );
});

function expectChange(fs: MemoryFs): StageChange["expected"] {
  const { comes = {}, removes = [], modes = [] } = CHANGE;
  return expectNow(fs, [...Object.keys(comes), ...removes, ...modes.map(({ path }) => path)]);
}

/** Cuts the commit of {@link CHANGE} when so many of its renames are done. */
function cutAfterJournal(fs: MemoryFs, renames: number): void {
  const expected = expectChange(fs);
  let count = -1;
  const watched: MemoryFs = {
    ...fs,
    rename(from, to) {
      if (count === renames) throw new Killed();
      fs.rename(from, to);
      if (to.endsWith("/journal")) count = 0;
      else if (count >= 0) count++;
      if (count === renames) fs.breakAt(1, "kill");
    },
  };
  assert.ok(isKilled(() => stageAndCommit(watched, CHANGE, { expected })));
  fs.mend();
}

function isKilled(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (isCausedByKill(error)) return true;
    throw error;
  }
}

function isCausedByKill(error: unknown): boolean {
  return error instanceof Killed || error instanceof Error && isCausedByKill(error.cause);
}

/** Only what can be: a directory above everything, and nothing below what is none. */
function closeTree(tree: Comes): Comes {
  const closed: Comes = {};
  for (const [path, entry] of Object.entries(tree).sort(([a], [b]) => a.length - b.length)) {
    const parts = path.split("/");
    const parents = parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
    if (parents.some((parent) => closed[parent] !== undefined && closed[parent].kind !== "dir")) {
      continue;
    }
    for (const parent of parents) closed[parent] = { kind: "dir" };
    closed[path] = entry.kind === "link" ? { kind: "link", text: "a" } : entry;
  }
  return closed;
}

function plant(tree: Comes): MemoryFs {
  const fs = createMemoryFs();
  fs.makeDirs(ROOT);
  for (const [path, { kind, text = "", isExecutable }] of sorted(tree)) {
    if (kind === "dir") fs.makeDirs(`${ROOT}/${path}`);
    else if (kind === "link") fs.symlink(text, `${ROOT}/${path}`);
    else fs.write(`${ROOT}/${path}`, text, isExecutable ? 0o755 : 0o644);
  }
  return fs;
}

function differ(from: Comes, to: Comes): { comes: Comes; removes: string[] } {
  const isSame = (path: string) => {
    const [a, b] = [from[path], to[path]];
    if (a?.kind !== b?.kind) return false;
    return a?.kind === "dir" || a?.text === b?.text && a?.isExecutable === b?.isExecutable;
  };
  return {
    comes: Object.fromEntries(sorted(to).filter(([path]) => !isSame(path))),
    removes: Object.keys(from).filter((path) => to[path] === undefined),
  };
}

function sorted(tree: Comes) {
  return Object.entries(tree).sort(([a], [b]) => a < b ? -1 : 1);
}
