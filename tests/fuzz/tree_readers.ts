import { Buffer } from "node:buffer";
import { parseArchiveBlock } from "../../src/courier/archive_header.ts";
import { Refusal } from "../../src/courier/refusal.ts";
import type { TreeEntry } from "../../src/tree/entry.ts";
import { createFrameParser, FrameError } from "../../src/tree/frames.ts";
import { findJournal, StageError } from "../../src/tree/journal.ts";
import { checkEntryPath, checkLinkTarget } from "../../src/tree/paths.ts";
import { createTarReader } from "../../src/tree/tar_read.ts";
import { BLOCK_BYTES } from "../../src/tree/tar_header.ts";
import { TarRefused } from "../../src/tree/tar_refused.ts";
import { makeJson } from "./json_change.ts";
import type { Random } from "./random.ts";
import { repairSums } from "./repair_sums.ts";
import {
  CHECKPOINT_MATERIAL,
  FRAMES_MATERIAL,
  JOURNAL_MATERIAL,
  JOURNAL_STOCK,
  makeCheckpoint,
  makeFrames,
} from "./seeds/courier.ts";
import { makeTar, TAR_MATERIAL } from "./seeds/tar.ts";
import { expect, type Target, type Verdict } from "./target.ts";

const LIMITS = { entries: 64, entryBytes: 1 << 20, totalBytes: 1 << 21, pathBytes: 1024 };

/** What a stream gave before it ended or was refused. */
type Taken = { entries: TreeEntry[]; bytes: number; ended: number; refused: string | undefined };

/** Readers of what the courier says, and of what it finds: it runs where the agent rules. */
export const TREE_READERS: readonly Target[] = [
  {
    name: "tar/stream",
    material: TAR_MATERIAL,
    make: makeTar,
    read(bytes, random) {
      // A wrong sum ends most cases at once: half of them get right ones.
      const stream = random.oneIn(2) ? bytes : repairSums(bytes);
      const whole = takeStream(stream, () => stream.length);
      const cut = takeStream(stream, () => 1 + random.integer(random.pick([2, 600, 5000])));
      expect(JSON.stringify(whole) === JSON.stringify(cut), "cuts change nothing");
      const { entries, ended, refused } = whole;
      expect(refused !== undefined || ended === entries.length, "every entry of a whole one ends");
      expect(entries.length <= LIMITS.entries, "no more entries than allowed");
      expect(
        entries.reduce((sum, { size }) => sum + size, 0) <= LIMITS.totalBytes,
        "no more bytes than allowed",
      );
      expect(whole.bytes <= stream.length, "no byte comes twice");
      expect(new Set(entries.map(({ path }) => path)).size === entries.length, "no path twice");
      for (const entry of entries) expectSafe(entry);
      return refused === undefined ? "accepted" : { refused };
    },
  },
  {
    name: "tar/checkpoint",
    material: CHECKPOINT_MATERIAL,
    make: makeCheckpoint,
    read: (bytes, random) => readCheckpoint(random.oneIn(3) ? bytes : repairSums(bytes)),
  },
  { name: "tar/frames", material: FRAMES_MATERIAL, make: makeFrames, read: readFrames },
  {
    name: "tar/journal",
    material: JOURNAL_MATERIAL,
    make: makeLines(makeJson(JOURNAL_STOCK, JOURNAL_MATERIAL)),
    read: readJournal,
  },
];

function takeStream(stream: Uint8Array, step: () => number): Taken {
  const taken: Taken = { entries: [], bytes: 0, ended: 0, refused: undefined };
  const reader = createTarReader({
    entry: (entry) => taken.entries.push(entry),
    data: ({ length }) => taken.bytes += length,
    entryEnd: () => taken.ended++,
  }, {
    limits: LIMITS,
    check: (path) => checkEntryPath(path, { platform: "linux" }),
    checkLink: checkLinkTarget,
  });
  try {
    for (let at = 0; at < stream.length;) {
      const next = at + step();
      reader.push(stream.subarray(at, next));
      at = next;
    }
    reader.end();
  } catch (error) {
    // Anything else is a finding.
    if (!(error instanceof TarRefused)) throw error;
    expect(!/\p{Cc}/u.test(error.message), "a refusal is one line");
    taken.refused = error.message;
    // How far contents came before it depends on the cuts.
    taken.bytes = 0;
  }
  return taken;
}

