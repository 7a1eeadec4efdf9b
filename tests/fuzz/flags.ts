import { parseArgs } from "node:util";
import { GROUPS } from "./targets.ts";

/** What a campaign is asked for. */
export type FuzzFlags = {
  seed: number;
  /** Of each reader, and of the gateway in all. */
  cases: number;
  /** For everything together; endless without it. */
  budgetSeconds: number;
  only: "readers" | "live" | undefined;
  /** A group, a reader, or a way to speak with a gateway. */
  target: string | undefined;
  /** One case alone. */
  index: number | undefined;
  /** Set for the part inside of the namespace: where the gateway's program is. */
  program: { node: string; bundle: string } | undefined;
};

/** What `--help` says. */
export const HELP = `Broken bytes for everything that reads what others say.

deno task fuzz [options]

  --cases N         cases of each reader, and of the running gateway in all (100000)
  --budget SECONDS  ends after so long, whatever is left; the readers share it
  --target NAME     a group or one reader; one way to speak with a gateway ("live HTTP/2")
  --only readers    leaves the running gateway out, which needs root and an engine
  --only live       the running gateway alone
  --seed N          the same cases again; printed by every run
  --case N          that case of one reader alone

Groups: ${GROUPS.join(", ")}.
Exit code 1 if anything was found: a promise broken, an error that was not thought of, a case that
takes longer than half a second, a hang, time that grows with the square of the input, or cases of
which nearly all met the same end.
`;

/** @throws {TypeError} For what is no option, in words for people. */
export function parseFlags(args: readonly string[]): FuzzFlags | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h" },
      cases: { type: "string", default: "100000" },
      budget: { type: "string" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
      only: { type: "string" },
      target: { type: "string" },
      case: { type: "string" },
      node: { type: "string" },
      bundle: { type: "string" },
    },
  });
  if (values.help === true) return "help";
  const { only, node, bundle } = values;
  if (only !== undefined && only !== "readers" && only !== "live") {
    throw new TypeError(`--only is readers or live, not ${JSON.stringify(only)}`);
  }
  return {
    seed: readCount("seed", values.seed),
    cases: readCount("cases", values.cases),
    budgetSeconds: values.budget === undefined ? Infinity : readCount("budget", values.budget),
    only,
    target: values.target,
    index: values.case === undefined ? undefined : readCount("case", values.case),
    program: node === undefined || bundle === undefined ? undefined : { node, bundle },
  };
}

function readCount(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new TypeError(`--${name} is a whole number, not ${JSON.stringify(text)}`);
}
