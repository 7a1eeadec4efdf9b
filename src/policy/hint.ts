import type { Reason } from "./audit.ts";

/** One line for the user: what to do about a denial. */
export function formatHint(_reason: Reason, _host: string | undefined): string {
  return "";
}
