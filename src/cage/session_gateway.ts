import { loadConfig } from "../config/layers.ts";
import { requireTrust } from "../config/trust.ts";
import { EXIT, UserError } from "../errors.ts";
import { writeFileAtomic } from "../files.ts";
import type { Host } from "../host.ts";
import { gatewayEnv } from "../image/env.ts";
import { type Io, SILENT_IO } from "../io.ts";
import type { GatewaySettings } from "../policy/protocol.ts";
import { findInstalledServices } from "../service/installed.ts";
import { resolveService } from "../service/registry.ts";
import { openAuditLog } from "./audit_log.ts";
import { findCageCa, writeCageCa } from "./cage_ca.ts";
import { escapeInterpolation } from "./compose_document.ts";
import { type ApplyResult, openGateway, type SessionGateway } from "./gateway.ts";
import { startGatewayProcess } from "./gateway_process.ts";
import { type GatewayFacts, planCage } from "./plan.ts";
import { planPorts } from "./ports.ts";
import type { PreparedCage } from "./prepare.ts";
import { findPresetRules } from "./presets.ts";
import { formatRecap } from "./recap.ts";
import { watchReload } from "./reload_watch.ts";
import { planEgress } from "./resources.ts";
import {
  makeSessionNetwork,
  observeRoutes,
  removeSessionNetwork,
  type SessionNetwork,
} from "./session_network.ts";
import { gatewayName, planGatewayArgs, type SessionSpec } from "./session_plan.ts";
import { observePolicy } from "./session_policy.ts";
import { removeContainer } from "./remove_container.ts";
import { planUpstreamProxy } from "./upstream_proxy.ts";

/** The way out of one session, for as long as it lasts. */
export type SessionOutlet = {
  /** Never resolves; rejects when the gateway could not be started. */
  failed: Promise<never>;
  /**
   * Ends the gateway with all its events on disk, and removes the network once the agent's container
   * is gone, too.
   */
  close(agentGone: Promise<void>): Promise<void>;
  /** What it refused, for the person; after {@link close}. */
  recap(): string | undefined;
};

/** Writes the compose file of a session. Its gateway, in mode `allowlist`, has its facts already. */
export async function writeSessionCompose(
  cage: PreparedCage,
  spec: Pick<SessionSpec, "composePath">,
  options: { gateway?: GatewayFacts },
): Promise<void> {
  const { gateway } = options;
  const { service } = cage;
  const document = planCage(cage.config, {
    services: [service],
    facts: {
      ...cage.facts,
      ...(gateway === undefined ? {} : { gateways: new Map([[service.name, gateway]]) }),
    },
  });
  await writeFileAtomic(spec.composePath, JSON.stringify(escapeInterpolation(document)) + "\n");
}

/**
 * Opens the way out of a session: its network, its gateway with policy and secrets, its compose
 * file. The gateway may still be starting when this returns: the agent's entry program waits for it.
 *
 * @throws {UserError} If the network cannot be made or the policy is refused.
 */
