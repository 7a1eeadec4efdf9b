import { IMAGE, INSIDE, LABEL } from "../names.ts";
import type { ServiceDefinition, ServicePayload } from "../service/definition.ts";
import { draftPayload } from "./agent.ts";
import { planBase } from "./base_layer.ts";
import { type DeskTools, draftDesk } from "./desk.ts";
import { acpDir, agentDir } from "./env.ts";
import {
  type ImageConfig,
  type ImageFacts,
  type ImagePlan,
  type ImageSpec,
  nameImage,
} from "./spec.ts";
import { formatStep, NPM_MOUNTS, stepFiles } from "./steps.ts";
import { planTools } from "./tools_layer.ts";

/**
 * Plans the images of one service in one project: base, then the project's tools, then the agent,
 * for a session of ACP what speaks it in a layer on top. Agent and adapter are installed once for
 * each version, whatever projects there are, and copied from there.
 * Pure; a plan takes well under 10 ms.
 *
 * @param options.acp The session speaks ACP. Defaults to false.
 * @param options.desk What people attach to is in a layer on top; not together with `acp`.
 *
 * @throws {UserError} With code `config-invalid`, for toolchains or a Dockerfile that cannot work.
 */
export function planImages(
  options: {
    config: ImageConfig;
    service: ServiceDefinition;
    facts: ImageFacts;
    acp?: boolean;
    desk?: DeskTools;
  },
): ImagePlan {
  const { config, service, facts } = options;
  const base = planBase(config, facts);
  const tools = planTools(config, { base, facts });
  const images = [base, ...tools];
  const parent = images.at(-1)!;
  const { npm, acp } = service.install ?? {};
  const home = {
    service,
    repository: `${IMAGE.agentPrefix}${service.name}`,
    dir: agentDir(service.name),
    base,
  };
  const agent = service.payload !== undefined
    ? planPayload(service.payload, home)
    : npm === undefined
    ? undefined
    : planInstall(npm, home);
  if (agent !== undefined) images.push(agent);
  // Without tools of the project's own, the agent's image is the parent already: nothing to copy.
  const plain = planService(
    service,
    agent !== undefined && tools.length === 0
      ? { parent: agent, user: facts.user }
      : { parent, agent, user: facts.user },
  );
  images.push(plain);
  const final = options.acp === true && acp !== undefined
    ? planAcp(acp, { service, plain, base, images })
    : options.desk !== undefined
    ? planDesk(options.desk, { service, plain, images })
    : plain;
  return {
    images,
    final,
    ...(agent === undefined ? {} : { agent }),
    proxies: facts.proxies,
    ...(facts.npmrc === undefined ? {} : { npmrc: facts.npmrc }),
    ...(facts.pipConf === undefined ? {} : { pipConf: facts.pipConf }),
  };
}

function planPayload(
  payload: ServicePayload,
  options: { service: ServiceDefinition; repository: string; dir: string; base: ImageSpec },
): ImageSpec {
  const { service, repository, dir, base } = options;
  return nameImage({
    repository,
    ...draftPayload(payload, { dir, base: base.ref }),
    labels: { [LABEL.service]: service.name },
  });
}

function planInstall(
  npm: string,
  options: { service: ServiceDefinition; repository: string; dir: string; base: ImageSpec },
): ImageSpec {
  const { service, repository, dir, base } = options;
  return nameImage({
    repository,
    dockerfile: `FROM ${base.ref}\n` +
      `${formatStep("agent-install", { mounts: NPM_MOUNTS, args: [dir, npm] })}\n`,
    files: stepFiles("agent-install"),
    labels: { [LABEL.service]: service.name },
    cause: npm,
  });
}

/** On top of the image every other session uses: they share all but this. */
function planAcp(
  npm: string,
  options: { service: ServiceDefinition; plain: ImageSpec; base: ImageSpec; images: ImageSpec[] },
): ImageSpec {
  const { service, plain, base, images } = options;
  const adapter = planInstall(npm, {
    service,
    repository: `${IMAGE.agentPrefix}${service.name}${IMAGE.acpSuffix}`,
    dir: acpDir(service.name),
    base,
  });
  const final = nameImage({
    repository: `${IMAGE.servicePrefix}${service.name}${IMAGE.acpSuffix}`,
    dockerfile: `FROM ${plain.ref}\n` +
      `COPY --from=${adapter.ref} ${INSIDE.agents} ${INSIDE.agents}\n`,
    labels: { [LABEL.service]: service.name },
    cause: `${service.title} with ${npm}`,
  });
  images.push(adapter, final);
  return final;
}

function planDesk(
  desk: DeskTools,
  options: { service: ServiceDefinition; plain: ImageSpec; images: ImageSpec[] },
): ImageSpec {
  const { service, plain, images } = options;
  const final = nameImage({
    repository: `${IMAGE.servicePrefix}${service.name}${IMAGE.deskSuffix}`,
    ...draftDesk(desk, { parent: plain.ref }),
    labels: { [LABEL.service]: service.name },
  });
  images.push(final);
  return final;
}

/** The top layer: the agent's files beside the project's tools, and the user who runs them. */
function planService(
  service: ServiceDefinition,
  options: { parent: ImageSpec; agent?: ImageSpec; user: ImageFacts["user"] },
): ImageSpec {
  const { parent, agent, user } = options;
  return nameImage({
    repository: `${IMAGE.servicePrefix}${service.name}`,
    // USER 0: the user's own Dockerfile may have ended as somebody else.
    dockerfile: `FROM ${parent.ref}\nUSER 0\n` +
      (agent === undefined ? "" : `COPY --from=${agent.ref} ${INSIDE.agents} ${INSIDE.agents}\n`) +
      `${formatStep("agent-user", { args: [`${user.uid}`, `${user.gid}`] })}\n`,
    files: stepFiles("agent-user"),
    labels: { [LABEL.service]: service.name },
    cause: `${service.title} for user ${user.uid}:${user.gid}`,
  });
}
