import { basename, join } from "node:path";
import { auditPath } from "../../cage/audit_log.ts";
import type { ApplyResult } from "../../cage/gateway.ts";
import type { PreparedCage } from "../../cage/prepare.ts";
import { requestReload } from "../../cage/reload.ts";
import type { SessionContext } from "../../cage/session.ts";
import { gatewayName } from "../../cage/session_plan.ts";
import type { Config } from "../../config/schema.ts";
import type { Engine } from "../../engine/engine.ts";
import { openExec, openRun } from "../../engine/exec.ts";
import { LABEL } from "../../names.ts";
import type { AuditLine } from "../../policy/audit.ts";
import { type IdleSession, openIdleSession } from "../idle_session.ts";
import { openScratch, type Scratch, type ScratchUse } from "../scratch.ts";
import { makeAuthority } from "./ca.ts";
import { type Internet, removeInternet, startInternet } from "./internet.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Probe } from "./probe/types.ts";
import { openProber, type Prober } from "./prober.ts";
import { PROBE_COMMAND } from "./programs.ts";

/**
 * Who runs probes: the agent; root of its container; or a container beside it on the same network
 * interfaces, with every right over them: what is left when all else has failed.
 */
export type ProbeUser = "agent" | "root" | "privileged";

/** A session of a guarded cage that does nothing but run probes. */
export type ProbedSession = IdleSession & {
  /** Name of its gateway's container. */
  gateway: string;
  probe(probes: readonly Probe[], user?: ProbeUser): Promise<Outcomes>;
  /** Has it look at its project's configuration, of which it holds nothing yet. */
  reload(): Promise<ApplyResult["outcome"]>;
};

/** The user's cage, led to an internet of its own: what decides where it may go is ours there. */
export type GuardedCage = AsyncDisposable & {
  internet: Internet;
  cage: PreparedCage;
  /** The session that cases share; started when the first one asks. */
  session(): Promise<ProbedSession>;
  /** A second one, for neighbours and for what cannot be put back; started when one asks. */
  spare(): Promise<ProbedSession>;
  /** Runs probes in the shared session, as the agent. */
  probe(probes: readonly Probe[]): Promise<Outcomes>;
  /** Starts one more session, of the same cage or of a changed one. */
  open(change?: (cage: PreparedCage) => PreparedCage): Promise<ProbedSession>;
  /** Every decision on record so far. */
  audit(): Promise<AuditLine[]>;
};

/** What is decided for the cage while it is tried. */
export type Guard = {
  /** Names its scratch. */
  name: string;
  network: Partial<Pick<Config["network"], "allow" | "block" | "passthrough" | "rate">>;
  secrets?: Config["secrets"];
  inspect?: Partial<Config["inspect"]>;
  /** Variables of the host, for its secrets. */
  env?: Readonly<Record<string, string>>;
  context: SessionContext;
};

/** Longest time until a session has looked at its configuration, in milliseconds. */
const RELOAD_MS = 10_000;

/** The scratch of a suite that makes an internet, and what goes when such a suite was killed. */
export function planGuardedScratch(name: string, engine: Pick<Engine, "docker">): ScratchUse {
  return { name, clear: (path) => removeInternet(nameInternet(path), engine) };
}

