import { type CageRequest, locateCage, prepareCage } from "../../cage/prepare.ts";
import { settleKilledSession } from "../../cage/guard.ts";
import { reapOrphans } from "../../cage/reap.ts";
import type { Engine } from "../../engine/engine.ts";
import { EXIT, UserError } from "../../errors.ts";
import { openAcpSuite, planAcpScratch } from "../../verify/acp/suite.ts";
import { type CaseResult, isProved } from "../../verify/case.ts";
import { CASES } from "../../verify/cases.ts";
import { CONFIG_SCRATCH, openConfigSuite } from "../../verify/config/suite.ts";
import { openContainerSuite } from "../../verify/container/suite.ts";
import { planGuardedScratch } from "../../verify/internet/guarded.ts";
import { NETWORK_SCRATCH, openNetworkSuite } from "../../verify/network/suite.ts";
import { openPromotionSuite, PROMOTION_SCRATCH } from "../../verify/promotion/suite.ts";
import { formatVerifyJson } from "../../verify/report/json.ts";
import { formatJunit } from "../../verify/report/junit.ts";
import { formatCaseJson, formatCaseLines } from "../../verify/report/list.ts";
import { formatMarkdown } from "../../verify/report/markdown.ts";
import { formatSarif } from "../../verify/report/sarif.ts";
import type { Proved } from "../../verify/report/subject.ts";
import { formatResult, formatTotal } from "../../verify/report/text.ts";
import { runCases } from "../../verify/run.ts";
import { sweepScratch } from "../../verify/scratch.ts";
import { selectCases, type Selection } from "../../verify/select.ts";
import { openSecretsSuite, SECRETS_SCRATCH } from "../../verify/secrets/suite.ts";
import { openWorkspaceSuite, planWorkspaceScratch } from "../../verify/workspace/suite.ts";
import type { CommandContext } from "../context.ts";
import { VERSION } from "../version.ts";

/** How a run is told. */
export type VerifyFormat = "text" | "json" | "sarif" | "junit" | "markdown";

/** What to prove, and of which cage. */
export type VerifyOptions = {
  service: string;
  path?: string;
  name?: string;
  suites: readonly string[];
  ids: readonly string[];
  quick: boolean;
  failFast: boolean;
  format: VerifyFormat;
};

/** `sandcage verify --list`: what would be tried. Needs no engine. */
export function listCases(
  selection: Selection,
  { format, context }: { format: VerifyFormat; context: Pick<CommandContext, "io"> },
): number {
  const cases = selectCases(CASES, selection);
  if (format !== "text" && format !== "json") {
    throw new UserError(`A list is for people or JSON, not ${format}`, {
      hint: "Leave out --list for a report",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  context.io.out(format === "json" ? formatCaseJson(cases) : formatCaseLines(cases));
  return EXIT.ok;
}

/** `sandcage verify`: tries to get out of the user's own cage. Exit 1 when anything is not proved. */
export async function runVerify(options: VerifyOptions, context: CommandContext): Promise<number> {
  const { io, host, signals } = context;
  const { service, path, name } = options;
  const cases = selectCases(CASES, options);
  const signal = signals?.signal;
  const request: CageRequest = { service, path, name };
  const site = await locateCage(request, context);
  await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
  const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
  const cage = await prepareCage(settled ? await locateCage(request, context) : site, {
    ...context,
    signal,
  });
  const guarded = [NETWORK_SCRATCH, SECRETS_SCRATCH]
    .map((name) => planGuardedScratch(name, cage.engine));
  const own = [
    ...[CONFIG_SCRATCH, PROMOTION_SCRATCH],
    ...[planWorkspaceScratch, planAcpScratch].map((plan) => plan(cage.engine)),
  ];
  for (const use of [...own, ...guarded]) {
    await sweepScratch(host.stateDir, use);
  }
  const startedMs = performance.now();
  const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
  const session = { host, io, takeSignals };
  using step = io.progress(`Trying to get out of ${cage.copy?.name ?? cage.id}`);
  let done = 0;
  const results = await runCases(cases, {
    open: {
      network: () => openNetworkSuite(cage, session),
      secrets: () => openSecretsSuite(cage, session),
      container: () => openContainerSuite(cage, session),
      workspace: (ids) => openWorkspaceSuite(cage, { host, ids }),
      promotion: () => openPromotionSuite(cage, host),
      acp: () => openAcpSuite(cage, host),
      config: () => openConfigSuite(host),
    },
    failFast: options.failFast,
    nowMs: () => performance.now(),
    onResult(result) {
      step.update(`${++done} of ${cases.length}`);
      if (options.format === "text") io.out(formatResult(result, { color: io.color }));
    },
    signal,
  });
  step.done(formatTotal(results, { wallMs: performance.now() - startedMs }));
  if (options.format !== "text") {
    const subject = await observeSubject(cage.engine, {
      cage: cage.copy?.name ?? cage.id,
      service: cage.service.name,
    });
    io.out(formatReport(options.format, { results, subject }));
  }
  return isProved(results) ? EXIT.ok : EXIT.failed;
}

function formatReport(
  format: Exclude<VerifyFormat, "text">,
  { results, subject }: { results: readonly CaseResult[]; subject: Proved },
): string {
  switch (format) {
    case "json":
      return formatVerifyJson(results, subject);
    case "sarif":
      return formatSarif(results, subject);
    case "junit":
      return formatJunit(results);
    case "markdown":
      return formatMarkdown(results);
    default:
      return format satisfies never;
  }
}

async function observeSubject(
  engine: Engine,
  of: { cage: string; service: string },
): Promise<Proved> {
  const { capabilities, title } = engine;
  const { stdout, code, stderr } = await engine.docker([
    ...["info", "--format", "{{.KernelVersion}}"],
  ]);
  if (code !== 0) {
    throw new UserError("The engine does not say what it is", {
      hint: stderr.trim(),
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
  return {
    version: VERSION,
    ...of,
    engine: {
      title,
      flavor: capabilities.flavor,
      version: capabilities.version,
      kernel: stdout.trim(),
      cgroups: capabilities.cgroup,
    },
  };
}
