import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { detectEcosystems, type ProjectFiles } from "../../../src/project/ecosystem.ts";
import { suggestPresets } from "../../../src/project/presets.ts";
import { formatStarter, formatSuggestion, isLocalIgnored } from "../../../src/project/starter.ts";
import { findFitting } from "../../../src/project/ranges.ts";

function detect(texts: Record<string, string>): Record<string, string> {
  const { toolchains } = detectEcosystems({ names: Object.keys(texts), texts });
  return Object.fromEntries(toolchains.map(({ name, version }) => [name, version]));
}

const TABLE: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
  ["nothing", { "README.md": "" }, {}],
  ["Rust", { "Cargo.toml": "[package]" }, { rust: "stable" }],
  ["a pinned Rust", { "rust-toolchain.toml": '[toolchain]\nchannel = "1.84.0"' }, {
    rust: "1.84.0",
  }],
  ["an old Rust pin", { "rust-toolchain": "nightly-2025-01-01\n" }, { rust: "nightly-2025-01-01" }],
  ["Node", { "package.json": "{}" }, { node: "22" }],
  ["Node with a broken manifest", { "package.json": "{" }, { node: "22" }],
  ["Node by .nvmrc", { ".nvmrc": "v20.11.1\n", "package.json": "{}" }, { node: "20.11.1" }],
  ["Node by an alias", { ".nvmrc": "lts/jod\n" }, { node: "22" }],
  ["Node by engines", { "package.json": '{"engines":{"node":">=18 <21"}}' }, { node: "20" }],
  ["Node by volta", { "package.json": '{"volta":{"node":"24.1.0"}}' }, { node: "24.1.0" }],
  ["Node with bun", { "package.json": "{}", "bun.lock": "" }, { bun: "latest", node: "22" }],
  ["Python", { "requirements.txt": "flask" }, { python: "3.12" }],
  ["Python by a range", { "pyproject.toml": 'requires-python = ">=3.13"' }, { python: "3.13" }],
  ["Python by poetry", { "pyproject.toml": 'python = "~3.11"' }, { python: "3.11" }],
  ["Python by a file", { ".python-version": "3.10.4\n" }, { python: "3.10.4" }],
  ["Python with uv", { "pyproject.toml": "", "uv.lock": "" }, { python: "3.12", uv: "latest" }],
  ["Go", { "go.mod": "module x\n\ngo 1.23.1\n" }, { go: "1.23.1" }],
  ["Go with a toolchain", { "go.mod": "go 1.22\ntoolchain go1.24.2" }, { go: "1.24.2" }],
  ["Go in a workspace", { "go.work": "" }, { go: "1.24" }],
  ["Deno", { "deno.json": "{}" }, { deno: "2" }],
  ["Deno by .dvmrc", { "deno.jsonc": "{}", ".dvmrc": "2.1.4" }, { deno: "2.1.4" }],
  ["Maven", { "pom.xml": "<java.version>17</java.version>" }, { java: "temurin-17", maven: "3" }],
  ["Maven with its wrapper", { "pom.xml": "<project/>", "mvnw": "" }, { java: "temurin-21" }],
  [
    "Gradle",
    { "build.gradle.kts": "languageVersion = JavaLanguageVersion.of(21)", gradlew: "" },
    { java: "temurin-21" },
  ],
  ["old Gradle", { "build.gradle": "sourceCompatibility = 1.8" }, {
    gradle: "8",
    java: "temurin-8",
  }],
  [".NET", { "App.sln": "", "App.csproj": "<TargetFramework>net8.0</TargetFramework>" }, {
    dotnet: "8",
  }],
  [".NET by global.json", { "global.json": '{"sdk":{"version":"9.0.100"}}' }, {
    dotnet: "9.0.100",
  }],
  ["Ruby", { Gemfile: "gem 'rails'" }, { ruby: "system" }],
  ["a pinned Ruby", { ".ruby-version": "ruby-3.3.6\n" }, { ruby: "3.3.6" }],
  ["a Ruby in the Gemfile", { Gemfile: 'ruby "3.2.2"' }, { ruby: "3.2.2" }],
  [
    ".tool-versions before manifests",
    { ".tool-versions": "nodejs 18.19.0\ngolang 1.21.5\n", "go.mod": "go 1.20" },
    { go: "1.21.5", node: "18.19.0" },
  ],
  ["the nearest of two", { "web/.nvmrc": "18", ".nvmrc": "24" }, { node: "24" }],
  ["a monorepo", { "a/Cargo.toml": "", "b/go.mod": "" }, { go: "1.24", rust: "stable" }],
  ["a hostile pin", { ".ruby-version": "$(reboot)", "global.json": '{"sdk":{"version":"9; x"}}' }, {
    dotnet: "9",
    ruby: "system",
  }],
];

