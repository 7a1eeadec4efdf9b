import * as fs from "node:fs";
import type { Places } from "./place.ts";

/** Gives the roots of new volumes to the cage's user; runs as root, with the right to do just that. */
export function ownVolumes(places: Places, user: { uid: number; gid: number }): void {
  for (const place of Object.values(places)) fs.chownSync(place, user.uid, user.gid);
}
