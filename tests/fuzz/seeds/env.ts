import { bytesOf } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";

const WORDS = [
  ...[
    "1_000",
    "0b11",
    "0x1F",
    "0o17",
    "017",
    "2001-01-01",
    "12:30:45",
    "1e3",
    ".5",
    "+.inf",
    "yes",
  ],
  ...[
    "Off",
    "null",
    "~",
    "y",
    "<<",
    "=",
    "- a",
    "a: b",
    "a #b",
    "#x",
    "'",
    '"',
    "|",
    ">-",
    "&a",
    "*a",
  ],
  ...[
    "!x",
    "%y",
    "@z",
    "`",
    "{",
    "}",
    "[",
    "]",
    ",",
    "? a",
    "---",
    "...",
    "\\n",
    "$HOME",
    "${A:-b}",
  ],
  ...["$$", "${A}", "$", " x", "x ", "\t", "", "value", "//a.test/:_authToken=${TOKEN}", "a=b"],
];

/** A text that something reads something else from, and its neighbours. */
export function makeText(random: Random): Uint8Array<ArrayBuffer> {
  const words = Array.from({ length: 1 + random.integer(3) }, () => random.pick(WORDS));
  const bytes = bytesOf(words.join(random.pick(["", "", " ", "\n", "_"])));
  return random.oneIn(2) ? bytes : mutate(random, { ...ENV_MATERIAL, seeds: [bytes] });
}

/** Values of variables. */
export const ENV_MATERIAL: Material = {
  seeds: WORDS.map(bytesOf),
  tokens: [
    "$",
    "{",
    "}",
    "\n",
    "\r",
    "_",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "0",
    ":",
    " ",
    '"',
    "\\",
    "\0",
  ]
    .map(bytesOf),
  longest: 1024,
};

/** An npm configuration. */
export const NPMRC_MATERIAL: Material = {
  seeds: [
    'registry=https://r.test/npm/\n//r.test/npm/:_authToken=${TOKEN}\n# why\n@a:registry = "x"\n',
    "; c\nalways-auth = true\nregistry=https://${HOST}/\r\n//h.test/:_password='${PASS}'\n",
  ].map(bytesOf),
  tokens: [
    "${TOKEN}",
    "${HOST}",
    "${",
    "}",
    "=",
    "\n",
    "//r.test/npm/:_auth=",
    "registry=",
    "'",
    '"',
  ]
    .map(bytesOf),
  longest: 2048,
};
