import { stringify } from "smol-toml";
import { builtInNames } from "../../../src/service/registry.ts";
import type { Node } from "../../../src/config/kit.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { bytesOf } from "../bytes.ts";
import type { Material } from "../mutate.ts";
import type { Random } from "../random.ts";

/** Texts of every kind a key asks for; which fit is the schema's to say. */
const TEXTS = [
  ...["claude", "codex", "mine", "a-1", "x", "API_KEY", "ANTHROPIC_API_KEY", "PATH", "22", "1.2.3"],
  ...["system", "debian:12", "registry.test/a/b@sha256:00", "./Dockerfile", "~/ca.pem", "/data"],
  ...["../up", "C:\\x", "*.env", "!keep", "/.git/", "dist/**", "api.example.com", "*.example.com"],
  ...["a.test:8443", "https://a.test/v1", "http://a.test", "10.0.0.0/8", "10.1.2.3", "::1", "*"],
  ...["fd00::/8", "500ms", "30s", "5m", "1h", "512m", "8g", "10MiB", "0.5g", "my-agent@1.2.3"],
  ...[
    "@scope/agent@2.0.0-rc.1",
    "GET",
    "POST",
    "delete",
    "/v1",
    "/a/*",
    "env",
    "store",
    "cmd:pass",
  ],
  ...["file:~/key", "C-a", "M-x", "3000", "8080:3000", "1.1.1.1", "1.1.1.1:53", "10.231.0.0/16"],
  ...["172.16.0.0/12", "ripgrep", "jq=1.6-2", "echo hi", "main", "feature/*", "Ada", "ada@a.test"],
  ...["https://git.test/dots.git", "bridge0", "my_ctx", "--flag", "$HOME", "${X:-y}", "$$", "%s"],
];

/** Texts that fit nowhere, or only by mistake. */
const ODD = [
  ...["", " ", "\u0000", "\n", "a\nb", "é", "\u202e", "\u001b[2J", "__proto__", "constructor"],
  ...["*.*", "a..b", "-", "0", "00", "1e9", "0m", "99999", "65536:1", "1.1.1.1:0", "a@latest"],
  ...["http://", "ftp://a.test", "a.test/p", "0x7f.1", "256.1.1.1", "10.0.0.1/8", "::/129", "!"],
  ...["x".repeat(300), "claudee", "allow list", "true", "null", "~", "cmd:", "file:", "[", "{"],
];

const fitting = new Map<RegExp, readonly string[]>();

/** A value for a node; one in `oddity` is none that it takes. */
function drawValue(node: Node, random: Random, oddity: number): unknown {
  if (random.oneIn(oddity)) return drawOdd(node, random);
  const of = (child: Node) => drawValue(child, random, oddity);
  switch (node.kind) {
    case "string":
    case "scalar":
      return node.kind === "scalar" && random.oneIn(8) ? 3 : drawText(node.pattern, random);
    case "number":
      return random.pick(node.integer ? [1, 443, 8080, 4096] : [0.5, 1, 2.25, 10]);
    case "boolean":
      return random.oneIn(2);
    case "literal":
      return node.value;
    case "enum":
      return random.pick(node.values);
    case "nullable":
      return random.oneIn(4) ? null : of(node.of);
    case "listOr":
      return of(random.oneIn(2) ? node.list : node.other);
    case "mapOr":
      return of(random.oneIn(2) ? node.map : node.other);
    case "list":
      return Array.from({ length: node.min + random.integer(3) }, () => of(node.of));
    case "map": {
      const keys = Array.from(
        { length: random.integer(3) },
        () => random.oneIn(6) ? random.pick(builtInNames()) : drawText(node.key.pattern, random),
      );
      return Object.fromEntries(keys.map((key) => [key, of(node.of)]));
    }
    case "object": {
      const all = Object.keys(node.keys);
      const some = Array.from({ length: 1 + random.integer(3) }, () => random.pick(all));
      const keys = [...new Set([...node.required, ...some])];
      return Object.fromEntries(keys.map((key) => [key, of(node.keys[key]!)]));
    }
  }
}

/** A configuration, or one section of it. */
export function drawConfig(random: Random, section?: string): unknown {
  const oddity = random.pick([30, 200, 100_000]);
  if (section === undefined || configSchema.kind !== "object") {
    return drawValue(configSchema, random, oddity);
  }
  return { [section]: drawValue(configSchema.keys[section]!, random, oddity) };
}

function drawText(pattern: RegExp | undefined, random: Random): string {
  if (pattern === undefined) return random.pick(TEXTS);
  let texts = fitting.get(pattern);
  if (texts === undefined) {
    texts = [...TEXTS, ...ODD].filter((text) => pattern.test(text));
    fitting.set(pattern, texts);
  }
  return texts.length === 0 ? "x" : random.pick(texts);
}

