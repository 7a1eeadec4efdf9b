import assert from "node:assert/strict";
import { loadConfig } from "../../../src/config/layers.ts";
import { connectEngine } from "../../../src/engine/connect.ts";
import { observeHost } from "../../../src/host.ts";
import { ensureAllImages } from "../../../src/image/build.ts";
import { planCourierImage } from "../../../src/image/courier.ts";
import { planGatewayImage } from "../../../src/image/gateway.ts";
import { observeImageFacts } from "../../../src/image/observe.ts";
import { planImages } from "../../../src/image/recipe.ts";
import { SILENT_IO } from "../../../src/io.ts";
import { resolveService } from "../../../src/service/registry.ts";
import type { Verdict } from "../../../src/verify/case.ts";
import { CASES } from "../../../src/verify/cases.ts";
import type { World } from "./world.ts";

/** What `sandcage verify --json` says, as far as tests ask. */
export type VerifyReport = {
  proved: boolean;
  engine: { flavor: string; version: string };
  cases: { id: string; verdict: Verdict; seen: string; evidence: string[] }[];
};

/** A whole run takes a minute and a half; on two very busy cores much more. */
const VERIFY_MS = 420_000;

/** Builds, on the machine's engine, what a run of a world's shell starts; their references. */
export async function makeVerifyImages(world: World): Promise<string[]> {
  const host = { ...observeHost(), env: world.env, home: world.home, stateDir: world.state };
  const engine = await connectEngine({ host });
  const { config } = await loadConfig(world.project, { host });
  const facts = await observeImageFacts(config, { host, engine, projectPath: world.project });
  const shell = planImages({ config, service: resolveService("shell", config), facts });
  const plans = [
    shell,
    await planGatewayImage({ config, facts }),
    await planCourierImage({ config, facts }),
  ];
  await ensureAllImages(plans, { engine, host, io: SILENT_IO });
  // Copy cages have users of their own: their last layer is made on the spot, on the base.
  return [...new Set([shell.images[0]!.ref, ...plans.map(({ final }) => final.ref)])];
}

/** Runs every case on an engine, in a world of mode `allowlist`; how it ended, and what it said. */
export async function verifyOn(
  world: World,
  options: { env: Record<string, string>; args?: readonly string[] },
): Promise<VerifyReport> {
  const result = await world.sandcage(["verify", "--json", ...options.args ?? []], {
    timeoutMs: VERIFY_MS,
    // A name that no image holds, so that it can be told whether it is inside.
    env: { ...options.env, USER: "ottilie" },
  });
  assert.notEqual(result.stdout, "", result.stderr);
  const report = JSON.parse(result.stdout) as VerifyReport;
  assert.equal(result.code, report.proved ? 0 : 1, result.stderr);
  return report;
}

/** Holds that every case there is was tried, and passed. */
export function assertAllHeld(report: VerifyReport): void {
  assert.deepEqual(report.cases.map(({ id }) => id), CASES.map(({ id }) => id));
  assertHeld(report);
}

/** Holds that every case that was tried passed. */
export function assertHeld({ proved, cases }: VerifyReport): void {
  const rest = cases.filter(({ verdict }) => verdict !== "pass");
  assert.deepEqual(rest.map(({ id, seen, evidence }) => [id, seen, ...evidence]), []);
  assert.equal(proved, true);
}
