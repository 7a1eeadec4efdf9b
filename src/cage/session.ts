import { relative } from "node:path";
import { join as joinInside } from "node:path/posix";
import { inspectAll } from "../engine/inspect.ts";
import { run } from "../engine/process.ts";
import { EXIT } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { INSIDE_ENV } from "../names.ts";
import { resolveSecrets } from "../secrets/sources.ts";
import {
  type Client,
  type ClientCommand,
  endClientOnSignal,
  hearEarlySignals,
  startClient,
} from "./attach.ts";
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
import { openSessionGateway, type SessionOutlet, writeSessionCompose } from "./session_gateway.ts";
import { sessionNetworkName } from "./session_network.ts";
import {
  containerName,
  gatewayName,
  planRunArgs,
  planTerminalEnv,
  type SessionSpec,
} from "./session_plan.ts";
import { removeContainer } from "./remove_container.ts";
import { openSession, sessionComposePath } from "./sessions.ts";

/** What a session is asked to run. */
export type SessionRequest = {
  args: readonly string[];
  /** A shell in the agent's cage instead of the agent. */
  shell: boolean;
  /** A command line in place of the agent's, for example its login. */
  command?: readonly string[];
  /** What attaches its client in place of the terminal; there is none then. */
  attach?: Attachment;
  /** Nobody has asked for it yet: it publishes no ports, which somebody else may want. */
  isAhead?: boolean;
  /** What its client keeps running unattended, as it goes on record; its input is empty. */
  held?: string;
  /** Told how its container ended, before it is removed; not when it was removed by force. */
  onEnd?(found: { end: ContainerEnd; clientCode: number }): void;
};

/** How a client is attached that is not this process's terminal. The agent ends with its input. */
export type Attachment = {
  /** The command only starts the container, and {@link open} attaches to it. */
  detached: boolean;
  open(command: ClientCommand, session: { container: string; sessionId: string }): Client;
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
  const handover = await observeHandover(cage, { request, context });
  const spec = await planSession(cage, request, { context, handover });
  const container = containerName(spec);
  using _signals = context.takeSignals();
  using early = hearEarlySignals();
  using session = await openSession(context.host.stateDir, {
    schema: 1,
    id: spec.sessionId,
    cageId: cage.id,
    service: cage.service.name,
    container,
    ...(spec.gateway
      ? { gateway: gatewayName(spec), network: sessionNetworkName(spec.sessionId) }
      : {}),
    engine: cage.engine.title,
    publishes: spec.publish,
    ...(request.held === undefined ? {} : { held: request.held }),
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
  let outlet: SessionOutlet | undefined;
  try {
    outlet = await openOutlet(cage, spec, context);
    const earlyCode = early.code();
    if (earlyCode !== undefined) return earlyCode;
    const client = await openClient(cage, spec, {
      stateDir: context.host.stateDir,
      open: request.attach?.open ?? startClient,
    });
    // What came while it was opened, nobody has passed on.
    if (early.code() !== undefined) client.signal("SIGTERM");
    let isForced = false;
    using _ending = endClientOnSignal(client, {
      // Nobody types at a client that is no terminal: whoever interrupts it wants its end.
      interrupt: request.attach === undefined ? "word" : "end",
      async removeContainer() {
        isForced = true;
        await removeContainer(container, cage);
      },
    });
    const clientCode = await Promise.race([
      waitForClient(client, { cage, container, handover }),
      outlet?.failed ?? new Promise<never>(() => {}),
    ]);
    // It was asked to end and did not: what is left of it says nothing.
    if (isForced) return EXIT.terminated;
    const end: ContainerEnd = clientCode === 0
      ? { kind: "exited", code: 0, oomKilled: false }
      : parseContainerEnd(await findState(cage, container));
    request.onEnd?.({ end, clientCode });
    // Whoever ended it before it ran need not be told that it did not.
    const endedEarly = end.kind === "absent" || end.kind === "created" ? early.code() : undefined;
    if (endedEarly !== undefined) return endedEarly;
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
    const agentGone = removeContainer(container, cage);
    await Promise.all([agentGone, outlet?.close(agentGone)]);
    await watching;
    await guard.close();
    await session.forget();
    const recap = outlet?.recap();
    if (recap !== undefined) context.io.warn(recap);
  }
}

/** Connects a session: with a gateway where the mode asks for one, else with its compose file only. */
async function openOutlet(
  cage: PreparedCage,
  spec: SessionSpec,
  context: SessionContext,
): Promise<SessionOutlet | undefined> {
  if (spec.gateway) return await openSessionGateway(cage, spec, context);
  await writeSessionCompose(cage, spec, {});
  return undefined;
}

async function openClient(
  cage: PreparedCage,
  spec: SessionSpec,
  options: { stateDir: string; open: Attachment["open"] },
): Promise<Client> {
  const command = cage.engine.composeCommand(planRunArgs(spec));
  const env = spec.tty ? await planClientEnv(options.stateDir, cage.engine.url) : {};
  return options.open({ ...command, env: { ...command.env, ...env } }, {
    container: containerName(spec),
    sessionId: spec.sessionId,
  });
}

async function observeHandover(
  cage: PreparedCage,
  session: { request: SessionRequest; context: SessionContext },
): Promise<Handover> {
  // A debug shell is where a setup line that fails is looked into.
  const setup = session.request.shell ? [] : cage.config.setup;
  // With a gateway the agent has placeholders, and they are no secret.
  if (cage.config.network.mode === "allowlist") return { secrets: new Map(), setup };
  const { host, io } = session.context;
  const { values, missing } = await resolveSecrets(cage.config.secrets, {
    host,
    run,
    stateDir: host.stateDir,
  });
  for (const { name, why } of missing) io.warn(`No value for ${name}: ${why}`);
  return { secrets: values, setup };
}

async function planSession(
  cage: PreparedCage,
  request: SessionRequest,
  options: { context: SessionContext; handover: Handover },
): Promise<SessionSpec> {
  const { host, io } = options.context;
  const tty = request.attach === undefined && host.tty.stdin && host.tty.stdout;
  const sessionId = crypto.randomUUID().slice(0, 8);
  return {
    cageId: cage.id,
    sessionId,
    service: cage.service.name,
    composePath: sessionComposePath(host.stateDir, { id: sessionId, cageId: cage.id }),
    command: request.command ?? planCommand(cage.service, request),
    workdir: planWorkdir(cage, host.cwd),
    tty,
    detached: request.attach?.detached === true,
    publish: request.isAhead !== true && await planPublish(
      { id: cage.id, ports: cage.config.ports },
      { stateDir: host.stateDir, io },
    ),
    handover: isHandoverNeeded(options.handover),
    gateway: cage.config.network.mode === "allowlist",
    env: request.attach === undefined || request.held !== undefined
      ? planTerminalEnv(host.env, tty)
      : { [INSIDE_ENV.relayed]: "1" },
  };
}

/** The same directory inside as the user stands in, or the project's root from anywhere else. */
function planWorkdir(cage: PreparedCage, cwd: string): string {
  // The engine makes a directory that is missing, as root: in a volume it would stay.
  if (cage.copy !== undefined) return cage.workspace.insidePath;
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
