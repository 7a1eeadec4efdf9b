import assert from "node:assert/strict";
import { sha256Hex } from "../../../src/hash.ts";
import { type BaseEntry, toBaseEntry } from "../../../src/transfer/base_entry.ts";
import { classify, needsHash } from "../../../src/transfer/classify.ts";
import { type Candidate, compareTrees, WAIT } from "../../../src/transfer/compare.ts";
import type { TreeEntry, TreeItem } from "../../../src/tree/entry.ts";

const CLOCKS = { hostMs: 1e12, innerMs: 1e12 };

/**
 * What may be at the path on one side, by what the base is: `same`, touched (`t`), `other` content
 * of the same size, `long` of another size, `mode`, a `dir` or a `link`, or nothing (`-`).
 */
type What = "-" | "same" | "t" | "other" | "long" | "mode" | "dir" | "link";

const TEXTS: Readonly<Record<What, string>> = {
  "-": "",
  same: "text",
  t: "text",
  other: "beta",
  long: "longer",
  mode: "text",
  dir: "",
  link: "",
};

function entryOf(what: What, side: "host" | "inner"): TreeEntry | undefined {
  if (what === "-") return undefined;
  // Both sides' files have times of their own.
  const atMs = (side === "host" ? 1000 : 2000) + (what === "same" || what === "mode" ? 0 : 1);
  const common = { path: "p", mtimeMs: atMs, ctimeMs: atMs };
  if (what === "dir") return { ...common, kind: "dir", mode: 0o755, size: 0 };
  if (what === "link") return { ...common, kind: "link", mode: 0o777, size: 0, target: "x" };
  const mode = what === "mode" ? 0o755 : 0o644;
  return { ...common, kind: "file", mode, size: TEXTS[what].length };
}

/** Decides a path as a look does, files read only where that is asked for. */
function decide(sides: { base?: BaseEntry | undefined; host: What; inner: What }): string {
  const [host, inner] = [entryOf(sides.host, "host"), entryOf(sides.inner, "inner")];
  const trees = { base: sides.base ? [sides.base] : [], host: [host], inner: [inner] };
  const found = [...compareTrees({
    base: trees.base,
    host: trees.host.filter((item) => item !== undefined),
    inner: trees.inner.filter((item) => item !== undefined),
  })];
  if (found.length === 0) return "equal";
  const candidate = { ...found[0] as Candidate };
  const need = needsHash(candidate);
  for (const side of ["host", "inner"] as const) {
    if (!need[side]) continue;
    candidate[side] = { ...candidate[side]!, sha256: sha256Hex(TEXTS[sides[side]]) };
  }
  const { difference, learned } = classify(candidate, { clocks: CLOCKS });
  if (difference === undefined) {
    return learned === undefined ? "nothing" : "gone" in learned ? "gone" : "learned";
  }
  for (const item of [difference.base, difference.host, difference.inner]) {
    assert.ok(item?.sha256 === undefined || /^[0-9a-f]{64}$/.test(item.sha256));
  }
  const { side, change, hostChange } = difference;
  return side === "both" ? `conflict ${change}/${hostChange}` : `${side} ${change}`;
}

const FILE: BaseEntry = toBaseEntry({
  host: entryOf("same", "host")!,
  inner: entryOf("same", "inner")!,
  sha256: sha256Hex("text"),
}, CLOCKS);
const BASES: Readonly<Record<string, BaseEntry | undefined>> = {
  none: undefined,
  file: FILE,
  "file that nobody read": { ...FILE, sha256: undefined },
  dir: { path: "p", kind: "dir", executable: false, size: 0 },
  link: { path: "p", kind: "link", executable: false, size: 0, target: "x" },
};

/** What a side did to the base, by what is there; `undefined` for nothing. */
function changeOf(base: string, what: What): string | undefined {
  const kinds: Partial<Record<What, string>> = { "-": "none", dir: "dir", link: "link" };
  const [was, now] = [base.startsWith("file") ? "file" : base, kinds[what] ?? "file"];
  if (was === "none") return now === "none" ? undefined : "added";
  if (now === "none") return "deleted";
  if (was !== now) return "kind";
  if (now !== "file" || what === "same" || what === "t") return undefined;
  return what === "mode" ? "mode" : "modified";
}

/** The rule in words: what one side did counts; what both did is a conflict unless it is the same. */
function expected(base: string, host: What, inner: What): string {
  const isSame = (a: What) => a === "t" ? "same" : a;
  if (isSame(host) === isSame(inner)) {
    if (host === "-") return base === "none" ? "nothing" : "gone";
    const isAsItWas = base.startsWith("file") ? host === "same" && inner === "same" : base === host;
    return isAsItWas ? "equal" : "learned";
  }
  const [ours, theirs] = [changeOf(base, host), changeOf(base, inner)];
  if (theirs === undefined) return `host ${ours}`;
  if (ours === undefined) return `inner ${theirs}`;
  return `conflict ${theirs}/${ours}`;
}

