import { concat } from "../../promote/bytes.ts";

/** One commit of every kind, as `git fast-import` reads them, and how many there are. */
export type History = { stream: Uint8Array; commits: number };

const encoder = new TextEncoder();

/** Who commits inside, and when; the zones are those that exist at the edges. */
const AUTHOR = "author Ghost <ghost@inside.test> 1700000000 -0730\n";
const COMMITTER = "committer Ghost <ghost@inside.test> 1700000123 +1400\n";

/** Bytes of the largest file. */
const LARGE_BYTES = 3_000_000;

/** Bytes at once that random ones are given. */
const RANDOM_BYTES = 65_536;

type Step = {
  /** Bytes of the message, or text of it. */
  message: string | Uint8Array;
  /** Lines and data that change files. */
  files?: readonly (string | Uint8Array)[];
  /** Mark of the commit it stands on; the one before by default. */
  from?: number;
  /** Mark of the other side of a merge. */
  merge?: number;
  encoding?: string;
};

/**
 * Makes a history on top of a commit that lands differently if anything but the identity is touched:
 * binaries, lines that look like headers, merges, nothing at all, modes, renames, links.
 *
 * @param onto Id of the commit it begins at.
 */
export function makeHistory(onto: string): History {
  const steps = planSteps(makeRandom(LARGE_BYTES));
  const parts: (string | Uint8Array)[] = [];
  for (const [at, { message, files = [], from, merge, encoding }] of steps.entries()) {
    const bytes = toBytes(message);
    parts.push(
      `commit refs/${from === undefined || merge !== undefined ? "heads/main" : "verify/side"}\n`,
      `mark :${at + 1}\n${AUTHOR}${COMMITTER}`,
      ...(encoding === undefined ? [] : [`encoding ${encoding}\n`]),
      `data ${bytes.length}\n`,
      bytes,
      "\n",
      `from ${at === 0 ? onto : `:${from ?? mainBefore(steps, at)}`}\n`,
      ...(merge === undefined ? [] : [`merge :${merge}\n`]),
      ...files,
      "\n",
    );
  }
  parts.push("done\n");
  return { stream: concat(parts.map(toBytes)), commits: steps.length };
}

/** The mark of the commit that `main` is at before a step. */
function mainBefore(steps: readonly Step[], at: number): number {
  const isSide = ({ from, merge }: Step) => from !== undefined && merge === undefined;
  return steps.slice(0, at).findLastIndex((step) => !isSide(step)) + 1;
}

function planSteps(large: Uint8Array): Step[] {
  const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  return [
    { message: "plain\n", files: file("plain.txt", "plain\n") },
    {
      message: "files of every kind\n",
      files: [
        ...file("every.bin", everyByte),
        ...file("large.bin", large),
        ...file("empty", ""),
        ...file("crlf.txt", "one\r\ntwo\r\n"),
        ...file("header.txt", "author X <y@z> 1 +0000\ncommitter X <y@z> 1 +0000\n\n"),
      ],
    },
    {
      message: "author X <y@z> 1 +0000\ncommitter X <y@z> 1 +0000\n\nbody\n\n" +
        "Signed-off-by: X <y@z>\nCo-authored-by: Ghost <ghost@inside.test>\n",
      files: file("plain.txt", "changed\n"),
    },
    { message: "mode\n", files: ["M 100755 inline run.sh\n", ...data("#!/bin/sh\n")] },
    { message: "rename\n", files: ["R plain.txt moved/plain name.txt\n"] },
    { message: "side\n", files: file("side.txt", "side\n"), from: 5 },
    { message: "other side\n", files: file("other.txt", "other\n") },
    { message: "merge\n", files: file("side.txt", "side\n"), from: 7, merge: 6 },
    { message: "nothing at all  \n\n\n" },
    {
      message: new Uint8Array([0x47, 0x72, 0xfc, 0xdf, 0x65]),
      files: file("latin.txt", new Uint8Array([0xe9, 0x0a])),
      encoding: "ISO-8859-1",
    },
    {
      message: "link and module\n",
      files: [
        ...["M 120000 inline link\n", ...data("moved/plain name.txt")],
        `M 160000 ${"1".repeat(40)} vendored\n`,
      ],
    },
    { message: "", files: ["D run.sh\n"] },
  ];
}

function file(path: string, content: string | Uint8Array): (string | Uint8Array)[] {
  return [`M 100644 inline ${path}\n`, ...data(content)];
}

function data(content: string | Uint8Array): (string | Uint8Array)[] {
  const bytes = toBytes(content);
  return [`data ${bytes.length}\n`, bytes, "\n"];
}

function makeRandom(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
  }
  return bytes;
}

function toBytes(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? encoder.encode(part) : part;
}
