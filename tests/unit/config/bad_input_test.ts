import assert from "node:assert/strict";
import { loadConfig } from "../../../src/config/layers.ts";
import { UserError } from "../../../src/errors.ts";
import { makeSandbox } from "./support.ts";

type Row = { name: string; user?: boolean; text: string | Uint8Array; code?: string };

const bytes = (...values: number[]) => new Uint8Array(values);

const ROWS: Row[] = [
  { name: "broken YAML", text: "packages: [jq\nhome: service\n" },
  { name: "an escape that goes on on the next line", text: '"\\u\nnetwork: is fine' },
  { name: "broken indentation", text: "limits:\n  cpus: 2\n memory: 1g\n" },
  { name: "a tab as indentation", text: "limits:\n\tcpus: 2\n" },
  { name: "broken TOML", user: true, text: 'packages = ["jq"\n[limits\n' },
  { name: "a TOML key of many parts", user: true, text: `${"a.".repeat(40_000)}a = 1\n` },
  { name: "a TOML key twice", user: true, text: 'home = "service"\nhome = "project"\n' },
  { name: "wrong types", text: "packages: jq\nlimits: [1]\nhome: 3\nssh: {enabled: 'yes'}\n" },
  { name: "wrong types in TOML", user: true, text: '# c\n[limits]\ncpus = "2"\npids = 1.5\n' },
  { name: "items that say nothing", text: "mounts:\n  -\n  - source: /data\n" },
  { name: "items that are reset", text: "mounts:\n  - !reset\npackages: [!reset jq]\n" },
  { name: "a wrong item", text: "packages:\n  - jq\n  - Big Name\n" },
  { name: "a number where a text is needed", text: "network:\n  allow: [10]\n" },
  { name: "an unknown key with a near one", text: "netwrok: {mode: open}\n" },
  { name: "an unknown key of a section", text: "limits:\n  memroy: 1g\n" },
  { name: "a key in the wrong section", text: "network:\n  memory: 1g\n" },
  { name: "an unknown key like nothing", text: "limits:\n  zebra: 1\n" },
  { name: "an unknown key in TOML", user: true, text: "\n[limits]\nmem-ory = 1\n" },
  { name: "a misspelled word", text: "home: projcet\n" },
  {
    name: "a wrong rule object",
    text: "network:\n  allow:\n    - {dest: a.dev, ports: [70000], methods: [], path: [/x]}\n" +
      "    - {ports: [80]}\n    - a b\n    - 10\n",
  },
  {
    name: "rules that cannot be read",
    text: "network:\n  allow:\n    - https://a.dev/x?y\n    - 10.0.0.1/8\n    - ftp://a.dev\n" +
      "    - {dest: a.dev:80, ports: [443]}\n  block: ['*.dev', 'a.dev:0', 'a..b']\n",
  },
  {
    name: "hosts that are none",
    text: "network: {passthrough: ['*.com', 10.0.0.1]}\ninspect: {hosts: [a..b]}\n" +
      "services: {claude: {domains: [x--.-y.dev]}}\n",
  },
  { name: "a preset nobody knows", text: "network: {presets: [npm, gihtub]}\n" },
  { name: "half a rate", text: "network:\n  rate: {per_second: 10}\n" },
  { name: "an action nobody knows", text: "inspect: {secrets: deny, entropy: false}\n" },
  {
    name: "resolvers that are none",
    text:
      "network:\n  dns: [1.2.3, 1.2.3.4:99999, '::1', 10.0.0.2:5353, '[::1]:53', '[1.1.1.1]:53']\n",
  },
  { name: "a pool that is no private range", text: "network: {pool: 8.8.0.0/16}\n" },
  { name: "a pool too small for a session", text: "network: {pool: 10.0.0.0/29}\n" },
  {
    name: "secrets without a place to go",
    text: "secrets:\n  ANTHROPIC_API_KEY: {}\n  MINE: {}\n  OTHER: {to: []}\n",
  },
  {
    name: "a secret from nowhere",
    text: "secrets: {A: {from: 'cmd: ', to: [a.dev]}, B: {from: vault, to: [a.dev]}}\n",
  },
  {
    name: "a secret that signs",
    text: "secrets:\n  AWS_SECRET_ACCESS_KEY: {to: [s3.amazonaws.com]}\n",
  },
  {
    name: "a secret for a host whose TLS is never opened",
    text: "network: {passthrough: ['*.a.dev', B.dev]}\n" +
      "secrets:\n  A: {to: [x.a.dev, a.dev]}\n  B: {to: ['b.dev']}\n",
  },
  { name: "a newer format", text: "version: 2\n" },
  { name: "a service name nobody can type", text: "services: {My Agent: {}}\n" },
  { name: "a prototype as a name", text: "env: {__proto__: x}\n" },
  { name: "a missing key", text: "mounts: [{target: /data}]\n" },
  { name: "an empty command", text: "services: {mine: {command: []}}\n" },
  { name: "a floating npm version", text: "services: {mine: {install: {npm: my-agent@latest}}}\n" },
  { name: "a port out of range", text: "ports: [3000, '8080:70000']\n" },
  { name: "a key twice", text: "home: service\nhome: project\n" },
  { name: "two documents", text: "home: service\n---\nhome: project\n" },
  { name: "an unknown tag", text: "packages: !include other.yml\n" },
  { name: "a reset with a scalar", text: "home: !reset project\n" },
  { name: "a reset of everything", text: "!reset\nhome: project\n" },
  { name: "a reset of no list in TOML", user: true, text: '"!reset" = true\n' },
  { name: "a list as the file", text: "- a\n- b\n" },
  { name: "a word as the file", text: "hello\n" },
  { name: "a key that is a list", text: "? [a, b]\n: 1\n" },
  { name: "an alias without anchor", text: "packages: *none\n" },
  { name: "a NUL byte", text: "home: service\nenv: {A: \0}\n" },
  { name: "bytes that are no UTF-8", text: bytes(0x68, 0x6f, 0xff, 0xfe) },
  { name: "a huge file", text: `# ${"x".repeat(1024 * 1024)}\n` },
  { name: "deep nesting", text: `env: ${"[".repeat(200)}${"]".repeat(200)}\n` },
  { name: "very deep nesting", text: "[".repeat(100_000) },
  { name: "deep nesting in TOML", user: true, text: `a = ${"[".repeat(200)}${"]".repeat(200)}\n` },
  { name: "an anchor inside itself", text: "env: &a {A: *a}\n" },
  {
    name: "a bomb of anchors",
    text: `a: &a [x, x, x, x, x, x, x, x, x]\n${
      "bcdefghi".split("").map((key, index) =>
        `${key}: &${key} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(", ")}]\n`
      ).join("")
    }`,
  },
  {
    name: "eleven mistakes",
    text: Array.from({ length: 11 }, (_, index) => `wrong${index}: 1\n`).join(""),
  },
];

