import { INITIALIZE_WANTED, judgeInitialize } from "./initialize.ts";
import type { AcpRules } from "./initialize.ts";
import { checkDirectory, checkFile, type Roots } from "./roots.ts";
import { foundAt, type Line, PASS, RPC, textsAt, type Verdict } from "./verdict.ts";
import { planWanted, type WantedNames } from "./wanted.ts";

/** What messages are held against. */
export type GuardFacts = {
  rules: AcpRules;
  roots: Roots;
  /** Resolves every link of the part of a host path that exists. */
  realPath(path: string): string;
};

/** What is read of an editor's messages. */
export const CLIENT_NAMES = {
  method: {},
  id: {},
  params: {
    cwd: {},
    additionalDirectories: { "*": {} },
    mcpServers: { "*": { command: {}, url: {} } },
    ...INITIALIZE_WANTED,
  },
} satisfies WantedNames;

/** The same as a scanner takes it. */
export const CLIENT_WANTED = planWanted(CLIENT_NAMES);

/** What is read of an agent's messages. */
export const AGENT_NAMES = {
  method: {},
  id: {},
  params: { path: {} },
  result: { authMethods: { "*": { type: {}, _meta: { "terminal-auth": {} } } } },
  error: { code: {} },
} satisfies WantedNames;

/** The same as a scanner takes it. */
export const AGENT_WANTED = planWanted(AGENT_NAMES);

/** Messages that open a session somewhere. */
const OPENING = ["session/new", "session/load", "session/resume", "session/fork"];

/** Decides about a line of the editor: where sessions are, and what the editor offers. */
export function judgeClient(line: Line, facts: GuardFacts): Verdict {
  const methods = textsAt(line, "method");
  const opening = methods.find((method) => OPENING.includes(method));
  if (opening !== undefined) {
    const problem = findDirectoryProblem(line, facts);
    if (problem !== undefined) {
      return {
        kind: "refuse",
        code: RPC.invalidParams,
        message: `sandcage: cannot answer ${opening}: ${problem}`,
      };
    }
  }
  return judgeInitialize(line, facts.rules);
}

/** Decides about a line of the agent: what it wants done on the editor's machine. */
export function judgeAgent(line: Line, facts: GuardFacts): Verdict {
  // Whatever it begins with, nobody has a method of that length.
  if (foundAt(line, "method").some(({ value }) => value.kind === "long")) {
    return refuseMethod("a method", "its name is too long to be one");
  }
  for (const method of textsAt(line, "method")) {
    const verdict = judgeRequest(method, line, facts);
    if (verdict.kind !== "pass") return verdict;
  }
  return PASS;
}

function judgeRequest(method: string, line: Line, facts: GuardFacts): Verdict {
  const { terminal, fs } = facts.rules;
  if (method.startsWith("terminal/") && terminal === "block") {
    return refuseMethod(method, "acp.terminal: block keeps commands inside the cage");
  }
  if (!method.startsWith("fs/")) return PASS;
  switch (fs) {
    case "allow":
      return PASS;
    case "block":
      return refuseMethod(method, "acp.fs: block keeps the editor's files out of reach");
    case "workspace":
      return judgeFile(method, line, facts);
  }
}

function judgeFile(method: string, line: Line, facts: GuardFacts): Verdict {
  const kind = method === "fs/read_text_file" ? "read" as const : "write" as const;
  for (const { value } of foundAt(line, "params.path")) {
    const problem = value.kind === "text"
      ? checkFile(value.text, { kind, ...facts })
      : "the path cannot be read";
    if (problem === undefined) continue;
    return {
      kind: "refuse",
      code: RPC.invalidParams,
      message: `sandcage: cannot do ${method}: ${problem} (acp.fs: workspace)`,
    };
  }
  return line.overflow ? refuseMethod(method, "it has too many members") : PASS;
}

function findDirectoryProblem(line: Line, facts: GuardFacts): string | undefined {
  const given = [
    ...foundAt(line, "params.cwd"),
    ...foundAt(line, "params.additionalDirectories.*"),
  ];
  for (const { value } of given) {
    // A null or a number is for the agent to refuse.
    if (value.kind === "raw" || value.kind === "container") continue;
    if (value.kind === "long") return "a directory is too long to be one";
    const problem = checkDirectory(value.text, facts);
    if (problem !== undefined) return problem;
  }
  return line.overflow ? "it has too many members" : undefined;
}

function refuseMethod(method: string, why: string): Verdict {
  return {
    kind: "refuse",
    code: RPC.methodNotFound,
    message: `sandcage: ${method} is not available: ${why}`,
  };
}
