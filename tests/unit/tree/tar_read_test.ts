import assert from "node:assert/strict";
import type { TreeEntry } from "../../../src/tree/entry.ts";
import { createTwinCheck } from "../../../src/tree/paths.ts";
import { BLOCK_BYTES, MAGIC, TYPE } from "../../../src/tree/tar_header.ts";
import { createTarReader } from "../../../src/tree/tar_read.ts";
import { TarRefused } from "../../../src/tree/tar_refused.ts";
import { createTarWriter, writeHeader } from "../../../src/tree/tar_write.ts";
import { pack } from "../../fuzz/bytes.ts";
import {
  END,
  formatExtra,
  formatHeader,
  formatPaxRecord,
  formatStream,
} from "../../fuzz/seeds/tar.ts";
import { findRefusal, STRICT, takeAll, WIDE_LIMITS } from "../support/tar.ts";

const FILE = { kind: "file", mode: 0o644, size: 0, mtimeMs: 0, ctimeMs: 0 } as const;
const ZEROS = new Uint8Array(BLOCK_BYTES);

/** Records for one entry, then the entry. */
function paxOf(key: string, value: string): Uint8Array {
  return pack(formatExtra(TYPE.pax, formatPaxRecord(key, value)), formatHeader({}), END);
}

const HOSTILE: [name: string, stream: Uint8Array, message: RegExp][] = [
  // Where to.
  ["a way up", pack(formatHeader({ name: "../x" }), END), /^"\.\.\/x": it has the part "\.\."$/],
  ["a way up in the middle", pack(formatHeader({ name: "a/../../x" }), END), /part "\.\."/],
  ["a way up by prefix", pack(formatHeader({ prefix: "..", name: "x" }), END), /^"\.\.\/x": /],
  ["a way up by record", paxOf("path", "../../x"), /^"\.\.\/\.\.\/x": /],
  ["an absolute path", pack(formatHeader({ name: "/etc/x" }), END), /^"\/etc\/x": it is absolute$/],
  ["an absolute path by record", paxOf("path", "/etc/x"), /it is absolute$/],
  ["a dot", pack(formatHeader({ name: "./x" }), END), /part "\."/],
  ["no name", pack(formatHeader({ name: "" }), END), /^"": it is empty$/],
  ["a slash at the end of a file", pack(formatHeader({ name: "x/" }), END), /empty part/],
  ["a backslash", pack(formatHeader({ name: "..\\x" }), END), /backslash/],
  ["a NUL in a record", paxOf("path", "a\0b"), /^"a\\u0000b": it holds a NUL$/],
  [".GIT", pack(formatHeader({ name: "sub/.GIT/hooks/x" }), END), /for its own ".git"$/],
  ["git~1", pack(formatHeader({ name: "git~1/config" }), END), /"git~1" for its own ".git"$/],
  ["what HFS+ reads as .git", paxOf("path", ".g\u200cit/config"), /".g\\u200cit"/],
  [
    "a link outside",
    pack(linkTo("../x"), END),
    /^"l": it is a link that leads outside, "\.\.\/x"$/,
  ],
  ["an absolute link", pack(linkTo("/etc"), END), /link to an absolute path, "\/etc"$/],
  ["a link to nothing", pack(linkTo(""), END), /link to nothing$/],
  [
    "a link with a NUL",
    pack(formatExtra(TYPE.pax, formatPaxRecord("linkpath", "a\0b")), linkTo("x"), END),
    /target holds a NUL$/,
  ],
  [
    "a file behind a link of the stream",
    pack(linkTo("a"), formatHeader({ name: "l/x" }), END),
    /^"l\/x": it is below something that is no directory$/,
  ],
  [
    "a file behind a file, a few down",
    pack(formatHeader({ name: "a" }), formatHeader({ name: "a/b/c" }), END),
    /below something that is no directory$/,
  ],
  [
    "a link in place of a directory",
    pack(formatHeader({ name: "l/x" }), linkTo("a"), END),
    /^"l": it was a directory before$/,
  ],
  ["a path twice", pack(formatHeader({}), formatHeader({}), END), /^"file": it comes twice$/],
  [
    "a directory twice",
    pack(
      formatHeader({ name: "d/", type: TYPE.dir }),
      formatHeader({ name: "d/", type: "5" }),
      END,
    ),
    /^"d": it comes twice$/,
  ],
  // What.
  ["a hard link", pack(formatHeader({ type: TYPE.hardLink, link: "x" }), END), /is a hard link$/],
  ["a character device", pack(formatHeader({ type: TYPE.charDevice }), END), /is a device$/],
  ["a block device", pack(formatHeader({ type: TYPE.blockDevice }), END), /is a device$/],
  ["a named pipe", pack(formatHeader({ type: TYPE.fifo }), END), /is a named pipe$/],
  ["a sparse file of GNU tar", pack(formatHeader({ type: TYPE.gnuSparse }), END), /with holes$/],
  ["a sparse file by records", paxOf("GNU.sparse.major", "1"), /a file with holes$/],
  ["a contiguous file", pack(formatHeader({ type: "7" }), END), /type that is not known, "7"$/],
  ["a type of no kind", pack(formatHeader({ type: "\x1b" }), END), /not known, "\\u001b"$/],
  [
    "a type of one byte that acts on terminals",
    pack(formatHeader({ type: "\x9b" }), END),
    /\\u009b"$/,
  ],
  ["a directory dump", pack(formatHeader({ type: "D" }), END), /type that is not known, "D"$/],
  ["set-user-ID", pack(formatHeader({ mode: "0004755\0" }), END), /^"file": it is set-user-ID/],
  ["set-group-ID", pack(formatHeader({ mode: "0002755\0" }), END), /set-group-ID/],
  ["sticky", pack(formatHeader({ mode: "0001777\0" }), END), /sticky$/],
  ["a mode with a type in it", pack(formatHeader({ mode: "0100644\0" }), END), /mode is no mode$/],
  ["a mode of no digits", pack(formatHeader({ mode: "rw-r--r-" }), END), /mode is no mode$/],
  ["extended attributes", paxOf("SCHILY.xattr.user.x", "1"), /"SCHILY.xattr.user.x", which is not/],
  ["another encoding", paxOf("hdrcharset", "BINARY"), /"hdrcharset", which is not known$/],
  ["a key with an escape", paxOf("\x1b]0;x", "1"), /record of "\\u001b\]0;x", which/],
  ["a key that acts on terminals", paxOf("\x9b31m", "1"), /record of "\\u009b31m", which/],
  [
    "records for all",
    pack(formatExtra(TYPE.globalPax, formatPaxRecord("path", "x")), formatHeader({}), END),
    /^The tar stream: it has a header for all entries$/,
  ],
  [
    "a name of no UTF-8",
    pack(formatHeader({ name: pack("a", 0xff) }), END),
    /"a\\\\xff": .* UTF-8$/,
  ],
  // How much.
  [
    "10 GB declared",
    pack(formatHeader({ size: octal(10 * 1024 ** 3) })),
    /^"file": it has 10737418240 bytes, and one file may have 16777216$/,
  ],
  ["10 GB by record", paxOf("size", "10737418240"), /it has 10737418240 bytes/],
  ["10 GB in binary", pack(formatHeader({ size: binary(10 * 1024 ** 3) })), /it has 10737418240 b/],
  ["a negative size", pack(formatHeader({ size: pack(..."\xff".repeat(12)) })), /size is no size$/],
  [
    "a size beyond all numbers",
    pack(formatHeader({ size: pack(0x80, "\x7f".repeat(11)) })),
    /size is no size$/,
  ],
  ["a size of no digits", pack(formatHeader({ size: "0x10" })), /size is no size$/],
  ["a negative size by record", paxOf("size", "-1"), /size that is no size$/],
  ["an exponent as size", paxOf("size", "1e3"), /size that is no size$/],
  ["a directory with contents", pack(formatHeader({ type: "5", size: octal(1) })), /is no file$/],
  ["a link with contents", pack(formatHeader({ type: "2", size: octal(1) })), /is no file$/],
  [
    "a time beyond all",
    pack(formatHeader({ mtime: pack(0x80, ..."\x7f".repeat(11)) })),
    /no time$/,
  ],
  ["a time of no digits", paxOf("mtime", "now"), /time that is no time$/],
  ["a path beyond the limit", paxOf("path", "abc/".repeat(1024) + "x"), /longer than 4096 bytes$/],
  [
    "a target beyond the limit",
    pack(formatExtra(TYPE.pax, formatPaxRecord("linkpath", "é".repeat(2049))), linkTo("x"), END),
    /target is longer than 4096 bytes$/,
  ],
  [
    "records without end",
    pack(formatHeader({ type: TYPE.pax, size: octal(8 * 1024 ** 3 - 1) })),
    /header for the next entry of not 1 to 12288 bytes$/,
  ],
  ["records of nothing", pack(formatHeader({ type: TYPE.pax })), /of not 1 to 12288 bytes$/],
  [
    "a name without end",
    pack(formatHeader({ type: TYPE.gnuPath, size: octal(1024 ** 3), magic: MAGIC.gnu })),
    /of not 1 to 12288 bytes$/,
  ],
  [
    "records and records",
    pack(
      formatExtra("x", formatPaxRecord("mtime", "1")),
      formatExtra("x", formatPaxRecord("a", "")),
    ),
    /two headers for the same entry$/,
  ],
  [
    "records and a long name",
    pack(formatExtra("x", formatPaxRecord("path", "a")), formatExtra("L", "b\0"), formatHeader({})),
    /two headers for the same entry$/,
  ],
  [
    "a record twice",
    pack(formatExtra("x", formatPaxRecord("path", "a") + formatPaxRecord("path", "../b"))),
    /two records of "path"$/,
  ],
  // Of what form.
  ["a wrong sum", pack(formatHeader({ checksum: "000000\0 " }), END), /sum of a header is wrong$/],
  ["a sum of no digits", pack(formatHeader({ checksum: "zzzzzz\0 " }), END), /sum of a header/],
  ["no magic", pack(formatHeader({ magic: "" }), END), /format that is not known$/],
  ["another magic", pack(formatHeader({ magic: "ustar\x0099" }), END), /format that is not known$/],
  ["a record without its line feed", pack(formatExtra("x", "8 path=a")), /malformed record$/],
  [
    "a record longer than what is there",
    pack(formatExtra("x", "99 path=a\n")),
    /malformed record$/,
  ],
  ["a record shorter than itself", pack(formatExtra("x", "3 path=a\n")), /malformed record$/],
  ["a record of length 0", pack(formatExtra("x", "0 path=a\n")), /malformed record$/],
  ["a record without a key", pack(formatExtra("x", "5 =a\n")), /malformed record$/],
  ["a record without a value", pack(formatExtra("x", "7 path\n")), /malformed record$/],
  ["a record of a long length", pack(formatExtra("x", "00000009 path=a\n")), /malformed record$/],
  ["text", pack("GET / HTTP/1.1\r\n".repeat(32)), /sum of a header is wrong$/],
  // How far.
  ["nothing at all", new Uint8Array(0), /^The tar stream: it ends early$/],
  ["half a header", formatHeader({}).subarray(0, 300), /^The tar stream: it ends early$/],
  [
    "contents that end",
    formatStream([{ ...FILE, path: "a", size: 600 }]).subarray(0, 1000),
    /^"a": /,
  ],
  ["no end", formatHeader({}), /^The tar stream: it ends early$/],
  ["half an end", pack(formatHeader({}), ZEROS), /^The tar stream: it ends early$/],
  ["an end in the middle", pack(ZEROS, formatHeader({}), END), /block of zeros does not end it$/],
  ["an entry after the end", pack(END, formatHeader({}), END), /bytes after its end$/],
  ["a byte after the end", pack(END, 1), /bytes after its end$/],
  ["zeros without end", pack(END, new Uint8Array(70_000)), /too much after its end$/],
  ["zeros without end but a byte", pack(END, new Uint8Array(70_000), 1), /too much after its end$/],
  [
    "an end after records",
    pack(formatExtra("x", formatPaxRecord("path", "a")), END),
    /ends after a header for the next entry$/,
  ],
];

