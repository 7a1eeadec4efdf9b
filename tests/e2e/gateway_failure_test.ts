/** When the gateway fails nothing goes out, and it comes back: case S08. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { IdleSession } from "./support/caged.ts";
import { waitFor } from "./support/files.ts";
import { type Case, testCases } from "./support/internet/cases.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { curl, everyProxy } from "../../src/verify/internet/probes.ts";

async function works(session: IdleSession): Promise<boolean> {
  const outcomes = await session.probe([curl("fetch", ["-m", "3", "http://allowed.test/"])]);
  return /"request":\d/.test(outcomes.get("fetch").data);
}

async function waitWorking(session: IdleSession): Promise<void> {
  await waitFor("the way out", async () => await works(session) || undefined);
}

const cases: Case[] = [
  ["S08 what cannot be written down does not happen", async ({ internet, cage }) => {
    const session = await cage.session();
    await waitWorking(session);
    const [id] = await Array.fromAsync(Deno.readDir(join(cage.state, "cages")));
    const log = join(cage.state, "cages", id!.name, "audit.jsonl");
    const [kept, full] = [`${log}.kept`, `${log}.full`];
    // What is allowed is answered before the line about it is written.
    await waitFor("the log", () => Deno.stat(log).catch(() => undefined));
    await Deno.link(log, kept);
    // Every write to this one fails as on a full disk.
    await Deno.symlink("/dev/full", full);
    await Deno.rename(full, log);
    const denial = await waitFor("a refusal", async () => {
      const outcomes = await session.probe([curl("fetch", ["http://allowed.test/"])]);
      const { data } = outcomes.get("fetch");
      return /"reason":"audit"/.test(data) ? data : undefined;
    });
    assert.match(denial, /"blocked":true/);
    await internet.clear();
    const refused = await session.probe([
      curl("http", ["http://allowed.test/"]),
      curl("https", ["https://allowed.test/"]),
      curl("direct", ["https://allowed.test/"], { env: everyProxy(null) }),
    ]);
    for (const { id, data } of refused.all) assert.doesNotMatch(data, /"request":\d/, id);
    assertSilent(await internet.events(), internet);
    await Deno.rename(kept, log);
    await waitWorking(session);
    // That something was refused for want of a log is written as soon as there is one.
    await waitFor(
      "the line of what was refused",
      async () => (await cage.audit()).some(({ reason }) => reason === "audit") || undefined,
    );
  }],
];

testCases("a gateway that fails", { network: 'allow = ["allowed.test"]\n', cases });
