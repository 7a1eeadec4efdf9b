import { join } from "node:path";
import { startGatewayProcess } from "../../../src/cage/gateway_process.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";
import type { GatewayMessage, GatewaySettings } from "../../../src/policy/protocol.ts";
import { createAuthority } from "../../bench/gateway/certificates.ts";
import type { GatewayProgram } from "../../e2e/support/gateway_program.ts";
import { NAMES } from "../names.ts";
import { planFuzzPolicy } from "../policy.ts";
import { type Arrival, holdsSecret, isAskable, judgeArrival, judgeEvent } from "./judge.ts";
import { ADDRESS, findOrigin } from "./network.ts";
import { startRecorder } from "./recorder.ts";

/** A gateway, the internet behind it, and what was seen there. */
export type FuzzWorld = AsyncDisposable & {
  /** PEM of the authority that cages trust. */
  authority: string;
  pid: number;
  /** What has been seen that must not be. */
  problems: string[];
  /** Arrivals so far, for the controls. */
  arrivals: { requests: number; secrets: number; frames: number; queries: number };
  /** Everything the gateway said in its audit. */
  decisions: Map<string, number>;
  /** Puts the same rules in force again under a new version; resolves when it was acknowledged. */
  reload(): Promise<void>;
  /** Sends a line of the control channel as it is. */
  isAlive(): boolean;
};

const NODE_READY_MS = 10_000;

/** Starts everything; to be called inside of the namespace. */
export async function startFuzzWorld(program: GatewayProgram): Promise<FuzzWorld> {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-fuzz-" });
  const names = [...Object.values(NAMES), "*.wild.test"];
  const authority = await createAuthority(names);
  await Deno.writeTextFile(join(dir, "cert.pem"), authority.certificate);
  await Deno.writeTextFile(join(dir, "key.pem"), authority.key);
  const problems: string[] = [];
  const arrivals = { requests: 0, secrets: 0, frames: 0, queries: 0 };
  const decisions = new Map<string, number>();
  const recorder = await startRecorder({
    hostname: ADDRESS.resolver,
    find: findOrigin,
    onQuery(name) {
      arrivals.queries += 1;
      if (!isAskable(name)) problems.push(`a DNS server was asked for ${JSON.stringify(name)}`);
    },
  });
  const internet = await startInternet(program.node, dir, (arrival) => {
    const problem = judgeArrival(arrival);
    if (problem !== undefined) problems.push(`${problem}: ${JSON.stringify(arrival)}`);
    if (arrival.kind === "request") arrivals.requests += 1;
    if (arrival.kind === "frame") arrivals.frames += 1;
    if (holdsSecret(JSON.stringify(arrival))) arrivals.secrets += 1;
  });
  const settings: GatewaySettings = {
    address: ADDRESS.gateway,
    agent: ADDRESS.agent,
    inbound: [],
    dns: [ADDRESS.resolver],
    upstreamProxy: null,
    extraCa: [authority.root],
    ca: null,
  };
  const gateway = await startGateway(program, { settings, problems, decisions });
  let isEnding = false;
  gateway.ended.then(({ code, stderr }) => {
    if (!isEnding || stderr !== "") problems.push(`the gateway ended with ${code}: ${stderr}`);
    isEnding = true;
  });
  return {
    authority: gateway.authority,
    pid: gateway.pid,
    problems,
    arrivals,
    decisions,
    reload: gateway.reload,
    isAlive: () => !isEnding,
    async [Symbol.asyncDispose]() {
      isEnding = true;
      await gateway.close();
      await internet.close();
      await recorder.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Runs origin.ts and hands on what it tells. */
async function startInternet(
  node: string,
  dir: string,
  onArrival: (arrival: Arrival) => void,
): Promise<{ close(): Promise<void> }> {
  const script = new URL("./origin.ts", import.meta.url).pathname;
  const child = new Deno.Command(node, {
    args: [
      "--disable-warning=ExperimentalWarning",
      // More than the gateway lets pass: a head that is too long for a host is no broken one.
      "--max-http-header-size=262144",
      script,
      join(dir, "cert.pem"),
      join(dir, "key.pem"),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    let rest = "";
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const arrival = JSON.parse(line) as Arrival;
        if (arrival.kind === "ready") ready.resolve();
        onArrival(arrival);
      }
    }
    ready.reject(new Error("The internet ended"));
  })();
  await ready.promise;
  return {
    async close() {
      child.kill("SIGTERM");
      await Promise.all([child.status, reading]);
    },
  };
}

type StartOptions = {
  settings: GatewaySettings;
  problems: string[];
  decisions: Map<string, number>;
};

/** The gateway, its events acknowledged at once and looked through for the secret. */
async function startGateway(program: GatewayProgram, options: StartOptions) {
  const { settings, problems, decisions } = options;
  const ready = Promise.withResolvers<string>();
  let version = 1;
  let waiting: PromiseWithResolvers<void> | undefined;
  const client = startGatewayProcess(
    { command: program.node, args: [program.bundle], env: {} },
    (message: GatewayMessage) => {
      switch (message.type) {
        case "ready":
          return ready.resolve(message.ca?.certificate ?? "");
        case "failed":
          return ready.reject(new Error(message.reason));
        case "applied":
          if (message.version === version) waiting?.resolve();
          return;
        case "rejected":
          return waiting?.reject(new Error(message.problems.join("; ")));
        case "audit":
          for (const event of message.events) {
            count(decisions, event);
            const problem = judgeEvent(event);
            if (problem !== undefined) problems.push(`${problem}: ${JSON.stringify(event)}`);
          }
          return client.send({ type: "audit-written", sequence: message.sequence });
      }
    },
  );
  await client.send({ type: "start", settings, policy: planFuzzPolicy(version) });
  const timer = setTimeout(
    () => ready.reject(new Error("The gateway is not ready")),
    NODE_READY_MS,
  );
  client.ended.then(({ stderr }) => ready.reject(new Error(`The gateway ended: ${stderr}`)));
  const authority = await ready.promise;
  clearTimeout(timer);
  return {
    authority,
    pid: await findPid(program.bundle),
    ended: client.ended,
    async reload() {
      version += 1;
      waiting = Promise.withResolvers();
      await client.send({ type: "policy", policy: planFuzzPolicy(version) });
      await waiting.promise;
    },
    async close() {
      await client.close();
      await client.ended;
    },
  };
}

function count(decisions: Map<string, number>, event: AuditEvent): void {
  const name = `${event.kind} ${event.decision} ${event.reason}`;
  decisions.set(name, (decisions.get(name) ?? 0) + 1);
}

async function findPid(bundle: string): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${Deno.pid}/task/${Deno.pid}/children`)
    .catch(() => "");
  const others: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${Deno.pid}/task`)) {
    const more = await Deno.readTextFile(`/proc/${Deno.pid}/task/${name}/children`).catch(() => "");
    others.push(...more.split(" "));
  }
  for (const child of [...children.split(" "), ...others].filter((pid) => pid !== "")) {
    const command = await Deno.readTextFile(`/proc/${child}/cmdline`).catch(() => "");
    if (command.split("\0").includes(bundle)) return Number(child);
  }
  throw new Error("The gateway's process is not there");
}