for (const [name, stream, message] of HOSTILE) {
  Deno.test(`a stream is refused in one line: ${name}`, () => {
    const found = findRefusal(stream);
    assert.match(found, message);
    assert.doesNotMatch(found, /\p{Cc}|[\u200b-\u200f\u202a-\u202e]/u);
  });
}

Deno.test("what the limits do not allow is refused before a byte of it is read", () => {
  const seen: string[] = [];
  const reader = createTarReader({
    entry: ({ path }) => seen.push(path),
    data: () => seen.push("data"),
    entryEnd: () => seen.push("end"),
  }, { ...STRICT, limits: { ...WIDE_LIMITS, entryBytes: 10, totalBytes: 15 } });
  const writer = createTarWriter();
  const push = (path: string, size: number) => {
    reader.push(writer.header({ ...FILE, path, size }));
    reader.push(new Uint8Array(size));
    reader.push(writer.padding(size));
  };
  push("a", 10);
  assert.throws(
    () => push("b", 6),
    /^TarRefused: "b": with it there are 16 bytes, .* may have 15$/,
  );
  assert.deepEqual(seen, ["a", "data", "end"]);
});

Deno.test("one file beyond the limit is refused with its header alone", () => {
  const options = { ...STRICT, limits: { ...WIDE_LIMITS, entryBytes: 10 } };
  const header = createTarWriter().header({ ...FILE, path: "a", size: 11 });
  assert.match(findRefusal(header, options), /^"a": it has 11 bytes, and one file may have 10$/);
});

