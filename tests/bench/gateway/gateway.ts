import { openAuditLog } from "../../../src/cage/audit_log.ts";
import { openGateway } from "../../../src/cage/gateway.ts";
import { startGatewayProcess } from "../../../src/cage/gateway_process.ts";
import { run } from "../../../src/engine/process.ts";
import type { PolicyDocument, SecretSpec } from "../../../src/policy/document.ts";
import { type GatewaySettings, PLACEHOLDER_PREFIX } from "../../../src/policy/protocol.ts";
import { docker } from "../../../tools/engine_state.ts";
import { ADDRESS, type Lab, LARGE_BYTES, NAME } from "./lab.ts";

/** A gateway beside which nothing else of sandcage runs, but for its client: this process. */
export type BenchGateway = AsyncDisposable & {
  address: string;
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

/** What a gateway is started with. */
type StartOptions = { lab: Lab; image: string; mode: GatewayMode };

/**
 * Starts a gateway in its container, with the limits it has for users, which decide how its heap
 * grows; only its network is the host's, so that nothing of the engine's is measured. Its events are
 * written and acknowledged as for users.
 */
export async function startBenchGateway(options: StartOptions): Promise<BenchGateway> {
  const { lab, image, mode } = options;
  const name = `sandcage-bench-${mode}-${crypto.randomUUID().slice(0, 8)}`;
  const dir = await Deno.makeTempDir({ dir: lab.dir, prefix: "audit-" });
  const gateway = openGateway({
    settings: planSettings(lab, ADDRESS[mode]),
    policy: planPolicy(mode),
    identity: { cage: "bench", service: "bench", session: "bench" },
    log: openAuditLog(dir),
    start: (onMessage) =>
      startGatewayProcess({
        command: "docker",
        args: [
          ...["run", "--rm", "--interactive", "--name", name, "--network", "host"],
          // Without a network of its own it cannot be told that anybody may have low ports.
          ...["--user=0:0", "--cap-drop=ALL", "--cap-add=NET_BIND_SERVICE", "--read-only"],
          ...["--memory=256m", "--memory-swap=256m", "--pids-limit=64", "--log-driver=none"],
          image,
        ],
        env: {},
      }, onMessage),
    clear: () => Promise.resolve(),
  });
  await gateway.ready;
  const pid = Number(await docker(["inspect", "--format", "{{.State.Pid}}", name]));
  return {
    address: ADDRESS[mode],
    pid,
    peakBytes: () => readPeak(pid),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await run("docker", ["rm", "--force", name], { timeoutMs: 30_000 });
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** What a gateway of the benchmarks is told, whoever runs it. */
export function planSettings(lab: Lab, address: string): GatewaySettings {
  return {
    address,
    agent: ADDRESS.agent,
    inbound: [],
    dns: [lab.resolver],
    upstreamProxy: null,
    extraCa: [lab.authority],
    ca: null,
  };
}

/** `VmHWM` of a process. */
async function readPeak(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) * 1024;
}
