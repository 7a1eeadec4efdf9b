import assert from "node:assert/strict";
import { type DaemonPorts, runDaemon, type Watched } from "../../../src/promote/daemon.ts";
import type { LookOutcome } from "../../../src/promote/look.ts";

const TIMES = { intervalMs: 5_000, startMs: 120_000 };

const IDLE: LookOutcome = { kind: "idle" };
const LANDED: LookOutcome = {
  kind: "landed",
  commits: 1,
  from: "a".repeat(40),
  to: "b".repeat(40),
  changed: [],
};
const HELD: LookOutcome = {
  kind: "waiting",
  pending: 2,
  wait: { kind: "held", reason: "other-branch", text: "Commits wait", hint: "Go back" },
};

type Step = { watch?: Watched["kind"]; look?: LookOutcome; wake?: "changed" | "ended" | "end" };

/** Runs the loop on a script: each step is what the next question of its kind is answered with. */
async function play(
  steps: { watches: Watched["kind"][]; looks: LookOutcome[]; wakes: Step["wake"][] },
) {
  const said: string[] = [];
  const controller = new AbortController();
  let nowMs = 0;
  const looks = [...steps.looks];
  const watches = [...steps.watches];
  const wakes = [...steps.wakes];
  let tell: ((word: "changed" | "ended") => void) | undefined;
  const ports: DaemonPorts = {
    look() {
      const outcome = looks.shift() ?? IDLE;
      said.push(`look ${outcome.kind}`);
      return Promise.resolve(outcome);
    },
    openWatch() {
      const kind = watches.shift() ?? "nothing-runs";
      said.push(`open ${kind}`);
      if (kind !== "watch") return Promise.resolve({ kind });
      const watch = {
        next: () => new Promise<"changed" | "ended">((resolve) => tell = resolve),
        close: () => (said.push("close"), Promise.resolve()),
      };
      return Promise.resolve({ kind, watch });
    },
    onLook: () => Promise.resolve(),
    pause(ms, signal) {
      const wake = wakes.shift();
      if (wake === undefined) {
        nowMs += ms;
        return Promise.resolve();
      }
      if (wake === "end") {
        controller.abort();
        return Promise.resolve();
      }
      tell!(wake);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    },
    nowMs: () => nowMs,
    signal: controller.signal,
  };
  await runDaemon(ports, TIMES);
  return said;
}

Deno.test("a change inside is looked at, at once; the end of what runs is a last look", async () => {
  const said = await play({
    watches: ["watch", "nothing-runs"],
    looks: [IDLE, LANDED, IDLE, IDLE],
    wakes: ["changed", "ended"],
  });
  assert.deepEqual(said, [
    "open watch",
    "look idle",
    "look landed",
    "look idle",
    "close",
    "open nothing-runs",
    "look idle",
  ]);
});

Deno.test("while nothing changes and nothing waits it looks once in five minutes", async () => {
  const ticks = Array.from({ length: 121 }, () => undefined);
  const said = await play({ watches: ["watch"], looks: [], wakes: [...ticks, "end"] });
  // 121 turns of 5 s are ten minutes; then the last look.
  assert.equal(said.filter((word) => word === "look idle").length, 1 + 1 + 1, said.join());
});

Deno.test("a watch that has not told what a look finds is closed, and another one opened", async () => {
  const ticks = Array.from({ length: 61 }, () => undefined);
  const said = await play({
    watches: ["watch", "watch"],
    looks: [IDLE, LANDED],
    wakes: [...ticks, "changed", "end"],
  });
  assert.deepEqual(said, [
    ...["open watch", "look idle", "look landed", "look idle", "close"],
    ...["open watch", "look idle", "look idle", "close", "look idle"],
  ]);
});

Deno.test("what waits is looked at with each turn, until it has landed", async () => {
  const said = await play({
    watches: ["watch"],
    looks: [HELD, HELD, HELD, LANDED, IDLE, IDLE],
    wakes: [undefined, undefined, undefined, undefined, undefined, undefined, "end"],
  });
  assert.deepEqual(said, [
    "open watch",
    "look waiting",
    "look waiting",
    "look waiting",
    "look landed",
    "look idle",
    // Once more, when no other git can take it back any more.
    "look idle",
    "close",
    "look idle",
  ]);
});

for (const kind of ["too-big", "refused", "branch-gone", "no-repository"] as const) {
  Deno.test(`what only a change inside ends is looked at when there is one: ${kind}`, async () => {
    const failed: LookOutcome = { kind: "failed", failure: { kind, text: "", hint: "" } };
    const said = await play({
      watches: ["watch"],
      looks: [failed, LANDED, IDLE, IDLE],
      wakes: [undefined, undefined, "changed", "end"],
    });
    assert.deepEqual(said, [
      "open watch",
      "look failed",
      "look landed",
      "look idle",
      "close",
      "look idle",
    ]);
  });
}

Deno.test("a cage that cannot be asked is asked again with each turn", async () => {
  const failure = { kind: "unreachable", text: "", hint: "" } as const;
  const failed: LookOutcome = { kind: "failed", failure };
  const said = await play({
    watches: ["watch"],
    looks: [failed, failed, IDLE, IDLE],
    wakes: [undefined, undefined, "end"],
  });
  const looks = ["look failed", "look failed", "look idle", "close", "look idle"];
  assert.deepEqual(said, ["open watch", ...looks]);
});

Deno.test("where nothing can be watched it looks with each turn", async () => {
  const said = await play({
    watches: ["blind", "blind", "watch"],
    looks: [],
    wakes: [undefined, undefined, "end"],
  });
  assert.deepEqual(said, [
    "open blind",
    "look idle",
    "open blind",
    "look idle",
    "open watch",
    "look idle",
    "close",
    "look idle",
  ]);
});

Deno.test("it waits for the first thing to run, and not for ever", async () => {
  const began = await play({
    watches: ["nothing-runs", "nothing-runs", "watch", "nothing-runs"],
    looks: [],
    wakes: [undefined, undefined, "ended"],
  });
  assert.ok(began.includes("open watch"));
  const never = await play({ watches: [], looks: [], wakes: [] });
  assert.ok(never.length < 40, `${never.length}`);
  assert.equal(never.at(-1), "look idle");
});

Deno.test("asked to end it lands all that is there, and closes its watch", async () => {
  const said = await play({
    watches: ["watch"],
    looks: [IDLE, LANDED, LANDED, IDLE],
    wakes: ["end"],
  });
  assert.deepEqual(said, [
    "open watch",
    "look idle",
    "close",
    "look landed",
    "look landed",
    "look idle",
  ]);
});