Deno.test("a million entries are refused at the limit, in bounded memory", () => {
  const most = 100_000;
  let taken = 0;
  const reader = createTarReader({ entry: () => taken++, data() {}, entryEnd() {} }, {
    ...STRICT,
    limits: { ...WIDE_LIMITS, entries: most },
  });
  // One buffer for all, so that the buffers that are counted are the reader's.
  const into = new Uint8Array(4096);
  const before = Deno.memoryUsage().external;
  assert.throws(() => {
    for (let index = 0; index < 1_000_000; index++) {
      const path = `${"deep/".repeat(20)}${index}`;
      reader.push(into.subarray(0, writeHeader({ ...FILE, path }, { into, at: 0 })));
    }
  }, /^TarRefused: The tar stream: it has more than 100000 entries$/);
  assert.equal(taken, most);
  // Their names alone are ten million bytes.
  const grown = Deno.memoryUsage().external - before;
  assert.ok(grown < 8 << 20, `${grown} bytes more`);
});

Deno.test("directories that no entry names are bounded too", () => {
  const options = { ...STRICT, limits: { ...WIDE_LIMITS, entries: 10 } };
  const entries = Array.from({ length: 5 }, (_, index): TreeEntry => ({
    ...FILE,
    path: `${index}/${"d/".repeat(1900)}x`,
  }));
  assert.match(findRefusal(formatStream(entries), options), /too many directories$/);
});

