import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { pause } from "../pause.ts";

/** How often the engine is asked, and the pause in between, in milliseconds. */
const TRIES = 10;
const PAUSE_MS = 200;

/**
 * Removes a container, running or not; there may be none. An engine that is just starting or removing
 * it refuses for a moment, and is asked again.
 *
 * @throws {UserError} Of code `engine-failed`, when it does not let it go: whoever keeps it on record
 * keeps the record.
 */
export async function removeContainer(
  name: string,
  { engine }: { engine: Pick<Engine, "docker"> },
): Promise<void> {
  for (let tries = 1;; tries++) {
    const { code, stderr } = await engine.docker(["rm", "--force", "--volumes", name]);
    if (code === 0 || /no such container/i.test(stderr)) return;
    if (tries === TRIES) {
      throw new UserError(`Cannot remove the container ${name}: ${stderr.trim()}`, {
        hint: "The next command tries again",
        exit: EXIT.engine,
        code: "engine-failed",
      });
    }
    await pause(PAUSE_MS);
  }
}
