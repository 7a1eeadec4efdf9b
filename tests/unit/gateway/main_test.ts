import assert from "node:assert/strict";
import type { GatewayMessage } from "../../../src/policy/protocol.ts";
import { makeDocument } from "./documents.ts";
import { linuxRootTest } from "./loopback.ts";

const MAIN = new URL("../../../src/gateway/main.ts", import.meta.url).pathname;

/** A gateway process; loopback's other addresses let it have its own ports even here. */
function startProcess(address: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines());
  const reader = lines.getReader();
  const write = (text: string) => writer.write(new TextEncoder().encode(text));
  return {
    child,
    write,
    send: (message: unknown) => write(`${JSON.stringify(message)}\n`),
    async read(): Promise<GatewayMessage> {
      const { value } = await reader.read();
      assert.ok(value !== undefined, "it ended");
      return JSON.parse(value);
    },
    closeInput: () => writer.close(),
    /** Its code once it ended; everything it still said on stderr. */
    async end(): Promise<{ code: number; stderr: string }> {
      const [stderr, status] = await Promise.all([
        new Response(child.stderr).text(),
        child.status,
        reader.cancel(),
        writer.close().catch(() => {}),
      ]);
      return { code: status.code, stderr };
    },
    start: {
      type: "start",
      settings: {
        address,
        agent: "127.0.0.3",
        inbound: [],
        dns: [],
        upstreamProxy: null,
        extraCa: [],
        ca: null,
      },
      policy: makeDocument(["splice.test"]),
    },
  };
}

function splitLines(): TransformStream<string, string> {
  let held = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (held + text).split("\n");
      held = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}

linuxRootTest(
  "the gateway's process takes policies, survives nonsense and ends with its input",
  async () => {
    const gateway = startProcess("127.0.0.21");
    await gateway.send(gateway.start);
    const ready = await gateway.read();
    assert.equal(ready.type, "ready");
    assert.match((ready.type === "ready" && ready.ca?.certificate) || "", /BEGIN CERTIFICATE/);
    await gateway.write("nonsense\n\n");
    for (let index = 0; index < 2; index++) {
      assert.deepEqual(await gateway.read(), {
        type: "rejected",
        version: 0,
        problems: ["The line is not JSON"],
      });
    }
    await gateway.send(gateway.start);
    assert.deepEqual(await gateway.read(), {
      type: "rejected",
      version: 1,
      problems: ["It runs already"],
    });
    await gateway.send({ type: "policy", policy: { ...gateway.start.policy, version: 2 } });
    assert.deepEqual(await gateway.read(), { type: "applied", version: 2 });
    await gateway.closeInput();
    assert.deepEqual(await gateway.end(), { code: 0, stderr: "" });
  },
);

linuxRootTest("the gateway's process ends by SIGTERM", async () => {
  const gateway = startProcess("127.0.0.22");
  await gateway.send(gateway.start);
  assert.equal((await gateway.read()).type, "ready");
  gateway.child.kill("SIGTERM");
  assert.equal((await gateway.end()).code, 0);
});

linuxRootTest("the gateway's process says why it does not start, and ends", async () => {
  for (const line of ['{"type":"policy","policy":{}}', "nonsense", '{"type":"start"}']) {
    const gateway = startProcess("127.0.0.23");
    await gateway.write(`${line}\n`);
    assert.equal((await gateway.read()).type, "failed");
    assert.equal((await gateway.end()).code, 1);
  }
});
