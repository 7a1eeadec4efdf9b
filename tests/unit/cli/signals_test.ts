import assert from "node:assert/strict";
import { trapSignals } from "../../../src/cli/signals.ts";

/** What a process of its own does with a signal that it sends itself, before or after a hand-over. */
async function runWith(script: string): Promise<{ code: number; said: string }> {
  const address = new URL("../../../src/cli/signals.ts", import.meta.url);
  const program = `import { trapSignals } from ${JSON.stringify(address)};
const signals = trapSignals({ exit: (code) => Deno.exit(code) });
const tell = async () => {
  const heard = new Promise((resolve) => Deno.addSignalListener("SIGTERM", resolve));
  Deno.kill(Deno.pid, "SIGTERM");
  await heard;
};
${script}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=ts", program],
    stdout: "piped",
    stderr: "null",
  });
  const { code, stdout } = await child.output();
  return { code, said: new TextDecoder().decode(stdout).trim() };
}

Deno.test("signals are another's while they are handed over, and ours again afterwards", async () => {
  const { code, said } = await runWith(`
{ using held = signals.handOver(); await tell(); console.log(signals.signal.aborted); }
await tell();
console.log(signals.signal.aborted);
Deno.exit(signals.code());`);
  assert.deepEqual([code, said], [143, "false\ntrue"]);
});

Deno.test("signals are not handed over to what begins after the end was asked for", async () => {
  const { code, said } = await runWith(`
await tell();
try { signals.handOver(); } catch (error) { console.log(error.name); }
Deno.exit(signals.code());`);
  assert.deepEqual([code, said], [143, "AbortError"]);
});

Deno.test("without a signal nothing is aborted", () => {
  using signals = trapSignals({ exit: () => assert.fail("nobody asked for the end") });
  signals.handOver()[Symbol.dispose]();
  assert.equal(signals.signal.aborted, false);
});