for (const row of ROWS) {
  Deno.test(`loadConfig() explains ${row.name}`, async (t) => {
    await using box = await makeSandbox();
    if (row.user === true) await box.writeUser(row.text);
    else await box.write(".sandcage.yml", row.text);
    const error = await loadConfig(box.project, { host: box.host }).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof UserError, String(error));
    const root = box.project.slice(0, -"/project".length);
    await t.assertSnapshot({
      message: error.message.replaceAll(root, "").split("\n"),
      hint: error.hint?.replaceAll(root, "").split("\n"),
      exit: error.exit,
      code: error.code,
    });
  });
}

for (
  const [name, make, want] of [
    ["a directory", (path: string) => Deno.mkdir(path), /is a directory, expected a file/],
    [
      "a link that leaves the project",
      (path: string) => Deno.symlink("/etc/hostname", path),
      /is a link that leaves the project, to \/etc\/hostname/,
    ],
    ["a link to nothing", (path: string) => Deno.symlink("nowhere", path), /cannot be read/],
    ["a link to itself", (path: string) => Deno.symlink(path, path), /cannot be read/],
    [
      "a pipe",
      (path: string) => new Deno.Command("mkfifo", { args: [path] }).output(),
      /is not a regular file/,
    ],
  ] as const
) {
  Deno.test(`loadConfig() refuses ${name} as .sandcage.yml`, async () => {
    await using box = await makeSandbox();
    await make(`${box.project}/.sandcage.yml`);
    await assert.rejects(
      loadConfig(box.project, { host: box.host }),
      (error) => error instanceof UserError && error.exit === 3 && want.test(error.message),
    );
  });
}

Deno.test("loadConfig() follows a link that stays inside the project", async () => {
  await using box = await makeSandbox();
  await box.write("shared.yml", "packages: [jq]\n");
  await Deno.symlink("shared.yml", `${box.project}/.sandcage.yml`);
  assert.deepEqual((await loadConfig(box.project, { host: box.host })).config.packages, ["jq"]);
});

Deno.test("loadConfig() takes an empty file and one of comments for nothing said", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.yml", "\uFEFF# nothing yet\n");
  await box.write(".sandcage.local.yml", "");
  await box.writeUser("");
  const plain = await loadConfig(`${box.project}/none`, {
    host: { ...box.host, stateDir: "/nonexistent" },
  });
  assert.deepEqual((await loadConfig(box.project, { host: box.host })).config, plain.config);
});

Deno.test("loadConfig() never takes a file it cannot reach for a missing one", async () => {
  await using box = await makeSandbox();
  const file = await box.write("file", "");
  await assert.rejects(loadConfig(file, { host: box.host }), {
    code: "config-unreadable",
    exit: 3,
    // Both project files are read at once; either may be the first to fail.
    message: /^.*\/file\/\.sandcage(\.local)?\.yml: cannot be read: /,
    hint: "Make the file readable for you, or remove it",
  });
});
