import assert from "node:assert/strict";
import { join } from "node:path";
import { connectEngine } from "../../../src/engine/connect.ts";
import { openExec } from "../../../src/engine/exec.ts";
import { observeHost } from "../../../src/host.ts";
import type { AuditLine } from "../../../src/policy/audit.ts";
import { LABEL } from "../../../src/names.ts";
import { docker } from "../../../tools/engine_state.ts";
import { waitFor } from "./files.ts";
import { PROBE_COMMAND } from "../../../src/verify/internet/programs.ts";
import type { Internet } from "./internet/internet.ts";
import type { Outcomes } from "../../../src/verify/internet/outcomes.ts";
import { openProber, type Prober } from "../../../src/verify/internet/prober.ts";
import type { Probe } from "../../../src/verify/internet/probe/types.ts";
import type { Running } from "./sandcage.ts";
import { makeWorld, type World, type WorldOptions } from "./world.ts";

/** A world whose cages reach an internet of the test's own, and nothing else. */
export type CagedWorld = World & {
  /** The session that all tests of this world share; it is started when the first one asks. */
  session(): Promise<IdleSession>;
  /** Runs probes in the shared session, as the agent. */
  probe(probes: readonly Probe[]): Promise<Outcomes>;
  /** Starts a session of one's own that does nothing until it is ended. */
  idle(): Promise<IdleSession>;
  /** Every decision on record so far: of a session that runs, the last ones are on their way. */
  audit(): Promise<AuditLine[]>;
};

/** A running session. */
export type IdleSession = AsyncDisposable & {
  child: Running;
  /** Names of its containers. */
  agent: string;
  gateway: string;
  /** Runs probes in the running session, as the agent. */
  probe(probes: readonly Probe[]): Promise<Outcomes>;
  /** Starts a program in it; resolves when the program said something. It ends with the session. */
  background(command: readonly string[]): Promise<void>;
};

/** What differs from an ordinary one. */
export type CagedOptions = Omit<WorldOptions, "network"> & {
  /** Lines of `[network]` besides those that lead to the internet. */
  network?: string;
  /** Services whose images are built. Defaults to the shell alone. */
  services?: readonly string[];
  /** Variables of the host, for secrets. */
  env?: Record<string, string>;
};

/** Building the images of a cage that trusts the tests' authority, on a machine that never did. */
const BUILD_MS = 600_000;

/** Makes the world and its images. */
export async function makeCaged(
  name: string,
  internet: Internet,
  options: CagedOptions = {},
): Promise<CagedWorld> {
  const { network = "", env = {}, services = ["shell"], ...rest } = options;
  const world = await makeWorld(name, { ...rest, network: internet.config(network) });
  Object.assign(world.env, {
    NODE_EXTRA_CA_CERTS: internet.caFile,
    // The machine's own way out is not that of this internet.
    ...Object.fromEntries(PROXIES.map((variable) => [variable, ""])),
    ...env,
  });
  const built = await world.sandcage(["build", ...services], { timeoutMs: BUILD_MS });
  assert.equal(built.code, 0, built.stderr);
  let shared: Promise<IdleSession> | undefined;
  const session = () => shared ??= startIdle(world);
  return {
    ...world,
    session,
    probe: async (probes) => await (await session()).probe(probes),
    idle: () => startIdle(world),
    audit: () => readAudit(world),
    async [Symbol.asyncDispose]() {
      await using _world = world;
      await (await shared?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
  .flatMap((variable) => [variable, variable.toLowerCase()]);

async function startIdle(world: World): Promise<IdleSession> {
  const marker = `.started-${crypto.randomUUID().slice(0, 8)}`;
  const child = world.spawn(["shell", "--", "sh", "-c", `touch ${marker}; exec sleep 1000`]);
  const early: { end?: { code: number; stderr: string } } = {};
  child.ended.then((end) => early.end = end);
  await waitFor("the session", async () => {
    if (early.end !== undefined) throw new Error(`The session ended: ${early.end.stderr}`);
    return (await Deno.stat(join(world.project, marker)).catch(() => undefined)) && true;
  });
  const session = await findSession(world);
  const programs: Deno.ChildProcess[] = [];
  let prober: Promise<Prober> | undefined;
  return {
    child,
    ...session,
    probe: async (probes) => await (await (prober ??= startProber(session.agent))).run(probes),
    async background(command) {
      const args = ["exec", session.agent, ...command];
      const program = new Deno.Command("docker", { args, stdout: "piped", stderr: "null" }).spawn();
      programs.push(program);
      const reader = program.stdout.getReader();
      const { done } = await reader.read();
      await reader.cancel();
      if (done) throw new Error(`docker ${args.join(" ")} said nothing`);
    },
    async [Symbol.asyncDispose]() {
      await (await prober?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await child.end("SIGTERM");
      for (const program of programs) await program.status;
    },
  };
}

async function startProber(container: string): Promise<Prober> {
  const engine = await connectEngine({ host: observeHost(), context: undefined });
  return openProber(await openExec(engine, { container, command: PROBE_COMMAND }));
}

/** The containers of the newest session of a world. */
async function findSession(world: World): Promise<{ agent: string; gateway: string }> {
  const format = `{{.Names}}\t{{.Label "${LABEL.role}"}}\t{{.Label "${LABEL.project}"}}`;
  const rows = (await docker(["ps", "--filter", `label=${LABEL.managed}=true`, "--format", format]))
    .split("\n").map((line) => line.split("\t"))
    .filter(([, , project]) => project === world.project);
  const find = (role: string) => {
    const row = rows.find(([, label]) => label === role);
    if (row === undefined) throw new Error(`No ${role} among ${JSON.stringify(rows)}`);
    return row[0]!;
  };
  return { agent: find("agent"), gateway: find("gateway") };
}

async function readAudit(world: World): Promise<AuditLine[]> {
  const cages = join(world.state, "cages");
  const lines: AuditLine[] = [];
  for await (const { name } of Deno.readDir(cages)) {
    const text = await Deno.readTextFile(join(cages, name, "audit.jsonl")).catch(() => "");
    // What follows the last newline is being written.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    lines.push(...whole.split("\n").filter(Boolean).map((line) => JSON.parse(line)));
  }
  return lines;
}
