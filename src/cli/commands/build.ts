import { loadConfig } from "../../config/layers.ts";
import type { Config } from "../../config/schema.ts";
import { requireTrust } from "../../config/trust.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { Engine } from "../../engine/engine.ts";
import { ensureAllImages } from "../../image/build.ts";
import { planGatewayImage } from "../../image/gateway.ts";
import { observeImageFacts } from "../../image/observe.ts";
import { planImages } from "../../image/recipe.ts";
import type { ImageFacts } from "../../image/spec.ts";
import { findProject } from "../../project/root.ts";
import { findInstalledServices } from "../../service/installed.ts";
import { enabledServices, resolveService } from "../../service/registry.ts";
import type { CommandContext } from "../context.ts";
import { formatJson, formatTable } from "../output.ts";

/** What `sandcage build` was asked for. */
export type BuildOptions = {
  /** Names of services; none means every enabled one. */
  services: string[];
  noCache: boolean;
  pull: boolean;
  /** The images of ACP sessions. */
  acp: boolean;
  path?: string;
  json?: boolean;
};

/** `sandcage build`: brings about the images of the services and prints their references. */
export async function runBuild(options: BuildOptions, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const { config, engine, facts } = await observeImages(options, context);
  const source = { ...config, installed: await findInstalledServices(host.stateDir) };
  const services = options.services.length === 0
    ? enabledServices(source)
    : [...new Set(options.services)].map((name) => resolveService(name, source));
  const plans = services.map((service) => planImages({ config, service, facts, acp: options.acp }));
  const { noCache, pull } = options;
  const gateways = config.network.mode === "allowlist"
    ? [await planGatewayImage({ config, facts })]
    : [];
  await ensureAllImages([...plans, ...gateways], { engine, host, io, noCache, pull });
  const built = services.map(({ name }, index) => ({
    service: name,
    image: plans[index]!.final.ref,
  }));
  if (options.json === true) return io.out(formatJson(built));
  const rows = built.map(({ service, image }) => [service, image]);
  io.out(formatTable(["SERVICE", "IMAGE"], rows, { color: io.color }));
}

/** What planning images needs of a project: its trusted configuration and what was observed. */
export type ImageGround = {
  projectPath: string;
  config: Config;
  engine: Engine;
  facts: ImageFacts;
};

/**
 * Loads a project and looks at everything its images depend on.
 *
 * @throws {UserError} If the project, its configuration, its trust or the engine is not in order.
 */
export async function observeImages(
  options: { path?: string },
  context: CommandContext,
): Promise<ImageGround> {
  const { host, io, engineContext } = context;
  const { path } = options;
  const project = await findProject({ host, ...(path === undefined ? {} : { path }) });
  const loaded = await loadConfig(project.path, { host });
  const { config } = loaded;
  await requireTrust(loaded, { host, io, projectPath: project.path });
  const engine = await connectEngine({ host, context: engineContext ?? config.engine.context });
  const facts = await observeImageFacts(config, { host, engine, projectPath: project.path });
  return { projectPath: project.path, config, engine, facts };
}
