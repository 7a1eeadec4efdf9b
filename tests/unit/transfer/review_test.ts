import assert from "node:assert/strict";
import type { TreeEntry } from "../../../src/tree/entry.ts";
import type { PlannedWrite } from "../../../src/transfer/plan_transfer.ts";
import { needsReviewText, reviewWrites, type Texts } from "../../../src/transfer/review.ts";

function entry(path: string, mode = 0o644, kind: TreeEntry["kind"] = "file"): TreeEntry {
  return { path, kind, mode, size: 1, mtimeMs: 0, ctimeMs: 0 };
}

function review(path: string, options: { write?: Partial<PlannedWrite>; texts?: Texts } = {}) {
  const write = { path, change: "added" as const, entry: entry(path), ...options.write };
  const textsOf = () => options.texts;
  return reviewWrites({ writes: [write], modes: [] }, { textsOf }).map(({ reason }) => reason)[0];
}

for (
  const path of [
    ".vscode/tasks.json",
    ".vscode/launch.json",
    "sub/.vscode/settings.json",
    "x.code-workspace",
    ".idea/workspace.xml",
    ".devcontainer/devcontainer.json",
    ".devcontainer.json",
    ".envrc",
    "deep/er/.envrc",
    ".husky/pre-commit",
    ".githooks/pre-push",
    "githooks/commit-msg",
    ".gitattributes",
    "a/.gitattributes",
    ".gitmodules",
    ".lfsconfig",
    "Makefile",
    "GNUmakefile",
    "makefile",
    "sub/rules.mk",
    "justfile",
    "Taskfile.yml",
    "Rakefile",
    "CMakeLists.txt",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "Jenkinsfile",
    "azure-pipelines.yml",
    "Dockerfile",
    "docker/app.Dockerfile",
    "Dockerfile.dev",
    "compose.yaml",
    "docker-compose.override.yml",
    ".npmrc",
    ".yarnrc.yml",
    ".yarn/releases/yarn.cjs",
    ".pnp.cjs",
    ".pnpmfile.cjs",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "CLAUDE.md",
    "sub/AGENTS.md",
    "GEMINI.md",
    ".claude/settings.json",
    ".codex/config.toml",
    ".gemini/settings.json",
    ".cursor/rules/a.mdc",
    ".cursorrules",
    ".mcp.json",
    ".github/copilot-instructions.md",
    ".sandcage.yml",
    ".sandcage.local.yml",
    "setup.py",
    "tests/conftest.py",
    "pyproject.toml",
    "build.rs",
    ".cargo/config.toml",
    "App.csproj",
    "Directory.Build.props",
    "Directory.Build.targets",
    "build.gradle",
    "settings.gradle.kts",
    "gradle/wrapper/gradle-wrapper.jar",
    "pom.xml",
    "vite.config.ts",
    ".eslintrc.js",
    "eslint.config.mjs",
    "MAKEFILE",
  ]
) {
  Deno.test(`a review lists ${path}`, () => {
    assert.ok(review(path) !== undefined);
  });
}

for (
  const path of [
    "src/main.ts",
    "README.md",
    "docs/makefile.md",
    "src/vscode/tasks.json",
    "envrc",
    "notes/AGENTS.md.txt",
    "src/dockerfile_parser.ts",
    "package-lock.json",
    "hooks/useThing.ts",
    "src/config.ts",
    "composer.lock",
    "data.json",
    ".env",
  ]
) {
  Deno.test(`a review does not list ${path}`, () => {
    assert.equal(review(path), undefined);
  });
}

Deno.test("a review lists new programs, and not those that were programs before", () => {
  const program = entry("run", 0o755);
  assert.equal(review("run", { write: { entry: program } }), "it is a new program");
  assert.equal(
    review("run", { write: { entry: program, replaced: entry("run") } }),
    "it is a new program",
  );
  assert.equal(review("run", { write: { entry: program, replaced: program } }), undefined);
  const modes = [{ path: "b", executable: true }, { path: "a", executable: false }];
  assert.deepEqual(reviewWrites({ writes: [], modes }), [{
    path: "b",
    reason: "it becomes a program",
  }]);
});

Deno.test("a review lists no directories, and links by their names", () => {
  assert.equal(
    review(".vscode/tasks.json", { write: { entry: entry("x", 0o755, "dir") } }),
    undefined,
  );
  assert.ok(review(".envrc", { write: { entry: entry(".envrc", 0o777, "link") } }));
});

for (
  const [title, before, after, expected] of [
    ["with other scripts", { scripts: { a: "x" } }, { scripts: { a: "y" } }, /scripts/],
    ["with new scripts", undefined, { scripts: { postinstall: "x" } }, /scripts/],
    ["with other dependencies", { dependencies: {} }, { dependencies: { a: "1" } }, /dependencies/],
    ["with another package manager", {}, { packageManager: "yarn@4" }, /package manager/],
    [
      "with another version alone",
      { version: "1", scripts: {} },
      { version: "2", scripts: {} },
      undefined,
    ],
    ["that is new and plain", undefined, { name: "x" }, undefined],
  ] as const
) {
  Deno.test(`a review ${expected === undefined ? "passes" : "lists"} a package.json ${title}`, () => {
    const texts = {
      ...(before === undefined ? {} : { before: JSON.stringify(before) }),
      after: JSON.stringify(after),
    };
    const reason = review("pkg/package.json", { texts });
    if (expected === undefined) assert.equal(reason, undefined);
    else assert.match(reason ?? "", expected);
  });
}

Deno.test("a review lists a package.json that cannot be read", () => {
  for (const texts of [undefined, {}, { after: "{" }, { after: "[]" }]) {
    assert.match(review("package.json", { texts }) ?? "", /cannot be read/);
  }
  assert.equal(needsReviewText("a/package.json"), true);
  assert.equal(needsReviewText("a/Makefile"), false);
});
