import type { TarLimits } from "../tree/tar_read.ts";

/** What comes into a cage is the user's own: these only keep a broken stream from filling memory. */
export const TAR_LIMITS: TarLimits = {
  entries: 5_000_000,
  entryBytes: 2 ** 50,
  totalBytes: 2 ** 50,
  pathBytes: 4096,
};