for (const [name, texts, want] of TABLE) {
  Deno.test(`detectEcosystems() sees ${name}`, () => assert.deepEqual(detect(texts), want));
}

Deno.test("detectEcosystems() names the file that speaks for each suggestion", () => {
  const texts = {
    "api/Cargo.toml": "",
    "api/Cargo.lock": 'name = "openssl-sys"',
    "Makefile": "all:",
  };
  assert.deepEqual(detectEcosystems({ names: Object.keys(texts), texts }), {
    toolchains: [{ name: "rust", version: "stable", cause: "api/Cargo.toml" }],
    packages: [
      { name: "build-essential", cause: "api/Cargo.toml" },
      { name: "libssl-dev", cause: "api/Cargo.lock" },
      { name: "make", cause: "Makefile" },
      { name: "pkg-config", cause: "api/Cargo.toml" },
    ],
  });
});

const NAMES = TABLE.flatMap(([, texts]) => Object.keys(texts));
const anyFiles: fc.Arbitrary<ProjectFiles> = fc.dictionary(
  fc.oneof(fc.constantFrom(...NAMES), fc.string()),
  fc.oneof(fc.string(), fc.constantFrom(...TABLE.flatMap(([, texts]) => Object.values(texts)))),
).map((texts) => ({ names: Object.keys(texts), texts }));

Deno.test("whatever the files say, the starter is YAML that says what was suggested", () => {
  fc.assert(fc.property(anyFiles, (files) => {
    const detected = detectEcosystems(files);
    const suggestion = { ...detected, presets: suggestPresets(detected, []) };
    const read = parse(formatStarter(suggestion));
    assert.deepEqual(
      read.toolchains ?? {},
      Object.fromEntries(
        suggestion.toolchains.map(({ name, version }) => [name, version]),
      ),
    );
    assert.deepEqual(read.packages ?? [], suggestion.packages.map(({ name }) => name));
    assert.deepEqual(read.network?.presets ?? [], suggestion.presets.map(({ name }) => name));
    assert.equal(read.version, 1);
  }));
});

Deno.test("the order in which files are listed changes nothing", () => {
  fc.assert(fc.property(anyFiles, (files) => {
    const turned = { ...files, names: [...files.names].reverse() };
    assert.deepEqual(detectEcosystems(turned), detectEcosystems(files));
  }));
});

Deno.test("the starter is as reviewed", async (t) => {
  const texts = { "package.json": "{}", "Cargo.toml": "" };
  const detected = detectEcosystems({ names: Object.keys(texts), texts });
  const presets = suggestPresets(detected, ["git@github.com:a/b.git"]);
  const suggestion = { ...detected, presets };
  await t.assertSnapshot(formatStarter(suggestion));
  await t.assertSnapshot(formatStarter({ toolchains: [], packages: [], presets: [] }));
  await t.assertSnapshot(formatSuggestion(suggestion));
});

for (
  const [range, want] of [
    [">=18", "22"],
    ["^20.1", "20"],
    ["20.x", "20"],
    ["18 || 20", "20"],
    [">= 16 < 19", "18"],
    ["16 - 18", "18"],
    ["~24.3.0", "24"],
    ["*", "22"],
    ["<=18.2", "18"],
    [">100", undefined],
    ["latest", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`findFitting() takes ${want} for "${range}"`, () => {
    assert.equal(findFitting(range, ["22", "24", "20", "18"]), want);
  });
}

for (
  const [range, want] of [
    [">=3.10,<3.12", "3.11"],
    ["~=3.11", "3.12"],
    ["~=3.11.2", "3.11"],
    ["==3.13.*", "3.13"],
    ["!=3.12.*,>=3.11", "3.13"],
    ["^3.9", "3.12"],
  ] as const
) {
  Deno.test(`findFitting() takes Python ${want} for "${range}"`, () => {
    assert.equal(findFitting(range, ["3.12", "3.13", "3.11", "3.10"]), want);
  });
}

Deno.test("isLocalIgnored() knows the usual spellings", () => {
  assert.deepEqual(
    [
      ".sandcage.local.yml\n",
      "/.sandcage.local.yml",
      "a\r\n*.local.yml\r\n",
      "# .sandcage.local.yml",
      "",
    ]
      .map(isLocalIgnored),
    [true, true, true, false, false],
  );
});
