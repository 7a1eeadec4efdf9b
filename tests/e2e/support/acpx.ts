import assert from "node:assert/strict";
import { join } from "node:path";
import { type ProcessResult, run } from "../../../src/engine/process.ts";
import { BASE_VERSIONS, NODE_PACKAGE } from "../../../src/image/versions.ts";
import { sandcageCommand } from "./sandcage.ts";
import type { World } from "./world.ts";

/** acpx, an ACP client that has nothing to do with sandcage. It needs Node 22.13 or newer. */
const ACPX_VERSION = "0.19.1";

/** Most time that npm may take, in milliseconds. */
const INSTALL_MS = 300_000;

/** Where the client and its Node are, in a folder that outlives the tests. */
export type Acpx = { node: string; program: string };

/** Installs the client once, whoever comes first. */
export async function installAcpx(): Promise<Acpx> {
  const arch = Deno.build.arch;
  assert.ok(arch === "x86_64" || arch === "aarch64");
  const node = NODE_PACKAGE[arch];
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const root = join(cache, "sandcage-tests", `acpx-${ACPX_VERSION}-node-${BASE_VERSIONS.node}`);
  const acpx = {
    node: join(root, "node_modules", node, "bin", "node"),
    program: join(root, "node_modules", "acpx", "dist", "cli.js"),
  };
  if (await Deno.stat(acpx.program).catch(() => undefined)) return acpx;
  const staging = `${root}.${crypto.randomUUID()}.tmp`;
  await Deno.mkdir(staging, { recursive: true });
  const packages = [`acpx@${ACPX_VERSION}`, `${node}@${BASE_VERSIONS.node}`];
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save"];
  const installed = await run("npm", [...args, "--prefix", staging, ...packages], {
    cwd: staging,
    timeoutMs: INSTALL_MS,
  });
  assert.equal(installed.code, 0, installed.stderr);
  // Another test may have been quicker: then its folder stays.
  await Deno.rename(staging, root).catch(() => Deno.remove(staging, { recursive: true }));
  return acpx;
}

/**
 * Has the client start `sandcage ARGS` as an editor would, prompt it once and leave.
 *
 * @returns What the client printed: every message of both sides, as JSON lines.
 */
export async function prompt(
  acpx: Acpx,
  request: {
    world: World;
    args: readonly string[];
    text: string;
    flags?: readonly string[];
    env?: Record<string, string>;
  },
): Promise<ProcessResult> {
  const { world, args, text, flags = [], env = {} } = request;
  const agent = sandcageCommand(args, world.options({ env }));
  const quoted = [agent.command, ...agent.args].map((word) => `'${word}'`).join(" ");
  const options = ["--agent", quoted, "--approve-all", "--format", "json", ...flags];
  return await run(acpx.node, [acpx.program, ...options, "exec", text], {
    cwd: world.project,
    env: { HOME: world.home },
    timeoutMs: 180_000,
  });
}
