import { relative } from "node:path";
import { join as joinInside } from "node:path/posix";
import { inspectAll } from "../engine/inspect.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { type Client, endClientOnSignal, startClient } from "./attach.ts";
import { planClientEnv } from "./client_config.ts";
import { openSessionGuard } from "./guard.ts";
import { applyHandover, type Handover, isHandoverNeeded } from "./handover.ts";
import {
  type ContainerEnd,
  decideOutcome,
  type InspectedState,
  parseContainerEnd,
} from "./outcome.ts";
import { watchSessionMasks } from "./mask_watch.ts";
import { planCommand } from "./plan.ts";
import type { PreparedCage } from "./prepare.ts";
import { planPublish } from "./publish.ts";
import { resolveSecrets } from "./secrets.ts";
import { containerName, planRunArgs, planTerminalEnv, type SessionSpec } from "./session_plan.ts";
import { openSession } from "./sessions.ts";

/** What a session is asked to run. */
export type SessionRequest = {
  args: readonly string[];
  /** A shell in the agent's cage instead of the agent. */
  shell: boolean;
  /** A command line in place of the agent's, for example its login. */
  command?: readonly string[];
};

/** What a session needs from outside. */
export type SessionContext = {
  host: Host;
  io: Io;
  /** While held, signals to this process are the session's business. */
  takeSignals(): Disposable;
};

/** How long a container may take to run after its client started, in milliseconds. */
const HANDOVER_TIMEOUT_MS = 60_000;

/**
 * Runs one session to its end: the terminal belongs to the agent, the exit code is the agent's.
 * Whatever happens, the container goes before the record of the session does.
 *
 * @returns The agent's exit code.
 * @throws {UserError} If the agent never ran.
 */
export async function runSession(
  cage: PreparedCage,
  request: SessionRequest,
  options: { context: SessionContext },
): Promise<number> {
  const { context } = options;
  const handover = observeHandover(cage, { request, context });
  const spec = await planSession(cage, request, { context, handover });
  const container = containerName(spec);
  using _signals = context.takeSignals();
  using session = await openSession(context.host.stateDir, {
    schema: 1,
    id: spec.sessionId,
    cageId: cage.id,
    service: cage.service.name,
    container,
    engine: cage.engine.title,
    publishes: spec.publish,
    startedAt: new Date().toISOString(),
    clientPid: Deno.pid,
  });
  const guard = await openSessionGuard(cage, { stateDir: context.host.stateDir, io: context.io });
  const ended = new AbortController();
  const watched = {
    container,
    masks: cage.workspace.watched,
    roots: cage.workspace.roots,
    patterns: cage.config.workspace,
    attended: spec.tty,
  };
  const watching = watchSessionMasks(watched, {
    engine: cage.engine,
    io: context.io,
    signal: ended.signal,
    nowMs: Date.now,
  });
  try {
    const client = await openClient(cage, spec, { stateDir: context.host.stateDir });
    using _ending = endClientOnSignal(client, () => removeContainer(cage, container));
    const clientCode = await waitForClient(client, { cage, container, handover });
    const end: ContainerEnd = clientCode === 0
      ? { kind: "exited", code: 0, oomKilled: false }
      : parseContainerEnd(await findState(cage, container));
    const outcome = decideOutcome(end, {
      clientCode,
      service: cage.service.title,
      memory: cage.config.limits.memory,
      ports: cage.config.ports,
    });
    if (outcome.note !== undefined) context.io.warn(outcome.note);
    return outcome.code;
  } finally {
    ended.abort();
    // An engine that is gone throws here, and the record stays for the next command to settle.
    await removeContainer(cage, container);
    await watching;
    await guard.close();
    await session.forget();
  }
}

async function openClient(
  cage: PreparedCage,
  spec: SessionSpec,
  options: { stateDir: string },
): Promise<Client> {
  const command = cage.engine.composeCommand(planRunArgs(spec));
  const env = spec.tty ? await planClientEnv(options.stateDir, cage.engine.url) : {};
  return startClient({ ...command, env: { ...command.env, ...env } });
}

function observeHandover(
  cage: PreparedCage,
  session: { request: SessionRequest; context: SessionContext },
): Handover {
  const { host, io } = session.context;
  const { values, missing } = resolveSecrets(cage.config.secrets, host.env);
  if (missing.length > 0) io.warn(`Not set on this machine: ${missing.join(", ")}`);
  // A debug shell is where a setup line that fails is looked into.
  return { secrets: values, setup: session.request.shell ? [] : cage.config.setup };
}

async function planSession(
  cage: PreparedCage,
  request: SessionRequest,
  options: { context: SessionContext; handover: Handover },
): Promise<SessionSpec> {
  const { host, io } = options.context;
  const tty = host.tty.stdin && host.tty.stdout;
  return {
    cageId: cage.id,
    sessionId: crypto.randomUUID().slice(0, 8),
    service: cage.service.name,
    composePath: cage.composePath,
    command: request.command ?? planCommand(cage.service, request),
    workdir: planWorkdir(cage, host.cwd),
    tty,
    publish: await planPublish(
      { id: cage.id, ports: cage.config.ports },
      { stateDir: host.stateDir, io },
    ),
    handover: isHandoverNeeded(options.handover),
    env: planTerminalEnv(host.env, tty),
  };
}

/** The same directory inside as the user stands in, or the project's root from anywhere else. */
function planWorkdir(cage: PreparedCage, cwd: string): string {
  const below = relative(cage.project.path, cwd);
  const outside = below === "" || below.startsWith("..") || below.includes(":");
  return outside
    ? cage.workspace.insidePath
    : joinInside(cage.workspace.insidePath, below.replaceAll("\\", "/"));
}

/** Waits for the client; hands over secrets meanwhile, and gives up on the session if it cannot. */
async function waitForClient(
  client: Client,
  session: { cage: PreparedCage; container: string; handover: Handover },
): Promise<number> {
  const { cage, container, handover } = session;
  if (!isHandoverNeeded(handover)) return await client.exit;
  const ended = new AbortController();
  const exit = client.exit.finally(() => ended.abort());
  try {
    await applyHandover(container, handover, {
      engine: cage.engine,
      timeoutMs: HANDOVER_TIMEOUT_MS,
      signal: ended.signal,
    });
  } catch (error) {
    client.signal("SIGTERM");
    await exit;
    throw error;
  }
  return await exit;
}

async function findState(
  cage: PreparedCage,
  container: string,
): Promise<InspectedState | undefined> {
  const found = (await inspectAll(cage.engine, [container])).get(container);
  return found?.raw.State as InspectedState | undefined;
}

// --force also ends an agent whose client was detached or cut off; absent is fine, and then docker
// says so with an exit code that does not matter here.
async function removeContainer(cage: PreparedCage, container: string): Promise<void> {
  await cage.engine.docker(["rm", "--force", "--volumes", container]);
}
