import { type ArchiveEntry, formatArchiveHeader } from "../../../src/courier/archive_header.ts";
import { createDataPacker, formatFrame } from "../../../src/tree/frames.ts";
import { countPadding } from "../../../src/tree/tar_header.ts";
import { bytesOf, pack } from "../bytes.ts";
import { jsonMaterial, type JsonStock } from "../json_change.ts";
import { type Material, mutate } from "../mutate.ts";
import { drawOnce, type Random } from "../random.ts";
import { END } from "./tar.ts";

const FILE: ArchiveEntry = {
  path: "src/main.ts",
  kind: "file",
  mode: 0o644,
  size: 5,
  mtimeMs: 1_700_000_000_123,
  target: "",
};

/** An entry of a checkpoint with its contents. */
function formatEntry(entry: Partial<ArchiveEntry>): Uint8Array<ArrayBuffer> {
  const whole = { ...FILE, ...entry };
  const size = whole.kind === "file" ? whole.size : 0;
  const contents = new Uint8Array(size + countPadding(size));
  return pack(formatArchiveHeader({ ...whole, size }), contents);
}

/** A checkpoint with its entries drawn; two in three changed as bytes, too. */
export function makeCheckpoint(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = drawCheckpoint(random);
  return random.oneIn(3) ? bytes : mutate(random, { ...CHECKPOINT_MATERIAL, seeds: [bytes] });
}

const drawCheckpoint = drawOnce((random) => {
  const entries = Array.from({ length: random.integer(4) }, () =>
    formatEntry({
      path: random.pick(["a", "a/b", "../x", "/x", "", "\xc3\xa9", "n".repeat(150), "a//b"]),
      kind: random.pick(["file", "dir", "link", "hardLink"]),
      mode: random.pick([0o644, 0o4755, 0o7777, 0]),
      size: random.integer(700),
      mtimeMs: random.pick([0, 1_700_000_000_123, 8e15, 0.5]),
      target: random.pick(["", "a", "t".repeat(200), "../.."]),
    }));
  return pack(...entries, END);
}, { count: 1000 });

/** Checkpoints as the courier writes them. */
export const CHECKPOINT_MATERIAL: Material = {
  seeds: [
    pack(formatEntry({}), formatEntry({ path: "d", kind: "dir" }), END),
    pack(formatEntry({ path: "n".repeat(150) }), formatEntry({ kind: "link", target: "x" }), END),
  ],
  tokens: [
    formatEntry({ path: "../x" }),
    formatEntry({ kind: "hardLink", target: "/etc/passwd" }),
    bytesOf("0000000\0"),
    bytesOf("99999999999\0"),
    pack(0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    bytesOf("abc"),
    bytesOf("-1"),
    END,
  ],
};

const FRAMES = [
  formatFrame("hello", { protocol: 4, canWrite: true }),
  formatFrame("list", [["src/main.ts", "f"], ["src", "d"]]),
  formatFrame("end", null),
  formatFrame("done", { entries: 2 }),
  formatFrame("failed", { code: "refused", message: "it is too long" }),
  (() => {
    const packer = createDataPacker();
    for (const _ of packer.add(bytesOf("hello world"))) { /* Nothing is full yet. */ }
    return packer.rest()!.slice();
  })(),
];

/** Frames one after the other; half of the cases changed as bytes, too. */
export function makeFrames(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = pack(...Array.from({ length: 1 + random.integer(4) }, () => random.pick(FRAMES)));
  return random.oneIn(2) ? bytes : mutate(random, { ...FRAMES_MATERIAL, seeds: [bytes] });
}

/** What a courier says to its host. */
export const FRAMES_MATERIAL: Material = {
  seeds: FRAMES.map((frame) => new Uint8Array(frame)),
  tokens: [
    ...FRAMES,
    pack(1, 0, 0, 0, 0),
    pack(4, 0, 0, 0, 0),
    pack(4, 0, 2, 0, 1),
    pack(3, 0xff, 0xff, 0xff, 0xff),
    pack(3, 0, 0, 0, 2, "{}"),
    bytesOf('"__proto__"'),
  ],
};

const WAS = { kind: "file", size: 3, mtimeMs: 1, ctimeMs: 2 };

/** Steps of a journal, as a crash leaves them. */
export const JOURNAL_STOCK: JsonStock = {
  documents: [
    { do: "place", path: "src/a.ts", kind: "file", size: 3, mtimeMs: 5, was: WAS },
    { do: "place", path: "new", kind: "dir", size: 0, mtimeMs: 5, was: null },
    { do: "remove", path: "old", was: WAS, must: true },
    { do: "mode", path: "run", was: WAS, mode: 0o755, oldMode: 0o644 },
  ],
  values: ["place", "remove", "mode", "../x", "/etc", ".git/config", "a/./b", "link", 0o7777],
};

/** The same as bytes. */
export const JOURNAL_MATERIAL: Material = jsonMaterial(JOURNAL_STOCK, [
  ...["\n", '{"schema":1,"steps":1}\n', '{"schema":1,"steps":0}\n', '"path":"../x"', "{", "}"],
  ...["\0", "\xff", '"do":"mode"', "null\n", "[]\n"],
]);
