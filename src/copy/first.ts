import type { Io } from "../io.ts";
import { createCopyCage } from "./create.ts";
import { ensurePromoter } from "../promote/cage/hold.ts";
import { type CageContext, type CageRequest, type CageSite, locateCage } from "../cage/prepare.ts";

/**
 * Locates a cage, and makes it first where the configuration says that the project is copied and no
 * cage has a copy yet: its first session needs no other command than any other.
 */
export async function locateOrMakeCage(
  request: CageRequest,
  context: CageContext & { io: Pick<Io, "talk"> },
): Promise<CageSite> {
  const site = await locateCage({
    ...request,
    async makeCopy({ project, dirs }) {
      const { copy } = await createCopyCage({
        path: project.path,
        name: request.name,
        service: request.service,
        dirs,
        authMode: "api_key",
      }, context);
      context.io.talk(
        copy.promote === undefined
          ? `Made the cage "${copy.name}" with a copy of the project. What changes in it comes ` +
            `back when you say so: sandcage diff, sandcage export`
          : `Made the cage "${copy.name}" with what is committed in the project. What is ` +
            `committed in it lands on your branch by itself`,
      );
      return copy;
    },
  }, context);
  // Its commits come out while the session runs.
  if (site.copy?.promote !== undefined) await ensurePromoter(site.copy, context);
  return site;
}
