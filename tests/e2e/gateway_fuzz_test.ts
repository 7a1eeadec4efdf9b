/** The short campaign against a running gateway; the long one is `deno task fuzz`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { isolate } from "../fuzz/live/network.ts";
import { findGatewayImage, takeProgram } from "./support/gateway_program.ts";
import { REPOSITORY } from "./support/sandcage.ts";
import { RUN_ROOT } from "./support/world.ts";

/** The same cases in every run. */
const SEED = 20261121;
const CASES = 800;

Deno.test("a gateway takes broken bytes on every port and does what its rules say", async () => {
  const image = await findGatewayImage();
  const dir = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "fuzz-" });
  try {
    const { node, bundle } = await takeProgram(dir, image);
    const [command, args] = isolate([
      ...[Deno.execPath(), "run", "-A", "--no-check", join(REPOSITORY, "tests/fuzz/main.ts")],
      ...[`--seed=${SEED}`, `--cases=${CASES}`, `--node=${node}`, `--bundle=${bundle}`],
    ]);
    const { code, stdout, stderr } = await run(command, args, {
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      timeoutMs: 400_000,
    });
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, new RegExp(`^live in all: ${CASES} cases, 0 found$`, "m"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
