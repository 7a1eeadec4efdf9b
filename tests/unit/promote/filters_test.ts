import assert from "node:assert/strict";
import { isHarmlessFilter, parseSettings, planNoFilters } from "../../../src/promote/filters.ts";

for (
  const [name, lines, want] of [
    ["nobody set up", [], true],
    ["has a clean side alone", ["filter.x.clean\nstrip"], true],
    ["only passes on", ["filter.x.clean\nstrip", "filter.x.smudge\ncat"], true],
    ["has to run", ["filter.x.smudge\ndecrypt"], false],
    ["has to run, though the last layer emptied another key", [
      "filter.x.process\np",
      "filter.x.clean\n",
    ], false],
    ["was switched off by a later layer", ["filter.x.smudge\ndecrypt", "filter.x.smudge\n"], true],
    ["is required and missing", ["filter.x.required\ntrue"], false],
    ["is required without a value and missing", ["filter.x.required"], false],
    ["is not required", ["filter.x.required\nfalse"], true],
    ["names itself as git-lfs does", ["filter.x.process\ngit-lfs filter-process --skip"], false],
  ] as const
) {
  Deno.test(`a filter that ${name} is ${want ? "" : "not "}harmless`, () => {
    const settings = parseSettings(lines.map((line) => `${line}\0`).join(""));
    assert.equal(isHarmlessFilter("x", settings), want);
  });
}

for (
  const [process, smudge, want] of [
    ["git-lfs filter-process", "git-lfs smudge -- %f", false],
    ["git-lfs filter-process --skip", "git-lfs smudge --skip -- %f", true],
    ["evil; git-lfs filter-process --skip", "", false],
    ["", "git-lfs smudge --skip -- %f", true],
    ["", "git-lfs smudge -- --skip-me", false],
  ] as const
) {
  Deno.test(`git-lfs as ${JSON.stringify([process, smudge])} ${want ? "leaves" : "replaces"} pointers`, () => {
    const text =
      `filter.lfs.process\n${process}\0filter.lfs.smudge\n${smudge}\0filter.lfs.required\ntrue\0`;
    assert.equal(isHarmlessFilter("lfs", parseSettings(text)), want);
  });
}

Deno.test("settings are read as git tells them, with drivers of any name", () => {
  const settings = parseSettings(
    "core.ignorecase\ntrue\0core.filemode\nfalse\0filter.A.b c.clean\nx\ny\0core.symlinks\nno\0",
  );
  assert.equal(settings.foldsCase, true);
  assert.equal(settings.hasModes, false);
  assert.equal(settings.hasLinks, false);
  assert.equal(settings.isSparse, false);
  assert.deepEqual([...settings.filters.keys()], ["A.b c"]);
  assert.deepEqual(planNoFilters(settings), [
    "filter.A.b c.clean=",
    "filter.A.b c.smudge=",
    "filter.A.b c.process=",
    "filter.A.b c.required=false",
  ]);
});