const ALL: readonly What[] = ["-", "same", "t", "other", "long", "mode", "dir", "link"];
for (const [base, entry] of Object.entries(BASES)) {
  Deno.test(`classify() decides every pair of sides with the base ${base}`, () => {
    let rows = 0;
    for (const host of ALL) {
      for (const inner of ALL) {
        if (base === "none" && host === "-" && inner === "-") continue;
        let wanted = expected(base, host, inner);
        const isUnread = base === "file that nobody read";
        // Without a side that has the bytes of the base, nobody knows what they were.
        const holds = [host, inner].some((what) => what === "same" || what === "mode");
        if (isUnread && !holds) {
          wanted = wanted.replace(/^(host|inner) (\w+)$/, (_, side, change) => {
            return side === "inner" ? `conflict ${change}/modified` : `conflict modified/${change}`;
          });
        }
        assert.equal(decide({ base: entry, host, inner }), wanted, `host ${host}, inner ${inner}`);
        rows++;
      }
    }
    assert.equal(rows, base === "none" ? 63 : 64);
  });
}

Deno.test("needsHash() asks for no file that a size or a stamp decides", () => {
  const candidate = (host: What, inner: What, base?: BaseEntry): Candidate => ({
    path: "p",
    ...(base === undefined ? {} : { base }),
    ...(host === "-" ? {} : { host: entryOf(host, "host")! }),
    ...(inner === "-" ? {} : { inner: entryOf(inner, "inner")! }),
  });
  const rows: [What, What, BaseEntry | undefined, boolean, boolean][] = [
    ["same", "long", FILE, false, false],
    ["same", "other", FILE, false, true],
    ["t", "same", FILE, true, false],
    ["mode", "same", FILE, false, false],
    ["long", "long", FILE, true, true],
    ["-", "other", FILE, false, true],
    ["-", "long", FILE, false, false],
    ["other", "dir", FILE, true, false],
    ["other", "other", undefined, true, true],
    ["other", "long", undefined, false, false],
    ["same", "other", { ...FILE, sha256: undefined }, true, true],
  ];
  for (const [host, inner, base, ours, theirs] of rows) {
    const need = needsHash(candidate(host, inner, base));
    assert.deepEqual(need, { host: ours, inner: theirs }, `host ${host}, inner ${inner}`);
  }
});

function item(path: string): TreeItem {
  return { path, kind: "file", mode: 0o644, size: 1, mtimeMs: 1, ctimeMs: 1 };
}

Deno.test("compareTrees() passes a wait on, and goes on where it was", () => {
  const inner = [WAIT, item("a"), WAIT, WAIT, item("b")] as const;
  const found = [...compareTrees({ base: [], host: [item("b")], inner })];
  const shown = found.map((entry) => {
    assert.ok(entry === WAIT || !("problem" in entry));
    return entry === WAIT ? "wait" : `${entry.path}${entry.host === undefined ? "" : " host"}`;
  });
  assert.deepEqual(shown, ["wait", "a", "wait", "wait", "b host"]);
});

Deno.test("compareTrees() compares nothing at and below a problem", () => {
  const host: TreeItem[] = [item("a"), { path: "d", problem: "unreadable" }, item("e")];
  const inner = [item("d"), item("d/x"), item("d/x/y"), item("d-"), item("e")];
  const found = [...compareTrees({ base: [], host, inner })].map((entry) => {
    assert.ok(entry !== WAIT);
    return "problem" in entry ? `${entry.path} ${entry.side} ${entry.problem}` : entry.path;
  });
  assert.deepEqual(found, ["a", "d host unreadable", "d-", "e"]);
});

Deno.test("compareTrees() refuses a side in no order, but not two names that are written alike", () => {
  const compare = (inner: TreeItem[]) => [...compareTrees({ base: [], host: [], inner })].length;
  assert.throws(() => compare([item("b"), item("a")]), RangeError);
  assert.throws(() => compare([item("a"), item("a")]), RangeError);
  const bad: TreeItem = { path: "\\xff", problem: "not UTF-8" };
  assert.equal(compare([bad, bad, item("a")]), 3);
});

Deno.test("compareTrees() takes a host without executable bits for one that has the cage's", () => {
  const program = { ...entryOf("mode", "inner")!, mode: 0o755 };
  const trees = { base: [], host: [entryOf("same", "host")!], inner: [program] };
  const [found] = compareTrees(trees, { hostModes: false });
  assert.equal((found as Candidate).host?.mode, 0o755);
});
