import assert from "node:assert/strict";
import { join } from "node:path";
import { REPOSITORY } from "./sandcage.ts";

/** The command that docs/engine.md gives to tighten Podman's filter of system calls, without what makes one root. */
export async function readProfileCommand(): Promise<string> {
  const page = await Deno.readTextFile(join(REPOSITORY, "docs", "engine.md"));
  const block = page.split("```sh\n").slice(1).map((rest) => rest.split("```")[0]!)
    .find((text) => text.includes("/etc/containers/seccomp.json"));
  assert.ok(block !== undefined, "docs/engine.md has no such command");
  return block.replace(/\bsudo /g, "");
}