/** Opens an internet and the way to it. Nothing is asked of the cage before the first session. */
export async function openGuarded(cage: PreparedCage, guard: Guard): Promise<GuardedCage> {
  const { context } = guard;
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await openScratch(context.host.stateDir, guard));
  const internet = stack.use(await startFor(cage, scratch));
  const led = leadTo(cage, { internet, guard, dir: join(scratch.path, "cage") });
  const quiet = withoutProxies(context, guard.env ?? {});
  const open = (change: (cage: PreparedCage) => PreparedCage = (same) => same) =>
    openProbed(change(led), { context: quiet, ca: internet.ca });
  const [session, spare] = [openOnce(open), openOnce(open)];
  stack.defer(async () => {
    await Promise.all([session, spare].map((one) => one[Symbol.asyncDispose]()));
  });
  const owned = stack.move();
  return {
    internet,
    cage: led,
    session: session.get,
    spare: spare.get,
    probe: async (probes) => await (await session.get()).probe(probes),
    open,
    audit: () => readAudit(led.dir),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A session that is opened when the first one asks for it; disposing it ends it, if ever. */
function openOnce(
  open: () => Promise<ProbedSession>,
): AsyncDisposable & { get(): Promise<ProbedSession> } {
  let opened: Promise<ProbedSession> | undefined;
  return {
    get: () => opened ??= open(),
    async [Symbol.asyncDispose]() {
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

/** Names everything of the internet of one scratch. */
function nameInternet(path: string): string {
  return `sandcage-verify-${basename(path)}`;
}

async function startFor(cage: PreparedCage, { path }: Scratch): Promise<Internet> {
  return await startInternet({
    engine: cage.engine,
    image: cage.images.final.ref,
    dir: path,
    name: nameInternet(path),
    labels: [
      `${LABEL.managed}=true`,
      `${LABEL.cage}=${cage.id}`,
      `${LABEL.role}=verify`,
    ],
    ca: await makeAuthority("sandcage verify"),
  });
}

/** The same cage with another way out, and with an audit of its own. */
function leadTo(
  cage: PreparedCage,
  { internet, guard, dir }: { internet: Internet; guard: Guard; dir: string },
): PreparedCage {
  const { config } = cage;
  return {
    ...cage,
    dir,
    hostCa: [...cage.hostCa, internet.ca],
    // A service brings hosts of its own.
    service: { ...cage.service, domains: [] },
    // Nor does what changes in the project meanwhile reach the cage.
    project: { ...cage.project, path: join(dir, "project") },
    config: {
      ...config,
      ports: [],
      secrets: guard.secrets ?? {},
      inspect: { ...config.inspect, ...guard.inspect },
      network: {
        ...config.network,
        mode: "allowlist",
        presets: [],
        allow: [],
        block: [],
        passthrough: [],
        rate: null,
        ...guard.network,
        egress: internet.network,
        dns: [internet.dns],
      },
    },
  };
}

/** The machine's own way out is not that of this internet; what is refused is what is asked for. */
function withoutProxies(
  context: SessionContext,
  env: Readonly<Record<string, string>>,
): SessionContext {
  const { host, io } = context;
  const names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
  const kept = Object.entries(host.env).filter(([name]) => !names.includes(name.toLowerCase()));
  return {
    ...context,
    host: { ...host, env: { ...Object.fromEntries(kept), ...env } },
    io: { ...io, warn() {} },
  };
}

/** Where a session keeps what its probes trust: the cage's authorities and the internet's. */
const TRUSTED = "/tmp/verify-ca.pem";

/** Programs that make TLS connections in probes: each asks for its bundle in its own way. */
const TRUSTING = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

async function openProbed(
  cage: PreparedCage,
  { context, ca }: { context: SessionContext; ca: string },
): Promise<ProbedSession> {
  const session = await openIdleSession(cage, { first: ["true"], context });
  await session.run(["sh", "-c", `cat "$SSL_CERT_FILE" - > ${TRUSTED}`], {
    user: "agent",
    stdin: `\n${ca}`,
  });
  const probers = new Map<ProbeUser, Promise<Prober>>();
  const findProber = (user: ProbeUser) =>
    probers.getOrInsertComputed(user, () => startProber(session, { cage, user }));
  return {
    ...session,
    gateway: gatewayName({
      cageId: cage.id,
      sessionId: session.id,
      service: cage.service.name,
    }),
    async reload() {
      const [report] = await requestReload(context.host.stateDir, {
        cageId: cage.id,
        sessionId: session.id,
        timeoutMs: RELOAD_MS,
      });
      return report?.outcome ?? "silent";
    },
    probe: async (probes, user = "agent") => await (await findProber(user)).run(probes),
    async [Symbol.asyncDispose]() {
      await Promise.all(Array.from(probers.values(), async (prober) => {
        await (await prober.catch(() => undefined))?.[Symbol.asyncDispose]();
      }));
      await session[Symbol.asyncDispose]();
    },
  };
}

async function startProber(
  session: IdleSession,
  { cage, user }: { cage: PreparedCage; user: ProbeUser },
): Promise<Prober> {
  const { engine } = cage;
  if (user === "privileged") {
    const args = [...await planBeside(session, cage), ...PROBE_COMMAND.slice(1)];
    return openProber(openRun(engine, args));
  }
  return openProber(
    await openExec(engine, {
      container: session.container,
      command: ["env", ...TRUSTING.map((name) => `${name}=${TRUSTED}`), ...PROBE_COMMAND],
      ...(user === "root" ? { user: "0:0" } : {}),
    }),
  );
}

/** A container on the interfaces of a session, with every right over them. It ends by itself. */
async function planBeside(
  session: IdleSession,
  { id, images }: PreparedCage,
): Promise<string[]> {
  const proxy = await session.run(["printenv", "https_proxy"], { user: "agent" });
  return [
    ...["run", "--rm", "--interactive", "--network", `container:${session.container}`],
    ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.cage}=${id}`],
    ...["--label", `${LABEL.role}=verify`, "--user", "0:0"],
    ...["--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW"],
    ...["--env", `https_proxy=${proxy.trim()}`],
    ...["--entrypoint", PROBE_COMMAND[0]!, images.final.ref],
  ];
}

async function readAudit(dir: string): Promise<AuditLine[]> {
  const text = await Deno.readTextFile(auditPath(dir)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}
