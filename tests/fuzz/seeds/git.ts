import { bigEndian, bytesOf, pack } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import { drawOnce, type Random } from "../random.ts";

const ID = "\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa".repeat(2);
const HEX = "1122334455667788990011223344556677889900";

/** One path of an index; what is left out is as of a plain file. */
type Entry = { path: string; flags?: number; extended?: number };

/** An index of git with no right sum, which nobody checks. */
export function formatIndex(
  entries: readonly Entry[],
  options: { version?: number; count?: number; extensions?: Uint8Array } = {},
): Uint8Array<ArrayBuffer> {
  const { version = 2, count = entries.length, extensions = new Uint8Array() } = options;
  let before = "";
  const rows = entries.map(({ path, flags = 0, extended }) => {
    const head = pack(
      ...[1, 2, 3, 4, 5, 6].flatMap((value) => bigEndian(value, 4)),
      ...[...bigEndian(0o100644, 4), ...bigEndian(0, 4), ...bigEndian(0, 4), ...bigEndian(9, 4)],
      ID,
      ...bigEndian(flags | (extended === undefined ? 0 : 0x4000) | Math.min(path.length, 0xfff), 2),
      ...(extended === undefined ? [] : bigEndian(extended, 2)),
    );
    const strip = before.length;
    before = path;
    if (version === 4) return pack(head, strip & 0x7f, path, 0);
    const length = head.length + path.length;
    return pack(head, path, new Uint8Array(Math.floor((length + 8) / 8) * 8 - length));
  });
  return pack(
    ...["DIRC", ...bigEndian(version, 4), ...bigEndian(count, 4)],
    ...rows,
    extensions,
    new Uint8Array(20),
  );
}

/** An index with its entries drawn; half of the cases changed as bytes, too. */
export function makeIndex(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = drawIndex(random);
  return random.oneIn(2) ? bytes : mutate(random, { ...INDEX_MATERIAL, seeds: [bytes] });
}

const drawIndex = drawOnce((random) => {
  const entries = Array.from({ length: random.integer(4) }, (): Entry => ({
    path: random.pick(["a", "src/main.ts", "é", "x".repeat(300), ""]),
    flags: random.pick([0, 0x1000, 0x3000]),
    ...(random.oneIn(4) ? { extended: random.pick([0, 0x4000, 0x2000]) } : {}),
  }));
  return formatIndex(entries, {
    version: random.pick([2, 3, 4]),
    ...(random.oneIn(12) ? { count: random.pick([0, 7, 0xffffffff]) } : {}),
    extensions: random.oneIn(3) ? pack("TREE", 0, 0, 0, 2, "ab") : new Uint8Array(),
  });
}, { count: 1000 });

/** Indexes of git. */
export const INDEX_MATERIAL: Material = {
  seeds: [
    formatIndex([{ path: "a" }, { path: "src/main.ts", extended: 0x4000 }], { version: 3 }),
    formatIndex([{ path: "a" }, { path: "b" }], { version: 4 }),
    formatIndex([{ path: "a" }], { extensions: pack("link", 0, 0, 0, 4, "abcd") }),
  ],
  tokens: [
    pack("DIRC", 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff),
    pack("sdir", 0, 0, 0, 0),
    pack("link", 0xff, 0xff, 0xff, 0xff),
    pack(0xff, 0xff, 0xff, 0xff, 0xff),
    pack(0, 0, 0, 0),
    pack(0x40, 0x01),
  ],
};

const PEOPLE = ["A <a@x> 1700000000 +0100", "A <> 0 +0000", "A", "\xe9 <a@x> 1 -0000", "<", "> <"];

/** A tree, or a commit, with its parts drawn; half of the cases changed as bytes, too. */
export function makeObject(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = random.oneIn(2) ? drawTree(random) : drawCommit(random);
  return random.oneIn(2) ? bytes : mutate(random, { ...OBJECT_MATERIAL, seeds: [bytes] });
}

function drawTree(random: Random): Uint8Array<ArrayBuffer> {
  const entries = Array.from(
    { length: random.integer(4) },
    () =>
      `${random.pick(["100644", "40000", "040000", "120000", "160000", ""])} ` +
      `${random.pick(["a", "b", ".git", "..", "\xe9", "a/b", ""])}\0${ID}`,
  );
  return bytesOf(entries.join(""));
}

function drawCommit(random: Random): Uint8Array<ArrayBuffer> {
  const more = ["encoding latin1", "gpgsig x\n y", "mergetag object", "x-note a\n b", "HG:extra 1"];
  const lines = [
    `tree ${HEX}`,
    ...Array(random.integer(3)).fill(`parent ${HEX}`),
    `author ${random.pick(PEOPLE)}`,
    `committer ${random.pick(PEOPLE)}`,
    ...(random.oneIn(2) ? [random.pick(more)] : []),
  ];
  return bytesOf(`${lines.join("\n")}\n${random.pick(["\nmessage\n", "\n", "", "\n\n\xff"])}`);
}

/** Objects of git. */
export const OBJECT_MATERIAL: Material = {
  seeds: [
    bytesOf(`100644 a\0${ID}40000 src\0${ID}`),
    bytesOf(
      `tree ${HEX}\nparent ${HEX}\nauthor A <a@x> 1700000000 +0100\n` +
        `committer A <a@x> 1700000000 +0100\ngpgsig x\n y\n\nmessage\n`,
    ),
  ],
  tokens: ["\n", " ", "\0", "\n ", `tree ${HEX}\n`, `parent ${HEX}\n`, "author ", ">", "gpgsig "]
    .map(bytesOf),
};

/** Configurations of git. */
export const GIT_CONFIG_MATERIAL: Material = {
  seeds: [
    '[core]\n\tbare = false\n\tautocrlf\n[remote "origin"]\n\turl = https://a.test/x.git ; why\n',
    '[user]\nname = "Ada \\"L\\"" # x\nemail = a@b\\\nc\n[alias] st = status\n',
    '[includeIf "gitdir:~/work/"]\n  path = ../other\n[filter "x"] clean = sh -c \\"y\\"\n',
  ].map(bytesOf),
  tokens: [
    "\\\n",
    "\\",
    '"',
    "[",
    "]",
    "=",
    "#",
    ";",
    '[a "b"]\n',
    "\r\n",
    "\0",
    "\ufeff",
    "a = b\\\n",
  ]
    .map(bytesOf),
};
