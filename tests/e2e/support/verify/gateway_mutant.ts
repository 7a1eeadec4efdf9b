import { join } from "node:path";
import type { ComposeGateway } from "../../../../src/cage/compose_document.ts";
import { gatewayService } from "../../../../src/cage/plan.ts";
import type { PreparedCage } from "../../../../src/cage/prepare.ts";
import { run } from "../../../../src/engine/process.ts";
import { REPOSITORY } from "../sandcage.ts";
import { RUN_ROOT } from "../world.ts";
import { applyEdit, type MutantOptions } from "./mutant.ts";
import { intercept } from "./mutate.ts";

/** What a gateway's program is made from. */
const SOURCES = ["deno.json", "deno.lock", "src/gateway", "src/policy"];

/** Where its image has the program. */
const INSIDE = "/app/main.mjs";

/** Whether edits change nothing but the program of a gateway. */
export function isOfGateway(files: readonly string[]): boolean {
  return files.every((file) => /^src\/(gateway|policy)\//.test(file));
}

/**
 * Bundles the program of a gateway from a copy of its sources in which some texts are others. It
 * takes a second, and no image.
 *
 * @throws {Error} If a text does not occur exactly once in its file, or it cannot be bundled.
 */
export async function buildGatewayProgram(
  { edits }: Pick<MutantOptions, "edits">,
): Promise<string> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const root = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "gateway-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const program = join(root, "main.mjs");
  await must("cp", ["-r", "--parents", ...SOURCES, root], REPOSITORY);
  for (const edit of edits) await applyEdit(root, edit);
  await must(
    Deno.execPath(),
    ["bundle", "--quiet", "--output", program, "src/gateway/main.ts"],
    root,
  );
  return await Deno.readTextFile(program);
}

/** The same cage whose gateways run another program: it is mounted over their image's. */
export function mountProgram(cage: PreparedCage, program: string): PreparedCage {
  return intercept(cage, {
    document({ services }) {
      const gateway = services[gatewayService(cage.service.name)] as ComposeGateway | undefined;
      if (gateway === undefined) throw new Error("The session has no gateway");
      const mount = { type: "bind", source: program, target: INSIDE, read_only: true };
      Object.assign(gateway, { volumes: [mount] });
    },
  });
}

async function must(command: string, args: readonly string[], cwd: string): Promise<void> {
  const result = await run(command, args, { cwd, timeoutMs: 60_000 });
  if (result.code !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
}
