import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { INSIDE } from "../names.ts";
import { pause } from "../pause.ts";

/** What the client hands to a session it has just started. */
export type Handover = {
  /** Variables that must not be seen in `docker inspect`, an argument or a file on the host. */
  secrets: ReadonlyMap<string, string>;
  /** Shell lines of the config's `setup`. */
  setup: readonly string[];
};

/** True when there is something to hand over, and the entry program must wait for it. */
export function isHandoverNeeded(handover: Handover): boolean {
  return handover.secrets.size > 0 || handover.setup.length > 0;
}

/** One script fed to a shell inside: every value travels on stdin, none as an argument. */
export function formatHandover(handover: Handover): string {
  const pairs = [...handover.secrets].map(([name, value]) => `${name}=${value}\0`).join("");
  const setup = handover.setup.length === 0 ? "" : `set -e\n${handover.setup.join("\n")}\n`;
  return [
    "umask 077",
    ...(pairs === "" ? [] : [decodeTo(pairs, INSIDE.sessionEnv)]),
    ...(setup === "" ? [] : [decodeTo(setup, INSIDE.sessionSetup)]),
    `: > ${INSIDE.sessionReady}`,
    "",
  ].join("\n");
}

// Base64 keeps NUL, quotes and newlines away from the shell that reads the script.
function decodeTo(text: string, path: string): string {
  return `printf %s '${new TextEncoder().encode(text).toBase64()}' | base64 -d > ${path}`;
}

/** No container runs sooner after its client was started, in milliseconds; a try costs a process. */
const FIRST_TRY_MS = 250;

/** Pause between two tries, in milliseconds. */
const NEXT_TRY_MS = 100;

/**
 * Hands secrets and setup lines to a container as soon as it runs, through the standard input of
 * `docker exec` into a tmpfs: they touch no disk and no inspect output, on a remote engine too.
 *
 * @throws {UserError} If the container does not take them within `timeoutMs`.
 */
export async function applyHandover(
  container: string,
  handover: Handover,
  options: { engine: Pick<Engine, "docker">; timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  const script = formatHandover(handover);
  let said = "";
  await pause(FIRST_TRY_MS);
  while (!options.signal.aborted && Date.now() < deadline) {
    const result = await options.engine.docker(["exec", "--interactive", container, "sh"], {
      stdin: script,
      timeoutMs: 10_000,
    });
    if (result.code === 0) return;
    said = result.stderr.trim();
    await pause(NEXT_TRY_MS);
  }
  if (options.signal.aborted) return;
  throw new UserError(`Could not hand secrets and setup lines to ${container}: ${said}`, {
    hint: "The session was not started; run it again, and sandcage doctor if it fails again",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}
