import { openAuditLog } from "../../../src/cage/audit_log.ts";
import { openGateway } from "../../../src/cage/gateway.ts";
import { startGatewayProcess } from "../../../src/cage/gateway_process.ts";
import type { PolicyDocument, SecretSpec } from "../../../src/policy/document.ts";
import { PLACEHOLDER_PREFIX } from "../../../src/policy/protocol.ts";
import type { GatewayProgram } from "../../e2e/support/gateway_program.ts";
import { ADDRESS, type Lab, LARGE_BYTES, NAME } from "./lab.ts";

/** A gateway beside which nothing else of sandcage runs, but for its client: this process. */
export type BenchGateway = AsyncDisposable & {
  address: string;
  /** From the start of its process until it listens. */
  readyMs: number;
  pid: number;
  /** Largest resident memory so far, in bytes. */
  peakBytes(): Promise<number>;
};

/** What a gateway does with the origins. */
export type GatewayMode = "splice" | "terminate";

/** A header with the placeholder that is replaced on the way. */
export const SECRET_HEADER = `authorization: Bearer ${PLACEHOLDER_PREFIX}${"b".repeat(40)}`;

const SECRET: SecretSpec = {
  name: "BENCH_TOKEN",
  placeholder: `${PLACEHOLDER_PREFIX}${"b".repeat(40)}`,
  value: `bench-${"s3cr3t".repeat(8)}`,
  to: Object.values(NAME),
  body: false,
};

/**
 * Everything the product looks for by default. Terminating means: a secret is injected on the way
 * and looked for in every answer. The size limit alone is raised, or large bodies would be refused.
 */
export function planPolicy(mode: GatewayMode): PolicyDocument {
  return {
    schema: 1,
    version: 1,
    allow: [...Object.values(NAME), `${ADDRESS.files}/32`, `${ADDRESS.streams}/32`]
      .map((rule, index) => ({ rule, origin: `network.allow[${index}]` })),
    block: [],
    passthrough: [],
    inspect: {
      secrets: "block",
      entropy: "flag",
      contentType: "flag",
      body: "block",
      bodyLimit: 2 * LARGE_BYTES,
      websocket: "block",
      hosts: [],
    },
    rate: null,
    secrets: mode === "terminate" ? [SECRET] : [],
    inspectors: [],
  };
}

/** Starts a gateway on its loopback address; its events are written and acknowledged as for users. */
export async function startBenchGateway(
  lab: Lab,
  options: { program: GatewayProgram; mode: GatewayMode; nodeArgs?: readonly string[] },
): Promise<BenchGateway> {
  const dir = await Deno.makeTempDir({ dir: lab.dir, prefix: "audit-" });
  const startedMs = performance.now();
  const { node, bundle } = options.program;
  const gateway = openGateway({
    settings: {
      address: ADDRESS[options.mode],
      agent: ADDRESS.agent,
      inbound: [],
      dns: [lab.resolver],
      upstreamProxy: null,
      extraCa: [lab.authority],
      ca: null,
    },
    policy: planPolicy(options.mode),
    identity: { cage: "bench", service: "bench", session: "bench" },
    log: openAuditLog(dir),
    start: (onMessage) =>
      startGatewayProcess({
        command: node,
        args: [...options.nodeArgs ?? [], bundle],
        env: {},
      }, onMessage),
    clear: () => Promise.resolve(),
  });
  await gateway.ready;
  const readyMs = performance.now() - startedMs;
  const pid = await findChild(bundle);
  return {
    address: ADDRESS[options.mode],
    readyMs,
    pid,
    peakBytes: () => readPeak(pid),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** `VmHWM` of a process. */
async function readPeak(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) * 1024;
}

/** The client does not tell its process id: found among this process's children. */
async function findChild(bundle: string): Promise<number> {
  const own = `/proc/${Deno.pid}/task`;
  for await (const { name } of Deno.readDir(own)) {
    const children = await Deno.readTextFile(`${own}/${name}/children`).catch(() => "");
    for (const child of children.split(" ").filter((pid) => pid !== "")) {
      const command = await Deno.readTextFile(`/proc/${child}/cmdline`).catch(() => "");
      if (command.split("\0").includes(bundle)) return Number(child);
    }
  }
  throw new Error("The gateway's process is not there");
}
