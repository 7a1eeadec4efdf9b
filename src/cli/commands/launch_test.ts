import type { IdleHolder } from "../../headless/holder_process.ts";
import type { LaunchRequest } from "../../headless/launch.ts";
import type { CommandContext } from "../context.ts";

/** Placeholder until the pre-flight is there. */
export function testLaunch(
  _request: Omit<LaunchRequest, "prompt" | "hasMail">,
  _context: CommandContext & { holder: IdleHolder; json: boolean },
): Promise<number> {
  return Promise.resolve(0);
}
