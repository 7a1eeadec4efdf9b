import assert from "node:assert/strict";
import { findSection, planNotes } from "../../../tools/release_notes.ts";

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.1.0]

### Added

- New.

## [1.0.0] - 2026-01-01

- First.

[1.0.0]: https://example.org/1.0.0
`;

for (
  const [version, want] of [
    ["1.1.0", "### Added\n\n- New."],
    ["1.0.0", "- First."],
    ["Unreleased", undefined],
    ["1.0", undefined],
    ["2.0.0", undefined],
  ] as const
) {
  Deno.test(`findSection() answers ${JSON.stringify(want)} for ${version}`, () => {
    assert.equal(findSection(CHANGELOG, version), want);
  });
}

Deno.test("planNotes() gives the section of the tagged version", () => {
  assert.equal(
    planNotes("v1.0.0", { manifest: '{"version":"1.0.0"}', changelog: CHANGELOG }),
    "- First.\n",
  );
});

Deno.test("planNotes() refuses a tag that is not the manifest's version", () => {
  assert.throws(
    () => planNotes("v1.1.0", { manifest: '{"version":"1.0.0"}', changelog: CHANGELOG }),
    { message: "Tag v1.1.0 does not match version 1.0.0 of deno.json" },
  );
});

Deno.test("planNotes() refuses a version the changelog says nothing about", () => {
  assert.throws(
    () => planNotes("v2.0.0", { manifest: '{"version":"2.0.0"}', changelog: CHANGELOG }),
    { message: "CHANGELOG.md has no section for 2.0.0" },
  );
});

Deno.test("the project's own changelog has notes for its own version", async () => {
  const root = new URL("../../../", import.meta.url);
  const manifest = await Deno.readTextFile(new URL("deno.json", root));
  const changelog = await Deno.readTextFile(new URL("CHANGELOG.md", root));
  const { version } = JSON.parse(manifest) as { version: string };
  assert.match(planNotes(`v${version}`, { manifest, changelog }), /sandcage claude/);
});
