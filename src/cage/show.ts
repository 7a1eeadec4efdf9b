import type { Config } from "../config/schema.ts";
import { findInstalledServices } from "../service/installed.ts";
import { enabledServices } from "../service/registry.ts";
import { gatewayEnv } from "../image/env.ts";
import { type ComposeDocument, formatComposeFile } from "./compose_document.ts";
import { type GatewayFacts, planCage } from "./plan.ts";
import { type CageContext, type CageDraft, draftCage, locateCage, planSite } from "./prepare.ts";
import { planEgress } from "./resources.ts";
import { sessionNetworkName } from "./session_network.ts";
import { planSubnet } from "./subnet.ts";

/** Stands for a session's id where there is none. */
const EXAMPLE_ID = "00000000";

/**
 * The compose document of a cage with every enabled service, as it would be started now. Makes
 * nothing: no image is built, no volume made.
 */
export async function showCompose(
  config: Pick<Config, "services">,
  options: { path?: string; context: CageContext },
): Promise<string> {
  const drafts: CageDraft[] = [];
  const installed = await findInstalledServices(options.context.host.stateDir);
  for (const { name } of enabledServices({ ...config, installed })) {
    const site = await locateCage({ service: name, path: options.path }, options.context);
    const planned = await planSite(site, options.context);
    drafts.push(await draftCage(planned, options.context));
  }
  const documents = drafts.map((draft) =>
    planCage(draft.config, {
      services: [draft.service],
      facts: { ...draft.facts, ...exampleGateway(draft) },
    })
  );
  return await formatComposeFile(mergeDocuments(documents));
}

/** The gateway as a session would have it; each session has addresses and a network of its own. */
function exampleGateway(draft: CageDraft): { gateways?: ReadonlyMap<string, GatewayFacts> } {
  if (draft.gateway === undefined) return {};
  const network = {
    ...planSubnet(draft.config.network.pool, 0),
    name: sessionNetworkName(EXAMPLE_ID),
  };
  const facts: GatewayFacts = {
    image: draft.gateway.final.ref,
    network,
    egress: draft.config.network.egress ?? planEgress(draft.facts.flavor, draft.id).name,
    env: gatewayEnv({ address: network.gateway, ca: "" }),
  };
  return { gateways: new Map([[draft.service.name, facts]]) };
}

/** Joins the documents of one cage's services. Pure. */
export function mergeDocuments(documents: readonly ComposeDocument[]): ComposeDocument {
  const [first] = documents;
  if (first === undefined) throw new Error("No service to show");
  const networks = Object.assign({}, ...documents.map((document) => document.networks));
  return {
    name: first.name,
    services: Object.assign({}, ...documents.map(({ services }) => services)),
    volumes: Object.assign({}, ...documents.map(({ volumes }) => volumes)),
    ...(Object.keys(networks).length === 0 ? {} : { networks }),
  };
}