function drawOdd(node: Node, random: Random): unknown {
  if (node.kind === "object" && random.oneIn(2)) {
    return { [random.pick(["alow", "Mode", "x", "__proto__", "", "allow"])]: random.pick(ODD) };
  }
  const others = [null, true, -1, 0, 1e300, 2.5, [], {}, [null], { a: 1 }, random.pick(ODD)];
  return random.pick([...others, random.pick(TEXTS), random.pick(ODD)]);
}

/** YAML as people write it: blocks, now and then a flow, quotes only where they have to be. */
export function formatYaml(value: unknown, random: Random): string {
  return formatBlock(value, random, 0).trimStart();
}

function formatBlock(value: unknown, random: Random, indent: number): string {
  const pad = " ".repeat(indent);
  if (typeof value !== "object" || value === null) return ` ${formatScalar(value, random)}\n`;
  const entries = Array.isArray(value)
    ? value.map((item): [string, unknown] => ["-", item])
    : Object.entries(value).map(([key, item]): [string, unknown] => [`${formatKey(key)}:`, item]);
  const isFlow = entries.length === 0 || random.oneIn(5);
  const tag = random.oneIn(80) ? " !reset" : "";
  if (isFlow) return `${tag} ${JSON.stringify(value)}\n`;
  const lines = entries.map(([head, item]) => pad + head + formatBlock(item, random, indent + 2));
  return `${tag}\n${lines.join("")}`;
}

function formatKey(key: string): string {
  return /^[A-Za-z][\w-]*$/.test(key) ? key : JSON.stringify(key);
}

function formatScalar(value: unknown, random: Random): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const isPlain = /^[A-Za-z0-9/~.][\w./~-]*$/.test(value) && !random.oneIn(4);
  return isPlain ? value : JSON.stringify(value);
}

/** TOML has no null: what says nothing is left out. */
export function formatToml(value: unknown): string {
  const table = withoutNull(value);
  const isTable = typeof table === "object" && table !== null && !Array.isArray(table);
  return isTable ? stringify(table) : String(table);
}

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNull);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, child]) => child !== null).map(([key, child]) => [
      key,
      withoutNull(child),
    ]),
  );
}

const YAML_SEEDS = [
  "network:\n  mode: allowlist\n  allow:\n    - api.example.com\n    - { dest: a.test, ports: [443] }\n",
  'services:\n  mine:\n    install: { npm: my-agent@1.2.3 }\n    env: { A: "1" } # why\n',
  "# a comment\nsecrets:\n  API_KEY: { from: store, to: [api.example.com] }\nworkspace: { hide: ['*.env'] }\n",
  'mounts:\n  - source: /data\n    readonly: true\nports: [3000, "8080:3000"]\nlimits: {memory: 512m}\n',
  "a: &x [b.test]\nnetwork:\n  block: !reset [c.test]\n  allow: *x\n",
];

const TOML_SEEDS = [
  '[network]\nmode = "allowlist"\nallow = [\n  "api.example.com", # why\n  { dest = "a.test", ports = [443] },\n]\n',
  '[services.mine]\ninstall = { npm = "my-agent@1.2.3" }\n[services.mine.env]\nA = "1"\n',
  'ports = ["3000", "8080:3000"]\n[[mounts]]\nsource = "/data"\n[[mounts]]\nsource = \'/x\'\n',
  '[toolchains]\npython = 3.10\n[secrets.API_KEY]\nto = ["api.example.com"]\n"!reset" = ["from"]\n',
];

const TOKENS = [
  ..."limits:|image:|- |\n  |[|]|{|}|: |, |&a |*a|!reset |!x |'|#|=|<<: *a|? |---\n".split("|"),
  ...'\t|null|~|0x1f|2024-01-01|"""|\'\'\'|[[a]]|a.b = 1|__proto__: 1\n|\r\n|%YAML 1.1\n|>-\n|"'
    .split("|"),
  ...[
    "\xff",
    "\0",
    "[[[[",
    "{a: ",
    "- - ",
    "1e999",
    ".inf",
    "!!binary x",
    "\u0085",
    "&x &x ",
    "|\n",
  ],
];

/** In bytes: files of people are shorter. */
const LONGEST = 2048;

/** Files as people write them. */
export const YAML_MATERIAL: Material = {
  seeds: YAML_SEEDS.map(bytesOf),
  tokens: TOKENS.map(bytesOf),
  longest: LONGEST,
};

/** The same in TOML. */
export const TOML_MATERIAL: Material = {
  seeds: TOML_SEEDS.map(bytesOf),
  tokens: TOKENS.map(bytesOf),
  longest: LONGEST,
};
