import assert from "node:assert/strict";
import fc from "fast-check";
import {
  chooseDistribution,
  findFormat,
  parseCommand,
  parseNpxPackage,
  parseUvxPackage,
} from "../../../../src/acp/registry/choose.ts";
import type { RegistryAgent } from "../../../../src/acp/registry/document.ts";
import { UserError } from "../../../../src/errors.ts";

const PACKAGE = { package: "tiny@1.2.3", args: [], env: {} };
const ARCHIVE = { archive: "https://x/t.tgz", cmd: "./t", args: [], env: {} };

function agent(distribution: RegistryAgent["distribution"]): RegistryAgent {
  return { id: "tiny", name: "Tiny", version: "1.2.3", description: "x", distribution };
}

Deno.test("npm comes first, then an archive for the engine's platform, then Python", () => {
  const binary = { "linux-x86_64": ARCHIVE, "darwin-aarch64": ARCHIVE };
  const choose = (distribution: RegistryAgent["distribution"], arch = "x86_64") =>
    chooseDistribution(agent(distribution), arch).kind;
  assert.equal(choose({ npx: PACKAGE, uvx: PACKAGE, binary }), "npx");
  assert.equal(choose({ uvx: PACKAGE, binary }), "binary");
  assert.equal(choose({ uvx: PACKAGE, binary }, "aarch64"), "uvx");
});

Deno.test("what is not offered for Linux on the engine's architecture says what is", () => {
  const binary = { "windows-x86_64": ARCHIVE, "darwin-aarch64": ARCHIVE, "linux-x86_64": ARCHIVE };
  assert.throws(() => chooseDistribution(agent({ binary }), "aarch64"), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /"tiny" is not offered for linux-aarch64/);
    assert.match(error.hint!, /darwin-aarch64, linux-x86_64, windows-x86_64/);
    return true;
  });
});

const NPX: [string, object | undefined][] = [
  ["tiny", { name: "tiny" }],
  ["tiny@1.2.3", { name: "tiny", version: "1.2.3" }],
  ["@me/tiny@latest", { name: "@me/tiny", version: "latest" }],
  ["@me/tiny", { name: "@me/tiny" }],
  ["tiny@^1.2 || >=2", { name: "tiny", version: "^1.2 || >=2" }],
  ["tiny@", undefined],
  ["../tiny", undefined],
  ["https://x.example/tiny.tgz", undefined],
  ["github:me/tiny", undefined],
  ["tiny@npm:evil", undefined],
  ["tiny@1.2.3; id", undefined],
  ["--registry=x", undefined],
];

for (const [text, want] of NPX) {
  Deno.test(`parseNpxPackage() ${want === undefined ? "refuses" : "reads"} ${text}`, () => {
    if (want !== undefined) return assert.deepEqual(parseNpxPackage(text, { id: "x" }), want);
    assert.throws(() => parseNpxPackage(text, { id: "x" }), /is no npm package/);
  });
}

const UVX: [string, object | undefined][] = [
  ["fast-agent-acp==0.10.1", { name: "fast-agent-acp", version: "0.10.1" }],
  ["minion-code@0.1.8", { name: "minion-code", version: "0.1.8" }],
  ["minion-code@latest", { name: "minion-code" }],
  ["tiny", { name: "tiny" }],
  ["tiny==1!2.0.post1+local", { name: "tiny", version: "1!2.0.post1+local" }],
  ["tiny==1==2", undefined],
  ["tiny[extra]==1", undefined],
  ["git+https://x", undefined],
  ["-r", undefined],
  ["tiny==1 --index-url http://x", undefined],
];

for (const [text, want] of UVX) {
  Deno.test(`parseUvxPackage() ${want === undefined ? "refuses" : "reads"} ${text}`, () => {
    if (want !== undefined) return assert.deepEqual(parseUvxPackage(text, { id: "x" }), want);
    assert.throws(() => parseUvxPackage(text, { id: "x" }), /is no Python package/);
  });
}

const FORMATS: [string, string | undefined][] = [
  ["https://x/a.zip", "zip"],
  ["https://x/a.ZIP?token=1", "zip"],
  ["https://x/a.tar.gz", "tar.gz"],
  ["https://x/a.tgz#x", "tar.gz"],
  ["https://x/a.tar.bz2", "tar.bz2"],
  ["https://x/a.tbz2", "tar.bz2"],
  ["https://x/agent-linux-x64", "raw"],
  ["https://x/v1.2.3/agent-1.2", "raw"],
  ["https://x/a.tar.xz", undefined],
  ["https://x/a.deb", undefined],
  ["https://x/a.AppImage", undefined],
  ["https://x/a.exe", undefined],
  ["https://x/a.gz", undefined],
];

for (const [url, want] of FORMATS) {
  Deno.test(`findFormat() ${want === undefined ? "refuses" : `says ${want} for`} ${url}`, () => {
    if (want !== undefined) return assert.equal(findFormat(url, { id: "x" }), want);
    assert.throws(() => findFormat(url, { id: "x" }), /its archive is a \.\w+/);
  });
}

const COMMANDS: [string, string | undefined][] = [
  ["./tiny", "tiny"],
  ["tiny", "tiny"],
  [".//dist/./bin/tiny", "dist/bin/tiny"],
  ["./goose-package\\\\goose.exe", undefined],
  ["../tiny", undefined],
  ["./a/../../tiny", undefined],
  ["/bin/sh", undefined],
  ["./", undefined],
  ["", undefined],
  ["-c", undefined],
  ["./a b", undefined],
  ["./$(id)", undefined],
  ["./a\nRUN id", undefined],
];

for (const [cmd, want] of COMMANDS) {
  Deno.test(`parseCommand() ${want === undefined ? "refuses" : "reads"} ${JSON.stringify(cmd)}`, () => {
    if (want !== undefined) return assert.equal(parseCommand(cmd, { id: "x" }), want);
    assert.throws(() => parseCommand(cmd, { id: "x" }), /is no path in its archive/);
  });
}

Deno.test("parseCommand() answers with nothing that leads out or that a shell reads", () => {
  const part = fc.constantFrom("..", ".", "a", "-", "/", "\\", " ", "$", "\n", "bin");
  fc.assert(fc.property(fc.array(part).map((parts) => parts.join("/")), (cmd) => {
    let path;
    try {
      path = parseCommand(cmd, { id: "x" });
    } catch (error) {
      return assert.ok(error instanceof UserError);
    }
    assert.match(path, /^[A-Za-z0-9._+@][A-Za-z0-9._+@/-]*$/);
    assert.ok(!path.split("/").some((part) => ["", ".", ".."].includes(part)));
  }));
});
