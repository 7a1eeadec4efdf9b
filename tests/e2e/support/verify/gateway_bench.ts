import { join } from "node:path";
import type { PreparedCage } from "../../../../src/cage/prepare.ts";
import type { OpenSuite } from "../../../../src/verify/case.ts";
import { docker } from "../../../../tools/engine_state.ts";
import { RUN_ROOT } from "../world.ts";
import { buildGatewayProgram, mountProgram } from "./gateway_mutant.ts";
import type { Edit } from "./mutant.ts";

/** An open suite whose gateways run one changed program after another. */
export type GatewayBench = AsyncDisposable & {
  /**
   * The suite with walls taken out of its gateways; those from before are back in.
   *
   * @throws {Error} If the program cannot be made, or a gateway does not come back with it.
   */
  turn(edits: readonly Edit[]): Promise<OpenSuite>;
};

/**
 * How many programs one bench can take: a session waits half a second before it starts its gateway
 * for the second time, two before the third, and ten from then on (`src/cage/gateway.ts`).
 */
export const MOST_TURNS = 4;

/** Ends once there is somebody behind the proxy's address. */
const WAIT = `
import os, socket, time, urllib.parse
proxy = urllib.parse.urlparse(os.environ["https_proxy"])
for _ in range(300):
    try:
        socket.create_connection((proxy.hostname, proxy.port), 1).close()
        raise SystemExit(0)
    except OSError:
        time.sleep(0.1)
raise SystemExit("The gateway did not come back")
`;

/** Prepares a bench; the first turn opens its suite. Disposing it ends the suite. */
export function openGatewayBench(
  cage: PreparedCage,
  open: (cage: PreparedCage) => Promise<OpenSuite>,
): GatewayBench {
  const stack = new AsyncDisposableStack();
  let opened: { program: string; suite: OpenSuite } | undefined;
  return {
    async turn(edits) {
      const text = await buildGatewayProgram({ edits });
      if (opened === undefined) {
        const program = await writeProgram(text, stack);
        opened = { program, suite: stack.use(await open(mountProgram(cage, program))) };
      } else {
        // In place: what is mounted is this very file.
        await Deno.writeTextFile(opened.program, text);
        await restartGateways(opened.program);
      }
      return opened.suite;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Where every user can read it: a gateway is nobody of this machine. */
async function writeProgram(text: string, stack: AsyncDisposableStack): Promise<string> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const dir = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "bench-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  await Deno.chmod(dir, 0o755);
  const program = join(dir, "main.mjs");
  await Deno.writeTextFile(program, text, { mode: 0o644 });
  return program;
}

/** Kills every gateway with this program; its session starts it again. */
async function restartGateways(program: string): Promise<void> {
  const gateways = await docker(["ps", "--filter", `volume=${program}`, "--format", "{{.Names}}"]);
  if (gateways === "") return;
  const names = gateways.split("\n");
  await docker(["kill", ...names]);
  const agents = names.map((name) => name.replace(/-gateway$/, ""));
  await Promise.all(agents.map((agent) => docker(["exec", agent, "python3", "-c", WAIT])));
}
