import assert from "node:assert/strict";
import { join } from "node:path";
import { parseManaged } from "../../../src/cage/inventory.ts";
import { applyRemoval, planRemoval } from "../../../src/cage/remove.ts";
import type { CageRecord } from "../../../src/cage/store.ts";
import { openSession } from "../../../src/cage/sessions.ts";
import { formatCages, type ListedCage } from "../../../src/cli/commands/list.ts";
import {
  type Belongings,
  formatBelongings,
  planReset,
  refuseLive,
} from "../../../src/cli/commands/reset.ts";
import { findCageId } from "../../../src/cli/cage_word.ts";
import { UserError } from "../../../src/errors.ts";
import { bareHost, makeTempDir, runLine } from "./support.ts";

const CAGES = ["api-0123456789ab", "api-ffff56789abc", "web-0123456789ab"];

Deno.test("findCageId() takes an id or the beginning of one", () => {
  assert.equal(findCageId("api-0123456789ab", CAGES), "api-0123456789ab");
  assert.equal(findCageId("web", CAGES), "web-0123456789ab");
});

for (
  const [word, message, hint] of [
    [
      "api",
      'Cannot find cage "api": the name is not whole',
      "It could be any of: " +
      "api-0123456789ab, api-ffff56789abc\nRun: sandcage list",
    ],
    [
      "wbe-0123456789ab",
      'Cannot find cage "wbe-0123456789ab": there is none',
      'Did you mean "web-0123456789ab"?\nRun: sandcage list',
    ],
    ["q", 'Cannot find cage "q": there is none', "Run: sandcage list"],
  ] as const
) {
  Deno.test(`findCageId() refuses "${word}" with the way out`, () => {
    assert.throws(() => findCageId(word, CAGES), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.message, error.hint, error.exit], [message, hint, 2]);
      return true;
    });
  });
}

Deno.test("parseManaged() reads rows with any character in them", () => {
  const rows = '["id1","a_1","ca\\tge","claude","running"]\n["id2","b","","","exited"]\n';
  assert.deepEqual(parseManaged("container", rows), [
    {
      kind: "container",
      id: "id1",
      title: "a_1",
      cage: "ca\tge",
      service: "claude",
      running: true,
    },
    { kind: "container", id: "id2", title: "b", running: false },
  ]);
  assert.deepEqual(parseManaged("volume", ""), []);
});

Deno.test("parseManaged() takes the tags of one image together", () => {
  const rows = '["sha256:abcdef0123456789","x","1"]\n["sha256:abcdef0123456789","x","latest"]\n' +
    '["sha256:fedcba9876543210","<none>","<none>"]\n';
  assert.deepEqual(parseManaged("image", rows).map(({ title }) => title), [
    "x:1 x:latest",
    "fedcba987654",
  ]);
});

const ALL: Belongings = {
  objects: [
    { kind: "image", id: "i", title: "sandcage/base:1" },
    { kind: "volume", id: "v", title: "home" },
    { kind: "network", id: "n", title: "net", cage: "c" },
    { kind: "container", id: "k", title: "run", cage: "c", running: true },
  ],
  state: ["/s/trust.json", "/s/cages"],
  work: [],
};
const NONE = { containers: false, images: false, volumes: false, state: false, work: false };

Deno.test("planReset() keeps what was not chosen and orders users before what they use", () => {
  assert.deepEqual(planReset(ALL, NONE), { objects: [], state: [], work: [] });
  const ids = (choice: Partial<typeof NONE>) =>
    planReset(ALL, { ...NONE, ...choice }).objects.map(({ id }) => id);
  assert.deepEqual(ids({ containers: true }), ["k", "n"]);
  assert.deepEqual(ids({ images: true, volumes: true, containers: true }), ["k", "n", "v", "i"]);
  assert.deepEqual(planReset(ALL, { ...NONE, state: true }).state, ["/s/cages", "/s/trust.json"]);
});

Deno.test("planReset() takes the work of cages only when it is named", () => {
  const belongings: Belongings = {
    objects: [
      { kind: "volume", id: "w", title: "sandcage-work-a", cage: "a", role: "work" },
      { kind: "volume", id: "h", title: "sandcage-home-a", cage: "a" },
      { kind: "container", id: "c", title: "sandcage-courier-a", cage: "a", role: "courier" },
    ],
    state: ["/s/trust.json"],
    work: ["/s/cages/a"],
  };
  const all = { containers: true, images: true, volumes: true, state: true, work: false };
  const kept = planReset(belongings, all);
  assert.deepEqual(kept.objects.map(({ id }) => id), ["c", "h"]);
  assert.deepEqual([kept.state, kept.work], [["/s/trust.json"], []]);
  const work = planReset(belongings, { ...NONE, work: true });
  assert.deepEqual(work.objects.map(({ id }) => id), ["c", "w"]);
  assert.deepEqual([work.state, work.work], [[], ["/s/cages/a"]]);
});

