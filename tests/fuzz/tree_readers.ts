import type { TreeEntry } from "../../src/tree/entry.ts";
import { checkEntryPath, checkLinkTarget } from "../../src/tree/paths.ts";
import { createTarReader } from "../../src/tree/tar_read.ts";
import { TarRefused } from "../../src/tree/tar_refused.ts";
import { repairSums } from "./repair_sums.ts";
import { TAR_MATERIAL } from "./seeds/tar.ts";
import { expect, type Target } from "./target.ts";

const LIMITS = { entries: 64, entryBytes: 1 << 20, totalBytes: 1 << 21, pathBytes: 1024 };

/** What a stream gave before it ended or was refused. */
type Taken = { entries: TreeEntry[]; bytes: number; ended: number; refused: string | undefined };

/** Readers of what the courier says: it runs where the agent rules. */
export const TREE_READERS: readonly Target[] = [
  {
    name: "tar stream",
    material: TAR_MATERIAL,
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
    },
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
