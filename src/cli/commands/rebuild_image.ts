import { changeCopyRecord } from "../../copy/claim.ts";
import { requireFilled } from "../../copy/locate.ts";
import { findDockerfile } from "../../copy/source.ts";
import { locateCage, planSite } from "../../cage/prepare.ts";
import { listSessions } from "../../cage/sessions.ts";
import { ensureAllImages } from "../../image/build.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";

/** Whose image, and of what. */
export type RebuildOptions = { cage?: string | undefined; path?: string; dockerfile?: string };

/** `sandcage rebuild-image`: builds what a cage runs in again, from nothing. */
export async function runRebuildImage(
  options: RebuildOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io, signals } = context;
  const known = requireFilled(await chooseCopyCage(options, host));
  const copy = options.dockerfile === undefined
    ? known
    : { ...known, dockerfile: await findDockerfile(options.dockerfile, host) };
  const request = { service: copy.service, copy };
  const site = await planSite(await locateCage({ ...request, desk: true }, context), context);
  const plans = site.gateway === undefined ? [site.images] : [site.images, site.gateway];
  await ensureAllImages(plans, {
    engine: site.engine,
    host,
    io,
    noCache: true,
    ...(signals === undefined ? {} : { signal: signals.signal }),
  });
  const { dockerfile } = copy;
  // One that cannot be built stays unnamed: the cage goes on with what it had.
  if (dockerfile !== undefined && dockerfile !== known.dockerfile) {
    await changeCopyRecord(copy.id, (now) => ({ ...now, dockerfile }), { stateDir: host.stateDir });
  }
  io.out(`${site.images.final.ref}\n`);
  const live = (await listSessions(host.stateDir, copy.id)).filter((session) => session.live);
  if (live.length > 0) {
    io.talk(`What runs in ${copy.name} keeps its old image until it is started again`);
  }
}
