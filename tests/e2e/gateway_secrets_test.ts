/**
 * What the cases S01 to S17 of `sandcage verify` do not see of secrets: this machine's whole record of
 * a user's session, and what is told of a placeholder that was let through.
 */
import assert from "node:assert/strict";
import { docker } from "../../tools/engine_state.ts";
import { run as runHere } from "../../src/engine/process.ts";
import { PLACEHOLDER_PATTERN } from "../../src/policy/protocol.ts";
import { waitFor } from "./support/files.ts";
import { type Case, testCases } from "./support/internet/cases.ts";
import { textOf } from "../../src/verify/internet/evidence.ts";
import { run } from "../../src/verify/internet/probes.ts";

const REAL = "real-value-of-the-test-token-8c1f";

const CONFIG = '[secrets.TEST_TOKEN]\nfrom = "env"\nto = ["inject.test"]\n';

const cases: Case[] = [
  ["a value is nowhere in the state directory, and in no file of a gateway", async ({ cage }) => {
    const session = await cage.session();
    const env = await session.probe([run("placeholder", ["printenv", "TEST_TOKEN"])]);
    const placeholder = env.get("placeholder").data.trim();
    assert.match(placeholder, new RegExp(`^${PLACEHOLDER_PATTERN.source}$`));
    const [state, gateway] = [
      await readFiles(cage.state),
      await readGatewayProcess(session.gateway),
    ];
    assert.ok(state.includes(placeholder));
    assert.ok(gateway.includes("node"), gateway);
    for (const text of [state, gateway]) assert.ok(!text.includes(REAL));
  }],
  ["a placeholder in a body that it is not for is told of", async ({ internet, cage }) => {
    await cage.probe([
      run("body", ["sh", "-c", 'curl -sS -d "key=$TEST_TOKEN" https://inject.test/']),
    ]);
    assert.match(textOf(await internet.events()), new RegExp(PLACEHOLDER_PATTERN.source));
    // The answer may be there before the record is: that goes through the host, in its own time.
    const flags = await waitFor("the flag on record", async () => {
      const found = (await cage.audit()).filter(({ decision }) => decision === "flag");
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(flags.map(({ host, reason }) => [host, reason]), [
      ["inject.test", "secret-foreign"],
    ]);
  }],
];

/** Environment, arguments and temporary files of a gateway, seen by this machine's root. */
async function readGatewayProcess(gateway: string): Promise<string> {
  const pid = await docker(["inspect", "--format", "{{.State.Pid}}", gateway]);
  const read = ["environ", "cmdline"].map((file) => Deno.readTextFile(`/proc/${pid}/${file}`));
  return [...await Promise.all(read), await readFiles(`/proc/${pid}/root/tmp`)].join("\n");
}

async function readFiles(path: string): Promise<string> {
  const found = await runHere("grep", ["-rh", "", path], { timeoutMs: 30_000 });
  return found.stdout;
}

testCases("secrets", {
  network: 'allow = ["inject.test"]\n',
  config: CONFIG,
  env: { TEST_TOKEN: REAL },
  cases,
});
