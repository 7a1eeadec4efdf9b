import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { ImagePlan } from "../image/spec.ts";
import type { Io } from "../io.ts";
import type { RuleSpec } from "../policy/document.ts";
import type { ClientHosts } from "../preset/client_hosts.ts";
import { observeClientHosts } from "../preset/observe.ts";
import { needsClients, presetHosts } from "../preset/preset_hosts.ts";

/** What presets are looked up with: the image of a session and its engine. */
export type PresetGround = { engine: Pick<Engine, "docker">; images: ImagePlan };

/**
 * Finds the rules that presets stand for in the image of a session. The image is asked when a preset
 * of a package manager needs it, once for each image.
 *
 * @throws {UserError} Code `config-invalid`, for a preset that nobody knows.
 */
export async function findPresetRules(
  names: readonly string[],
  options: { cage: PresetGround; host: Host; io: Pick<Io, "warn" | "progress"> },
): Promise<RuleSpec[]> {
  if (names.length === 0) return [];
  const { cage, host, io } = options;
  const { final, npmrc } = cage.images;
  const clients: ClientHosts = names.some(needsClients)
    ? await observeClientHosts(final, { engine: cage.engine, host, io })
    : {};
  const { rules, problems } = presetHosts(names, {
    clients,
    ...(npmrc === undefined ? {} : { npmrc }),
  });
  if (problems.length === 0) return rules;
  throw new UserError(problems.join("; "), {
    hint: "Correct network.presets; see where it comes from: sandcage config show --origin",
    exit: EXIT.config,
    code: "config-invalid",
  });
}