Deno.test("formatBelongings() shows exactly what would go", () => {
  assert.equal(
    formatBelongings(ALL),
    [
      "  container  run  (running, cage c)",
      "  network    net  (cage c)",
      "  volume     home",
      "  image      sandcage/base:1",
      "  state      /s/cages",
      "  state      /s/trust.json",
    ].join("\n"),
  );
  assert.equal(formatBelongings({ objects: [], state: [], work: [] }), "  nothing");
});

Deno.test("applyRemoval() goes on after a failure and takes what is gone for removed", async () => {
  const asked: string[] = [];
  const removed: string[] = [];
  const answer = (code: number, stderr = "") => ({ code, stdout: "", stderr, timedOut: false });
  const failures = await applyRemoval(planRemoval(ALL.objects), {
    engine: {
      docker(args) {
        asked.push(args.join(" "));
        const [, verb] = args;
        const id = args.at(-1);
        if (id === "n") return Promise.resolve(answer(verb === "inspect" ? 0 : 1, "in use\n"));
        if (id === "v") return Promise.resolve(answer(1, "no such volume"));
        return Promise.resolve(answer(0));
      },
    },
    onRemoved: ({ id }) => removed.push(id),
  });
  assert.deepEqual(failures.map(({ object, reason }) => [object.id, reason]), [["n", "in use"]]);
  assert.deepEqual(removed, ["k", "v", "i"]);
  assert.equal(asked[0], "rm --force k");
});

Deno.test("refuseLive() refuses while a session runs unless forced", () => {
  const record = { service: "claude", cageId: "c" } as Parameters<
    typeof refuseLive
  >[0][0]["record"];
  refuseLive([{ live: false, record }], false);
  refuseLive([{ live: true, record }], true);
  assert.throws(() => refuseLive([{ live: true, record }], false), {
    message: "Cannot reset: 1 session still run: claude in c",
    exit: 5,
    code: "conflict",
  });
});

Deno.test("sandcage list shows cages and the sessions whose client lives", async () => {
  await using dir = await makeTempDir();
  const host = bareHost({ stateDir: dir.path });
  const cage: CageRecord = {
    schema: 1,
    id: "api-1",
    projectPath: "/w/api",
    createdAt: "2026-01-02T03:04:05.000Z",
  };
  assert.equal((await runLine(["list", "--json"], { host })).out, "[]\n");
  await Deno.mkdir(join(dir.path, "cages/api-1"), { recursive: true });
  await Deno.writeTextFile(join(dir.path, "cages/api-1/cage.json"), JSON.stringify(cage));
  const session = {
    schema: 1,
    id: "01234567",
    cageId: "api-1",
    service: "claude",
    container: "k",
    engine: "the default engine",
    startedAt: "2026-01-02T03:05:05.000Z",
    clientPid: 1,
    publishes: false,
  } as const;
  await using _open = await openSession(dir.path, session);
  const listed = JSON.parse((await runLine(["list", "--json"], { host })).out);
  assert.equal(listed.length, 1);
  assert.deepEqual([listed[0].id, listed[0].projectPath], ["api-1", "/w/api"]);
  assert.equal(
    formatCages(listed, { nowMs: Date.parse("2026-01-02T05:04:05Z") }),
    "NAME   MODE   STATE    SERVICE  AGE  PROJECT\n" +
      "api-1  mount  running  claude   2h   /w/api\n",
  );
});

Deno.test("formatCages() calls copy cages by their names and lists what else is in them", () => {
  const cage: ListedCage = {
    id: "api-1",
    name: "api-1",
    mode: "mount",
    state: "stopped",
    projectPath: "/w/api",
    createdAt: "2026-01-02T03:04:05.000Z",
    sessions: [],
  };
  const copy: ListedCage = {
    ...cage,
    id: "web-0a0a0a",
    name: "web",
    mode: "copy",
    state: "interrupted",
    service: "codex",
    dirs: ["project", "lib", "more"].map((name) => ({ name, path: `/w/${name}` })),
  };
  assert.equal(
    formatCages([cage, copy], { nowMs: Date.parse("2026-01-02T05:04:05Z") }),
    "NAME   MODE   STATE        SERVICE  AGE  PROJECT  DIRS\n" +
      "api-1  mount  stopped      -        2h   /w/api\n" +
      "web    copy   interrupted  codex    2h   /w/api   lib, more\n",
  );
});
