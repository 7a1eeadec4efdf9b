import type { Edit, Line, Verdict } from "./verdict.ts";
import { PASS, RPC, textsAt } from "./verdict.ts";

/** What of the editor's machine an agent may use through the protocol. */
export type AcpRules = {
  /** Commands on the editor's machine. */
  terminal: "block" | "allow";
  /** Files through the editor: all it gives, those of the workspace, none. */
  fs: "allow" | "workspace" | "block";
};

/** Version 1 says `clientCapabilities`, version 2 `capabilities`. */
const CAPABILITIES = ["params.clientCapabilities", "params.capabilities"] as const;

/** What `initialize` is read for. */
export const INITIALIZE_WANTED = {
  clientCapabilities: { terminal: {}, fs: {} },
  capabilities: { terminal: {}, fs: {} },
} as const;

/**
 * Takes capabilities out of a client's `initialize`: each is replaced by its value for "no", and all
 * other bytes stay. Of a name that occurs twice both are replaced.
 *
 * @see {@link https://agentclientprotocol.com/protocol/initialization}
 */
export function judgeInitialize(line: Line, rules: AcpRules): Verdict {
  if (!textsAt(line, "method").includes("initialize")) return PASS;
  if (rules.terminal === "allow" && rules.fs !== "block") return PASS;
  if (!line.whole || line.overflow) {
    return {
      kind: "refuse",
      code: RPC.invalidRequest,
      message: "sandcage: initialize is too long to take capabilities out of it",
    };
  }
  const edits = CAPABILITIES.flatMap((path) => [
    ...(rules.terminal === "block" ? planEdits(line, `${path}.terminal`, NO_TERMINAL) : []),
    ...(rules.fs === "block" ? planEdits(line, `${path}.fs`, NO_FILES) : []),
  ]);
  return edits.length === 0 ? PASS : { kind: "rewrite", edits };
}

const NO_TERMINAL = "false";
const NO_FILES = '{"readTextFile":false,"writeTextFile":false}';

function planEdits(line: Line, path: string, text: string): Edit[] {
  return line.found.flatMap(({ path: at, value, start, end }) => {
    const isNo = value.kind === "raw" && (value.text === "false" || value.text === "null");
    return at === path && !isNo ? [{ start, end, text }] : [];
  });
}
