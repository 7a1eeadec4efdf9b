import type { Host } from "../host.ts";
import type { Io, Progress } from "../io.ts";
import type { RuleSpec } from "../policy/document.ts";
import type { ClientHosts } from "../preset/client_hosts.ts";
import { observeClientHosts } from "../preset/observe.ts";
import { needsClients, presetHosts } from "../preset/preset_hosts.ts";
import type { PreparedCage } from "./prepare.ts";

/** The rules of the configured presets, and the same for other presets of the same image. */
export type SessionPresets = {
  rules: RuleSpec[];
  reload(names: readonly string[]): Promise<RuleSpec[]>;
};

/** Finds out what presets mean in the image of a cage; the image is asked when one depends on it. */
export async function observePresets(
  names: readonly string[],
  options: {
    cage: Pick<PreparedCage, "engine" | "images">;
    host: Host;
    io: Pick<Io, "warn" | "progress">;
  },
): Promise<SessionPresets> {
  const { cage, host, io } = options;
  const { final, npmrc } = cage.images;
  const warned = new Set<string>();
  let clients: Promise<ClientHosts> | undefined;
  const resolve = async (names: readonly string[], progress: Io["progress"]) => {
    if (names.some(needsClients)) {
      const seen = { warn: (text: string) => io.warn(text), progress };
      clients ??= observeClientHosts(final, { engine: cage.engine, host, io: seen });
    }
    const { rules, problems } = presetHosts(names, { clients: await clients ?? {}, npmrc });
    for (const problem of problems) {
      if (!warned.has(problem)) io.warn(problem);
      warned.add(problem);
    }
    return rules;
  };
  return {
    rules: await resolve(names, (title) => io.progress(title)),
    // The terminal is the agent's by then.
    reload: (names) => resolve(names, noProgress),
  };
}

function noProgress(): Progress {
  return { update() {}, done() {}, [Symbol.dispose]() {} };
}
