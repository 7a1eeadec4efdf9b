import type { Scanned } from "./scan.ts";
import { foundAt, textsAt } from "./verdict.ts";

/** What is said to the person, at most once for each cause. */
export type Advice = {
  /** Reads what the editor asked for. */
  onClientLine(line: Scanned): void;
  /** Reads what the agent answered. */
  onAgentLine(line: Scanned): void;
  /** Reads a line of the agent that is no message. */
  onNoise(line: Uint8Array): void;
};

/** What advice needs to know. */
export type AdviceFacts = {
  /** Name of the service, for commands to type. */
  service: string;
  /** It has a login that runs inside. */
  hasLogin: boolean;
  warn(text: string): void;
  /** Whether a program is there inside. */
  hasProgram(name: string): Promise<boolean>;
};

/** Error of an agent that wants a login first. */
const AUTH_REQUIRED = "-32000";

/** How much of a line that is no message is shown, in characters. */
const SHOWN_NOISE = 200;

/** Most programs that are looked for: each is a call to the engine. */
const MOST_PROGRAMS = 16;

/** Makes what looks over a conversation's shoulder. It never changes a byte of it. */
export function createAdvice(facts: AdviceFacts): Advice {
  const said = new Set<string>();
  const warnOnce = (cause: string, text: string) => {
    if (said.has(cause)) return;
    said.add(cause);
    facts.warn(text);
  };
  const login = facts.hasLogin
    ? `sandcage auth ${facts.service} --login`
    : `sandcage run ${facts.service} --shell`;
  const programs = new Set<string>();
  let isRunning = false;
  const plan = (name: string) => {
    if (programs.has(name) || programs.size >= MOST_PROGRAMS) return;
    programs.add(name);
    if (isRunning) lookFor(name);
  };
  const lookFor = async (name: string) => {
    if (await facts.hasProgram(name).catch(() => true)) return;
    warnOnce(
      name,
      `The MCP server ${JSON.stringify(name)} is not in the cage, and agents do not say so: ` +
        "install it there with packages, toolchains or a Dockerfile, or mount it",
    );
  };
  return {
    onClientLine(line) {
      for (const name of textsAt(line, "params.mcpServers.*.command")) plan(name);
      for (const url of textsAt(line, "params.mcpServers.*.url")) {
        if (!isLoopback(url)) continue;
        warnOnce(url, `The MCP server at ${url} would be one inside the cage, not on this machine`);
      }
    },
    onAgentLine(line) {
      // Before its first word there may be no container to look into.
      if (!isRunning) programs.forEach(lookFor);
      isRunning = true;
      const methods = "result.authMethods.*";
      const isTerminal = textsAt(line, `${methods}.type`).includes("terminal") ||
        foundAt(line, `${methods}._meta.terminal-auth`).length > 0;
      if (isTerminal) {
        warnOnce(
          "login",
          `The login that the agent offers is a command inside the cage. To log in, run: ${login}`,
        );
      }
      const wants = foundAt(line, "error.code").some(({ value }) =>
        value.kind === "raw" && value.text === AUTH_REQUIRED
      );
      if (wants) {
        warnOnce("auth", `The agent asks for a login. Run: sandcage auth ${facts.service}`);
      }
    },
    onNoise(bytes) {
      const text = new TextDecoder().decode(bytes.subarray(0, 4 * SHOWN_NOISE)).trimEnd();
      const shown = text.length > SHOWN_NOISE ? `${text.slice(0, SHOWN_NOISE)}…` : text;
      warnOnce(
        "noise",
        `The agent wrote a line that is no message to its stdout; it was passed on: ${
          JSON.stringify(shown)
        }`,
      );
    },
  };
}

/** Whether a URL leads to the machine that opens it. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return /^(localhost|.*\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])\.?$/.test(hostname);
}
