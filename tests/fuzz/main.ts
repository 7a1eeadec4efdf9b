/**
 * `deno task fuzz [--cases N] [--seed N] [--only readers|live] [--target NAME]`: broken bytes for everything that
 * reads what an agent or a host says, first in this process, then against a running gateway in a
 * network of its own. Needs root for the second part. Exit code 1 if anything was found.
 */
import { parseArgs } from "node:util";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { print, say, show } from "../../tools/shell.ts";
import { findGatewayImage, takeProgram } from "../e2e/support/gateway_program.ts";
import { runTarget } from "./campaign.ts";
import { HTTP_READERS } from "./http_readers.ts";
import { runLive } from "./live/campaign.ts";
import { isolate } from "./live/network.ts";
import { MAIL_READERS } from "./mail_readers.ts";
import { POLICY_READERS } from "./policy_readers.ts";
import { READERS } from "./readers.ts";
import { formatFindings, formatLive } from "./report.ts";
import { STREAM_READERS } from "./stream_readers.ts";
import { TREE_READERS } from "./tree_readers.ts";

const { values: flags } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
    only: { type: "string" },
    target: { type: "string" },
    /** Set for the part inside of the namespace: where the program is. */
    node: { type: "string" },
    bundle: { type: "string" },
  },
});
const seed = Number(flags.seed);
const cases = Number(flags.cases);

if (flags.node !== undefined && flags.bundle !== undefined) {
  const outcome = await runLive({ node: flags.node, bundle: flags.bundle }, {
    seed,
    cases,
    target: flags.target,
    say,
  });
  print(formatLive(outcome));
  Deno.exitCode = outcome.findings.length === 0 ? 0 : 1;
} else {
  Deno.exitCode = await main();
}

async function main(): Promise<number> {
  print(`Seed ${seed}`);
  // Half of the cases each: those of this process are fast, those of a gateway go deep.
  const half = flags.only === undefined ? Math.ceil(cases / 2) : cases;
  const results = [
    flags.only === "live" ? 0 : runReaders(half),
    flags.only === "readers" ? 0 : await runIsolated(half),
  ];
  return Math.max(...results);
}

function runReaders(cases: number): number {
  const targets = [
    ...READERS,
    ...HTTP_READERS,
    ...POLICY_READERS,
    ...TREE_READERS,
    ...MAIL_READERS,
    ...STREAM_READERS,
  ]
    .filter(({ name }) => (flags.target ?? name) === name);
  let code = 0;
  for (const target of targets) {
    const startedMs = performance.now();
    const outcome = runTarget(target, { seed, cases: Math.ceil(cases / targets.length) });
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    print(`${target.name}: ${outcome.cases} cases, ${outcome.findings.length} found, ${seconds} s`);
    if (outcome.findings.length > 0) {
      print(formatFindings(outcome.findings));
      code = 1;
    }
  }
  return code;
}

async function runIsolated(cases: number): Promise<number> {
  await ensureEngine({});
  await makeBundle();
  const dir = await Deno.makeTempDir({ prefix: "sandcage-fuzz-" });
  try {
    const program = await takeProgram(dir, await findGatewayImage());
    const [command, args] = isolate([
      // Deno would look for a newer one of itself, and the decoy would see it.
      ...["env", "DENO_NO_UPDATE_CHECK=1", Deno.execPath(), "run", "-A", import.meta.filename!],
      ...[`--seed=${seed}`, `--cases=${cases}`],
      ...(flags.target === undefined ? [] : [`--target=${flags.target}`]),
      ...[`--node=${program.node}`, `--bundle=${program.bundle}`],
    ]);
    return await show(command, args);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
