import assert from "node:assert/strict";
import { type Inside, INSIDE_SCRIPT, parseInside } from "../../../tools/inside.ts";
import type { SandcageOptions } from "./sandcage.ts";
import type { World } from "./world.ts";

/** Looks at a cage from inside: one session of a service, running the probe instead of the agent. */
export async function lookInside(
  world: World,
  service: string,
  options: Partial<SandcageOptions> = {},
): Promise<Inside> {
  const result = await world.sandcage(
    [service, "--shell", "--", "sh", "-c", INSIDE_SCRIPT],
    options,
  );
  assert.equal(result.code, 0, result.stderr);
  return parseInside(result.stdout);
}
