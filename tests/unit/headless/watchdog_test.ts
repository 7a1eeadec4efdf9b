import assert from "node:assert/strict";
import type { AgentEvent } from "../../../src/headless/event.ts";
import { createWatchdog, formatTime, type WatchdogLimits } from "../../../src/headless/watchdog.ts";

/** A clock that is turned by hand, and a watchdog on it. */
function make(limits: WatchdogLimits) {
  let now = 1_000;
  let timers: { atMs: number; act(): void }[] = [];
  const bites: string[] = [];
  const dog = createWatchdog(limits, {
    clock: {
      nowMs: () => now,
      after(ms, act) {
        assert.ok(ms < 2 ** 31, "a longer timer would end at once");
        const timer = { atMs: now + ms, act };
        timers.push(timer);
        return () => timers = timers.filter((one) => one !== timer);
      },
    },
    onBite: (reason) => bites.push(reason),
  });
  return {
    dog,
    bites,
    pending: () => timers.length,
    pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers = timers.filter((one) => one !== next);
        now = next.atMs;
        next.act();
      }
      now = end;
    },
  };
}

const tool = (argument: string): AgentEvent => ({ kind: "tool", name: "Bash", argument });

Deno.test("a run that takes too long is bitten once, whatever it says", () => {
  const { dog, bites, pass } = make({ timeoutMs: 5_000, idleMs: 60_000 });
  dog.start();
  for (let second = 0; second < 4; second++) {
    pass(1_000);
    dog.touch();
  }
  assert.deepEqual(bites, []);
  pass(600_000);
  assert.deepEqual(bites, ["it took longer than 5s (--timeout)"]);
});

Deno.test("a run that says nothing is bitten, one that talks is not", () => {
  const { dog, bites, pass } = make({ idleMs: 60_000 });
  dog.start();
  for (let minute = 0; minute < 10; minute++) {
    pass(59_000);
    dog.touch();
  }
  assert.deepEqual(bites, []);
  pass(60_000);
  assert.deepEqual(bites, ["it said nothing for 1m (headless.idle_timeout)"]);
});

Deno.test("an agent that waits for an answer is not idle; time counts again when it has one", () => {
  const { dog, bites, pass } = make({ idleMs: 60_000 });
  dog.start();
  dog.touch([tool("cd /work && cage-wait")]);
  pass(7_200_000);
  assert.deepEqual(bites, []);
  dog.touch([{ kind: "result", text: "{}", isError: false }]);
  pass(119_000);
  assert.equal(bites.length, 1);
});

Deno.test("a wait does not keep an agent from its timeout", () => {
  const { dog, bites, pass } = make({ timeoutMs: 90_000, idleMs: 60_000 });
  dog.start();
  dog.touch([tool("cage-wait")]);
  pass(90_000);
  assert.deepEqual(bites, ["it took longer than 90s (--timeout)"]);
});

Deno.test("a timeout of months is kept", () => {
  const { dog, bites, pass } = make({ timeoutMs: 100 * 86_400_000, idleMs: 300 * 86_400_000 });
  dog.start();
  pass(99 * 86_400_000);
  assert.deepEqual(bites, []);
  pass(86_400_000);
  assert.equal(bites.length, 1);
});

Deno.test("time does not count before the start, and nothing is left to wait after the end", () => {
  const { dog, bites, pass, pending } = make({ timeoutMs: 1_000, idleMs: 1_000 });
  pass(10_000);
  dog.start();
  pass(500);
  dog[Symbol.dispose]();
  assert.equal(pending(), 0);
  pass(10_000);
  assert.deepEqual(bites, []);
});

for (
  const [ms, text] of [[500, "500ms"], [90_000, "90s"], [60_000, "1m"], [7_200_000, "2h"]] as const
) {
  Deno.test(`${ms} milliseconds are ${text}`, () => assert.equal(formatTime(ms), text));
}
