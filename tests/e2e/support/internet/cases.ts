import assert from "node:assert/strict";
import { type CagedOptions, type CagedWorld, makeCaged } from "../caged.ts";
import { type Internet, startInternet } from "./internet.ts";
import type { Outcome } from "../../../../src/verify/internet/probe/types.ts";

/** What a case is given: an internet where nothing has happened yet, and a world whose cages see it. */
export type Given = { internet: Internet; cage: CagedWorld };

/** A case of the conformance suite; its name begins with its id. */
export type Case = readonly [name: string, test: (given: Given) => Promise<void>];

/** One internet and one world for cases that follow one another. */
export function testCases(title: string, options: CagedOptions & { cases: readonly Case[] }): void {
  const { cases, ...rest } = options;
  Deno.test(title, async (t) => {
    await using internet = await startInternet();
    await using cage = await makeCaged(title.replaceAll(/\W+/g, "-").slice(0, 20), internet, rest);
    for (const [name, test] of cases) {
      await t.step(name, async () => {
        await internet.clear();
        await test({ internet, cage });
      });
    }
  });
}

/** The echo answered, and this host was asked for. */
export function assertEcho(outcome: Outcome, host: string): void {
  let seen: { host?: string } = {};
  try {
    seen = JSON.parse(outcome.data);
  } catch {
    // Said below, with everything that is known.
  }
  assert.equal(seen.host, host, JSON.stringify(outcome));
}
