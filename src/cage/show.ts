import type { Config } from "../config/schema.ts";
import { enabledServices } from "../service/registry.ts";
import { type ComposeDocument, formatComposeFile } from "./compose_document.ts";
import { type CageContext, type CageDraft, draftCage, locateCage, planSite } from "./prepare.ts";

/**
 * The compose document of a cage with every enabled service, as it would be started now. Makes
 * nothing: no image is built, no volume made.
 */
export async function showCompose(
  config: Pick<Config, "services">,
  options: { path?: string; context: CageContext },
): Promise<string> {
  const drafts: CageDraft[] = [];
  for (const { name } of enabledServices(config)) {
    const site = await locateCage({ service: name, path: options.path }, options.context);
    const planned = await planSite(site, options.context);
    drafts.push(await draftCage(planned, options.context));
  }
  const documents = drafts.map(({ document }) => document);
  return await formatComposeFile(mergeDocuments(documents));
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
