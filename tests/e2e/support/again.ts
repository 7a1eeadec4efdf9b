import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../../src/engine/process.ts";
import { findBase } from "./base_image.ts";
import { makeCaged } from "./caged.ts";
import { INTERNET_IMAGE, startInternet } from "./internet/internet.ts";
import { type NestedEngine, startNestedEngine } from "./nested_engine.ts";
import { REPOSITORY } from "./sandcage.ts";
import { RUN_ID, RUN_ROOT } from "./world.ts";

const AGAIN_MS = 300_000;

/** An engine of another generation that has the images of the tests. */
export type SuppliedEngine = NestedEngine & {
  /** What a world says to reach it and to need no other images than it has. */
  env: Record<string, string>;
  /** Runs test files once more against it, as they are: one test in each. */
  runAgain(files: readonly string[]): Promise<void>;
};

/** Starts one and carries over what is built here, where recipes are the same. */
export async function startSuppliedEngine(): Promise<SuppliedEngine> {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await startNestedEngine());
  const internet = stack.use(await startInternet());
  {
    await using caged = await makeCaged("nested-images", internet);
    const { stdout } = await caged.sandcage(["config", "show", "--compose"]);
    const images = [...stdout.matchAll(/^\s*image: "?(sandcage\/(?:shell|gateway):[\w.-]+)/gm)];
    const base = await findBase(caged);
    await engine.take([...new Set(images.map(([, image]) => image!)), base]);
    await engine.docker(["tag", base, INTERNET_IMAGE]);
  }
  const env = { DOCKER_HOST: engine.host };
  const owned = stack.move();
  return {
    ...engine,
    // The authority of the tests makes images of its own: one set of them is enough to carry.
    env: { ...env, NODE_EXTRA_CA_CERTS: internet.caFile },
    async runAgain(files) {
      const paths = files.map((file) => join(REPOSITORY, "tests", "e2e", file));
      const args = ["test", "-A", "--no-check", "--parallel", ...paths];
      const again = await run(Deno.execPath(), args, {
        env: { ...env, SANDCAGE_E2E_RUN: RUN_ID, SANDCAGE_E2E_ROOT: RUN_ROOT, NO_COLOR: "1" },
        timeoutMs: AGAIN_MS,
      });
      assert.equal(again.code, 0, `${again.stdout}\n${again.stderr}`);
      const passed = new RegExp(`\\| ${files.length} passed \\(\\d+ steps\\) \\| 0 failed`);
      assert.match(again.stdout, passed);
      assert.equal(await engine.docker(["ps", "--all", "--quiet"]), "", "containers are left");
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
