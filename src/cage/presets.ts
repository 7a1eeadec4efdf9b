import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import type { RuleSpec } from "../policy/document.ts";
import type { PreparedCage } from "./prepare.ts";

/** The rules of the configured presets, and the same for other presets of the same image. */
export type SessionPresets = { rules: RuleSpec[]; reload(names: readonly string[]): RuleSpec[] };

/** Finds out what presets mean in the image of a cage. */
export function observePresets(
  _names: readonly string[],
  _options: { cage: PreparedCage; host: Host; io: Pick<Io, "warn" | "progress"> },
): Promise<SessionPresets> {
  return Promise.resolve({ rules: [], reload: () => [] });
}