export async function openSessionGateway(
  cage: PreparedCage,
  spec: SessionSpec,
  { host, io }: { host: Host; io: Pick<Io, "warn" | "progress"> },
): Promise<SessionOutlet> {
  const { engine, config } = cage;
  const container = gatewayName(spec);
  const presets = await findPresetRules(config.network.presets, { cage, host, io });
  const [policy, network, ca] = await Promise.all([
    observePolicy(cage, { host, presets, version: 1 }),
    observeRoutes().then((routes) =>
      makeSessionNetwork(config.network.pool, {
        cageId: cage.id,
        sessionId: spec.sessionId,
        engine,
        routes,
      })
    ),
    findCageCa(cage.dir, Date.now()),
  ]);
  for (const { name, why } of policy.missing) io.warn(`No value for ${name}: ${why}`);
  const write = (certificate: string) =>
    writeSessionCompose(cage, spec, {
      gateway: planFacts(cage, { network, placeholders: policy.placeholders, certificate }),
    });
  await write(ca?.certificate ?? "");
  const clear = () => removeContainer(container, { engine });
  const gateway = openGateway({
    settings: planSettings(cage, { network, host, io, ca: ca ?? null }),
    policy: policy.document,
    identity: { cage: cage.id, service: cage.service.name, session: spec.sessionId },
    log: openAuditLog(cage.dir),
    start: (onMessage) =>
      startGatewayProcess(engine.composeCommand(planGatewayArgs(spec)), onMessage),
    clear,
  });
  const ended = new AbortController();
  const close = async (agentGone: Promise<void>) => {
    ended.abort();
    await Promise.all([gateway.close(), agentGone]);
    await removeSessionNetwork(network.name, engine);
  };
  try {
    if (ca === undefined) {
      const made = await gateway.ready;
      if (made === undefined) throw new Error("The gateway made no authority");
      await writeCageCa(cage.dir, made, { nowMs: Date.now() });
      await write(made.certificate);
    }
  } catch (error) {
    await close(Promise.resolve());
    throw error;
  }
  const refused: string[] = [];
  const watching = watchReload({
    stateDir: host.stateDir,
    projectPath: cage.project.path,
    session: { id: spec.sessionId, cageId: cage.id },
  }, {
    signal: ended.signal,
    reload: planReload(cage, { host, io, gateway }),
    onRefused: (problems) => refused.push(...problems),
  });
  return {
    failed: gateway.ready.then(() => new Promise<never>(() => {})),
    async close(agentGone) {
      await close(agentGone);
      await watching;
    },
    recap() {
      const lines = [
        ...refused.slice(-1).map((problem) => `a change was not taken over: ${problem}`),
        formatRecap(gateway.denials()),
      ].filter((line) => line !== undefined);
      return lines.length === 0 ? undefined : lines.join("\n");
    },
  };
}

function planFacts(
  cage: PreparedCage,
  given: {
    network: SessionNetwork;
    placeholders: ReadonlyMap<string, string>;
    certificate: string;
  },
): GatewayFacts {
  return {
    image: cage.gateway!.final.ref,
    network: given.network,
    egress: cage.config.network.egress ?? planEgress(cage.facts.flavor, cage.id).name,
    env: {
      ...Object.fromEntries(given.placeholders),
      ...gatewayEnv({ address: given.network.gateway, ca: given.certificate }),
    },
  };
}

function planSettings(
  cage: PreparedCage,
  given: {
    network: SessionNetwork;
    host: Host;
    io: Pick<Io, "warn">;
    ca: GatewaySettings["ca"];
  },
): GatewaySettings {
  const proxy = planUpstreamProxy(given.host.env);
  if (proxy?.problem !== undefined) given.io.warn(proxy.problem);
  return {
    address: given.network.gateway,
    agent: given.network.agent,
    inbound: planPorts(cage.config.ports).map((port) => port.cage),
    dns: [...cage.config.network.dns],
    upstreamProxy: proxy?.settings ?? null,
    extraCa: [...cage.hostCa],
    ca: given.ca,
  };
}

/**
 * What a reload does: reads the configuration again, with the same gate as at the start, and puts
 * the new policy in force. Mounts, limits and environment stay as the session was started with.
 */
function planReload(
  cage: PreparedCage,
  options: {
    host: Host;
    io: Pick<Io, "warn">;
    gateway: SessionGateway;
  },
): () => Promise<ApplyResult> {
  const { host, gateway } = options;
  // Nobody can be asked while the terminal is the agent's: what is not trusted is refused.
  const io: Io = { ...SILENT_IO, warn: (text) => options.io.warn(text) };
  let version = 1;
  return async () => {
    const projectPath = cage.project.path;
    const loaded = await loadConfig(projectPath, { host });
    await requireTrust(loaded, { host, io, projectPath });
    const { config } = loaded;
    if (config.network.mode !== "allowlist") {
      throw new UserError(`network.mode is ${config.network.mode} now`, {
        hint: "The way out of a running session stays what it is: start the session again",
        exit: EXIT.config,
        code: "config-invalid",
      });
    }
    const installed = await findInstalledServices(host.stateDir);
    const service = resolveService(cage.service.name, { ...config, installed });
    const presets = await findPresetRules(config.network.presets, { cage, host, io });
    const policy = await observePolicy({ config, service }, {
      host,
      presets,
      version: ++version,
    });
    return await gateway.apply(policy.document);
  };
}
