import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import { type GatewayOptions, openGateway } from "../../../src/cage/gateway.ts";
import type { GatewayProcess } from "../../../src/cage/gateway_process.ts";
import type { AuditEvent, AuditLine } from "../../../src/policy/audit.ts";
import type { PolicyDocument } from "../../../src/policy/document.ts";
import type { GatewayMessage, HostMessage } from "../../../src/policy/protocol.ts";

const policy: PolicyDocument = {
  schema: 1,
  version: 1,
  allow: [],
  block: [],
  passthrough: [],
  inspect: {
    secrets: "block",
    entropy: "off",
    contentType: "off",
    body: "off",
    bodyLimit: 1,
    websocket: "off",
    hosts: [],
  },
  rate: null,
  secrets: [],
  inspectors: [],
};
const event: AuditEvent = {
  time: "2026-01-01T00:00:00.000Z",
  kind: "dns",
  decision: "deny",
  reason: "no-rule",
  host: "evil.test",
};

/** A gateway whose process is the test. */
function fakeGateway(write: (lines: readonly AuditLine[]) => Promise<void> = async () => {}) {
  const starts: FakeProcess[] = [];
  let cleared = 0;
  const started = (): FakeProcess => starts.at(-1)!;
  const options: GatewayOptions = {
    settings: {
      address: "10.0.0.2",
      agent: "10.0.0.3",
      inbound: [],
      dns: [],
      upstreamProxy: null,
      extraCa: [],
      ca: null,
    },
    policy,
    identity: { cage: "demo-1", service: "claude", session: "0a1b2c3d" },
    log: { write },
    start(onMessage) {
      const process = fakeProcess(onMessage);
      starts.push(process);
      return process;
    },
    clear() {
      cleared++;
      return Promise.resolve();
    },
  };
  return { gateway: openGateway(options), starts, started, cleared: () => cleared };
}

type FakeProcess = GatewayProcess & {
  sent: HostMessage[];
  say(message: GatewayMessage): void;
  end(code: number, stderr?: string): void;
};

function fakeProcess(onMessage: (message: GatewayMessage) => void): FakeProcess {
  const ended = Promise.withResolvers<{ code: number; stderr: string }>();
  const sent: HostMessage[] = [];
  return {
    sent,
    say: onMessage,
    end: (code, stderr = "") => ended.resolve({ code, stderr }),
    send(message) {
      sent.push(message);
      return Promise.resolve();
    },
    close() {
      ended.resolve({ code: 0, stderr: "" });
      return Promise.resolve();
    },
    kill() {},
    ended: ended.promise,
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Waits for something that follows without the test's doing. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

Deno.test("a gateway is started with settings and policy, and tells the authority it made", async () => {
  const { gateway, started } = fakeGateway();
  assert.equal(started().sent[0]?.type, "start");
  started().say({ type: "ready", version: 1, ca: { certificate: "C", key: "K" } });
  assert.deepEqual(await gateway.ready, { certificate: "C", key: "K" });
  await gateway.close();
});

Deno.test("one that ends before it listens fails the session with its last words", async () => {
  const { gateway, started, cleared } = fakeGateway();
  started().end(1, "Error: no such image\n");
  await assert.rejects(gateway.ready, (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /no such image/);
    return true;
  });
  await gateway.close();
  assert.equal(cleared(), 1);
});

Deno.test("a policy is applied, refused, or not answered when the gateway ends", async () => {
  const { gateway, started } = fakeGateway();
  started().say({ type: "ready", version: 1 });
  const applied = gateway.apply({ ...policy, version: 2 });
  await turn();
  started().say({ type: "applied", version: 1 });
  started().say({ type: "applied", version: 2 });
  assert.deepEqual(await applied, { outcome: "applied" });
  const rejected = gateway.apply({ ...policy, version: 3 });
  await turn();
  started().say({ type: "rejected", version: 3, problems: ["bad"] });
  assert.deepEqual(await rejected, { outcome: "rejected", problems: ["bad"] });
  const silent = gateway.apply({ ...policy, version: 4 });
  await turn();
  started().end(137);
  assert.deepEqual(await silent, { outcome: "silent" });
  await gateway.close();
});

Deno.test("one that ends later is started again with the policy in force and its authority", async () => {
  const lines: AuditLine[] = [];
  const { gateway, starts, started, cleared } = fakeGateway((written) => {
    lines.push(...written);
    return Promise.resolve();
  });
  started().say({ type: "ready", version: 1, ca: { certificate: "C", key: "K" } });
  const applied = gateway.apply({ ...policy, version: 2 });
  await turn();
  started().say({ type: "applied", version: 2 });
  await applied;
  started().end(137, "out of memory");
  await until(() => starts.length === 2);
  assert.equal(cleared(), 1);
  const start = started().sent[0];
  assert.ok(start?.type === "start");
  assert.equal(start.policy.version, 2);
  assert.deepEqual(start.settings.ca, { certificate: "C", key: "K" });
  assert.match(lines[0]!.detail!, /out of memory/);
  await gateway.close();
});

Deno.test("events are written with whose they are, then acknowledged", async () => {
  const lines: AuditLine[] = [];
  const { gateway, started } = fakeGateway((written) => {
    lines.push(...written);
    return Promise.resolve();
  });
  started().say({ type: "audit", sequence: 7, events: [event] });
  await until(() => started().sent.length === 2);
  assert.deepEqual(started().sent[1], { type: "audit-written", sequence: 7 });
  assert.deepEqual(lines, [{ ...event, cage: "demo-1", service: "claude", session: "0a1b2c3d" }]);
  assert.deepEqual(gateway.denials(), [{ host: "evil.test", times: 1, reason: "no-rule" }]);
  await gateway.close();
});

Deno.test("events that cannot be written are said and tried again, in order, none lost", async () => {
  const lines: string[] = [];
  let isFull = true;
  const { gateway, started } = fakeGateway((written) => {
    if (isFull) return Promise.reject(new Error("no space left"));
    lines.push(...written.map(({ host }) => host!));
    return Promise.resolve();
  });
  started().say({ type: "audit", sequence: 1, events: [{ ...event, host: "one.test" }] });
  started().say({ type: "audit", sequence: 2, events: [{ ...event, host: "two.test" }] });
  await until(() => started().sent.length === 2);
  assert.deepEqual(started().sent[1], { type: "audit-failed", reason: "no space left" });
  isFull = false;
  await until(() =>
    started().sent.some((sent) => sent.type === "audit-written" && sent.sequence === 2)
  );
  assert.deepEqual(lines, ["one.test", "two.test"]);
  await gateway.close();
});