Deno.test("twins are refused where the check finds them, and only there", () => {
  const stream = formatStream([{ ...FILE, path: "README" }, { ...FILE, path: "readme" }]);
  const twins = createTwinCheck({ folds: true });
  const check = (path: string) => STRICT.check(path) ?? twins(path);
  const refusal = findRefusal(stream, { ...STRICT, check });
  assert.equal(refusal, `"readme": this file system takes it for "README"`);
  assert.equal(takeAll(stream).length, 2);
});

Deno.test("names with a newline, an escape and a leading dash are taken as they are", () => {
  const paths = ["-rf", "a\nb", "a\x1b[2J", " blank ", "\t", "--", "\ufeffmark", "'\"$(x)"];
  const entries = paths.map((path): TreeEntry => ({ ...FILE, path }));
  assert.deepEqual(takeAll(formatStream(entries)).map(({ entry }) => entry), entries);
});

Deno.test("a refusal stays: nothing is taken after it", () => {
  const taken: string[] = [];
  const reader = createTarReader(
    { entry: ({ path }) => taken.push(path), data() {}, entryEnd() {} },
    STRICT,
  );
  assert.throws(() => reader.push(formatHeader({ name: "../x" })), TarRefused);
  assert.throws(() => reader.push(formatHeader({ name: "a" })), /"\.\.\/x"/);
  assert.throws(() => reader.end(), /"\.\.\/x"/);
  assert.deepEqual(taken, []);
});

Deno.test("what a handler throws comes out as it is, and ends the reading", () => {
  const full = new Error("disk full");
  const reader = createTarReader({
    entry() {
      throw full;
    },
    data() {},
    entryEnd() {},
  }, STRICT);
  assert.throws(() => reader.push(formatHeader({})), full);
  assert.throws(() => reader.push(formatHeader({ name: "b" })), full);
});

Deno.test("contents are views of what was pushed, not copies", () => {
  const stream = formatStream([{ ...FILE, path: "a", size: 1000 }]);
  const buffers: ArrayBufferLike[] = [];
  const reader = createTarReader(
    { entry() {}, data: (bytes) => buffers.push(bytes.buffer), entryEnd() {} },
    STRICT,
  );
  reader.push(stream);
  reader.end();
  assert.deepEqual(buffers, [stream.buffer]);
});

const TIMES: [value: string, ms: number][] = [
  ["1700000000", 1_700_000_000_000],
  ["1700000000.123456789", 1_700_000_000_123],
  ["1700000000.9999", 1_700_000_000_999],
  ["0.5", 500],
  ["5.", 5000],
  ["-1.5", -1500],
  ["-0.0001", -1],
  ["-2", -2000],
];

for (const [value, ms] of TIMES) {
  Deno.test(`a time of ${value} s is ${ms} ms`, () => {
    assert.equal(takeAll(paxOf("mtime", value))[0]!.entry.mtimeMs, ms);
  });
}

Deno.test("a time before 1970 in GNU tar's binary form is read", () => {
  const mtime = pack(..."\xff".repeat(11), 0xfe);
  const stream = pack(formatHeader({ mtime, magic: MAGIC.gnu }), END);
  assert.equal(takeAll(stream)[0]!.entry.mtimeMs, -2000);
});

function linkTo(target: string): Uint8Array {
  return formatHeader({ name: "l", type: TYPE.link, link: target });
}

function octal(value: number): string {
  return `${value.toString(8).padStart(11, "0")}\0`;
}

function binary(value: number): Uint8Array {
  const field = new Uint8Array(12);
  new DataView(field.buffer).setBigUint64(4, BigInt(value));
  field[0] = 0x80;
  return field;
}
