import assert from "node:assert/strict";
import type { HostEntry } from "../../../../src/verify/workspace/landing.ts";
import { judgeMounted, type Mounted } from "../../../../src/verify/workspace/mounted_judge.ts";
import {
  MARKS,
  planMountedProject,
  SAVED,
  SCRIBBLE,
  VISIBLE,
  WORKING,
  WRITABLE,
} from "../../../../src/verify/workspace/mounted_project.ts";

const file = (text: string): HostEntry => ({ kind: "file", text, mode: 0o644, links: 1 });

const BEFORE: [string, HostEntry][] = Object.entries(planMountedProject("docker").files)
  .map(([path, text]) => [path, file(text)]);

const DURING: [string, HostEntry][] = [
  ...BEFORE,
  [WRITABLE.path, file(WRITABLE.text)],
  [WORKING.path, file(WORKING.text)],
  [".git/info", { kind: "dir" }],
  ["seen", file("")],
];

const PLANTED: [string, HostEntry] = [".git/info/attributes", file("* filter=x\n")];

const AFTER: [string, HostEntry][] = [
  ...DURING,
  ["stop", file("")],
  [SAVED.path, file(SAVED.text)],
];

const READ = `./visible.txt\n./.env\n${VISIBLE}\n${VISIBLE}\n`;

const HELD: Mounted = {
  read: { "the agent": READ, "root inside": READ },
  before: new Map(BEFORE),
  during: new Map([...DURING, PLANTED]),
  after: new Map(AFTER),
  end: { code: 137, said: '"/home/api/.env" was replaced on the host' },
};

const during = (...more: [string, HostEntry][]) => ({ during: new Map([...DURING, ...more]) });
const after = (...more: [string, HostEntry][]) => ({ after: new Map([...AFTER, ...more]) });
const without = (path: string) => new Map(DURING.filter(([each]) => each !== path));

Deno.test("a project of which nothing was read and nothing written is held, with its control", () => {
  const { held, control, evidence } = judgeMounted(HELD);
  assert.deepEqual({ held, control, evidence }, { held: true, control: true, evidence: [] });
});

for (
  const [what, change, line] of [
    ...Object.entries(MARKS).map(([what, mark]) =>
      [`root could read ${what}`, {
        read: { ...HELD.read, "root inside": `${READ}${mark}\n` },
      }, `root inside could read ${what}`] as const
    ),
    ["the agent wrote where nobody here sees it", {
      read: { ...HELD.read, "the agent": `${READ}./secrets/${SCRIBBLE}agent\n` },
    }, "the agent could write what is protected"],
    [
      "a hook was changed",
      during([".git/hooks/pre-commit", file("evil\n")]),
      '".git/hooks/pre-commit" was changed',
    ],
    [
      "a hook was made",
      during([".git/hooks/post-commit", file("evil\n")]),
      '".git/hooks/post-commit" was made',
    ],
    [
      "a read-only file got other rights",
      during(["pinned.txt", { ...file("mine\n"), mode: 0o777 } as HostEntry]),
      '"pinned.txt" was changed',
    ],
    [
      "a read-only file was removed",
      { during: without("locked/file") },
      '"locked/file" was removed',
    ],
    [
      "a file was made that patterns name and nobody has",
      during(["absent.key", file("")]),
      '"absent.key" was made',
    ],
    ["what was planted stayed", after(PLANTED), '".git/info/attributes" was made, and stayed so'],
    [
      "a hidden file saved anew left the session running",
      { end: { ...HELD.end, code: 0 } },
      "a hidden file was saved anew, and the session went on",
    ],
    [
      "nobody was told",
      { end: { code: 137, said: "" } },
      "nobody was told that a file is no longer hidden",
    ],
  ] as const
) {
  Deno.test(`W06 does not hold when ${what}`, () => {
    const { held, evidence } = judgeMounted({ ...HELD, ...change });
    assert.deepEqual({ held, evidence }, { held: false, evidence: [line] });
  });
}

for (
  const [what, change] of [
    ["root found no visible file", { read: { ...HELD.read, "root inside": "" } }],
    ["no link was followed", { read: { ...HELD.read, "the agent": VISIBLE } }],
    ["nothing could be written", during([WRITABLE.path, file("mine\n")])],
    ["git could not work", { during: without(WORKING.path) }],
    ["nothing was saved anew", after([SAVED.path, BEFORE[0]![1]])],
  ] as const
) {
  Deno.test(`W06 proves nothing when ${what}`, () => {
    assert.equal(judgeMounted({ ...HELD, ...change }).control, false);
  });
}

Deno.test("names are as odd as the engine takes them", () => {
  const names = (flavor: "docker" | "podman") => Object.keys(planMountedProject(flavor).files);
  assert.ok(names("docker").some((name) => /[,"]/.test(name) && name.includes("\n")));
  assert.deepEqual(names("podman").filter((name) => /[,"\r\n]/.test(name)), []);
});