function expectSafe({ path, mode, size, target }: TreeEntry): void {
  const parts = path.split("/");
  expect(parts.every((part) => !["", ".", "..", ".git"].includes(part)), "a path stays inside");
  expect(mode <= 0o777 && size >= 0 && Number.isSafeInteger(size), "numbers are in their bounds");
  if (target !== undefined) expect(!target.startsWith("/"), "a link is relative");
}

/** Blocks one after the other, as the courier takes a checkpoint; contents are passed over. */
function readCheckpoint(bytes: Uint8Array): Verdict {
  const buffer = Buffer.from(bytes);
  for (let at = 0; at + BLOCK_BYTES <= buffer.length;) {
    let block;
    try {
      block = parseArchiveBlock(buffer.subarray(at, at + BLOCK_BYTES));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      expect(!/\p{Cc}/u.test(error.message), "a refusal is one line");
      return { refused: error.message };
    }
    at += BLOCK_BYTES;
    if (block.type === "end") return "accepted";
    const size = block.type === "entry" ? block.entry.size : block.size;
    expect(Number.isFinite(size) && size >= 0, "a size is a number");
    if (block.type === "entry") {
      const { mode, mtimeMs } = block.entry;
      expect(mode >= 0 && mode <= 0o7777, "a mode is one");
      expect(Number.isFinite(mtimeMs), "a time is a number");
    }
    at += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return { refused: "it ends early" };
}

function readFrames(bytes: Uint8Array, random: Random): Verdict {
  const whole = takeFrames(bytes, () => bytes.length || 1);
  const cut = takeFrames(bytes, () => 1 + random.integer(random.pick([2, 40, 5000])));
  expect("refused" in whole === "refused" in cut, "cuts change no verdict");
  if ("refused" in whole) return whole;
  expect("told" in cut && whole.told === cut.told, "cuts change nothing");
  return "accepted";
}

function takeFrames(
  bytes: Uint8Array,
  step: () => number,
): { told: string } | { refused: string } {
  const parse = createFrameParser();
  const told: string[] = [];
  let data = 0;
  try {
    for (let at = 0; at < bytes.length;) {
      const next = at + step();
      for (const frame of parse(bytes.subarray(at, next))) {
        if (frame.kind === "data") data += frame.bytes.length;
        else told.push(`${frame.kind} ${JSON.stringify(frame.value)}`);
      }
      at = next;
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    expect(!/\p{Cc}/u.test(error.message), "a refusal is one line");
    return { refused: error.message };
  }
  return { told: `${told.join("\n")} ${data}` };
}

/** Lines of a journal: a head that counts them, then the steps. */
function makeLines(
  make: (random: Random) => Uint8Array<ArrayBuffer>,
): (random: Random) => Uint8Array<ArrayBuffer> {
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  return (random) => {
    const steps = Array.from({ length: random.integer(3) }, () => decoder.decode(make(random)));
    const count = random.oneIn(8) ? random.integer(4) : steps.length;
    const head = random.oneIn(12) ? "{}" : JSON.stringify({ schema: 1, steps: count });
    return encoder.encode([head, ...steps, ""].join("\n"));
  };
}

function readJournal(bytes: Uint8Array): Verdict {
  let at = 0;
  const nobody = () => {
    throw new Error("a journal is only read");
  };
  const stat = { kind: "file" as const, mode: 0o600, size: bytes.length, mtimeMs: 0, ctimeMs: 0 };
  const handle = {
    stat: () => ({ ...stat, identity: "1" }),
    read(buffer: Uint8Array) {
      const piece = bytes.subarray(at, at + buffer.length);
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    close() {},
  };
  try {
    const steps = findJournal({
      ...{ list: nobody, readLink: nobody, openNew: nobody, mkdir: nobody, symlink: nobody },
      ...{ link: nobody, chmod: nobody, setMtime: nobody, rename: nobody, remove: nobody },
      ...{ syncDir: nobody, lstat: () => ({ ...stat, identity: "1" }), openRead: () => handle },
    }, "/stage");
    for (const { path } of steps ?? []) {
      expect(checkEntryPath(path, { platform: "linux" }) === undefined, "a step stays inside");
    }
    return "accepted";
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    return { refused: error.message.replaceAll("/", " ") };
  }
}
