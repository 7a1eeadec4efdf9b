import { type Check, fail, ok, warn } from "../setup/check.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import type { Answer, Conversation } from "./conversation.ts";

/** One step with how long it took, in milliseconds. */
export type Step = Check & { ms?: number };

/** What was found out about one service. */
export type Diagnosis = {
  service: string;
  /** What the agent says of itself. */
  agent?: { name: string; version?: string };
  protocolVersion?: number;
  authMethods: { id: string; name: string }[];
  /** It refuses to work before somebody logs in. */
  needsLogin: boolean;
  /** It took a session. */
  session: boolean;
  steps: Step[];
};

/** The service as far as advice about it goes. */
export type Patient = Pick<ServiceDefinition, "name" | "title" | "auth">;

/** The version of the protocol that is offered; agents answer with what they speak. */
const PROTOCOL_VERSION = 1;

/** How long the first answer may take: the engine may build an image before. In milliseconds. */
const START_TIMEOUT_MS = 15 * 60_000;
/** How long a session may take to be made, in milliseconds. */
const SESSION_TIMEOUT_MS = 120_000;

/** The error of an agent that wants a login first. */
const AUTH_REQUIRED = -32000;

/**
 * Talks to an agent as an editor would: `initialize`, then `session/new`. Says what each step
 * answered; asks no model anything.
 *
 * @param cwd The project, as an absolute path that the agent knows.
 */
export async function examine(
  conversation: Conversation,
  options: { patient: Patient; cwd: string },
): Promise<Diagnosis> {
  const { patient, cwd } = options;
  const first = await conversation.ask("initialize", {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: "sandcage-doctor", title: "sandcage doctor", version: "1" },
  }, { timeoutMs: START_TIMEOUT_MS });
  const begun = readInitialize(first, patient);
  if (first.kind !== "result") return begun;
  const second = await conversation.ask("session/new", { cwd, mcpServers: [] }, {
    timeoutMs: SESSION_TIMEOUT_MS,
  });
  const noise = conversation.noise();
  return {
    ...begun,
    needsLogin: isLoginNeeded(second),
    session: second.kind === "result",
    steps: [
      ...begun.steps,
      readSession(second, { patient, cwd, methods: begun.authMethods }),
      ...(noise.length === 0 ? [] : [formatNoise(noise)]),
    ],
  };
}

/** Reads the answer to `initialize`. Pure. */
export function readInitialize(answer: Answer, patient: Patient): Diagnosis {
  const nothing = {
    service: patient.name,
    authMethods: [],
    needsLogin: false,
    session: false,
  };
  if (answer.kind !== "result") {
    return { ...nothing, steps: [failStep("initialize", answer, patient)] };
  }
  const { result, ms } = answer;
  // Version 2 of the protocol calls it so.
  const agent = findAgent(result.agentInfo ?? result.info);
  const protocolVersion = typeof result.protocolVersion === "number"
    ? result.protocolVersion
    : undefined;
  const authMethods = listMethods(result.authMethods);
  const said = [
    agent === undefined ? patient.title : `${agent.name}${formatVersion(agent.version)}`,
    `protocol version ${protocolVersion ?? "not given"}`,
    authMethods.length === 0
      ? "no login methods"
      : `login methods: ${authMethods.map(({ id }) => id).join(", ")}`,
  ].join("; ");
  return {
    ...nothing,
    ...(agent === undefined ? {} : { agent }),
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    authMethods,
    steps: [{ ...ok("initialize", `${said} (${formatMs(ms)})`), ms }],
  };
}

/** Reads the answer to `session/new`. Pure. */
export function readSession(
  answer: Answer,
  options: { patient: Patient; cwd: string; methods: readonly { id: string }[] },
): Step {
  const { patient, cwd, methods } = options;
  if (isLoginNeeded(answer)) {
    return {
      ...fail("session/new", {
        detail: `${patient.title} wants a login first (${formatMs(answer.ms)})`,
        fix: formatLogin(patient, methods),
      }),
      ms: answer.ms,
    };
  }
  if (answer.kind !== "result") return failStep("session/new", answer, patient);
  const modes = listModes(answer.result.modes);
  const more = modes.length === 0 ? "" : `; modes: ${modes.join(", ")}`;
  return {
    ...ok("session/new", `a session in ${cwd}${more} (${formatMs(answer.ms)})`),
    ms: answer.ms,
  };
}

/** The end of the connection, with the exit code of the relay and what it said last. Pure. */
export function readEnd(code: number, options: { ms: number; said: string }): Step {
  const { ms, said } = options;
  if (code === 0) return { ...ok("end", `left with code 0 (${formatMs(ms)})`), ms };
  const last = said.trim().split("\n").slice(-3).join(" ").slice(0, 500);
  return {
    ...fail("end", {
      detail: `ended with code ${code}${last === "" ? "" : `: ${last}`} (${formatMs(ms)})`,
      fix: "Read what it said; the agent itself is tried with --shell in place of ACP",
    }),
    ms,
  };
}

function isLoginNeeded(answer: Answer): boolean {
  return answer.kind === "error" && answer.code === AUTH_REQUIRED;
}

function failStep(name: string, answer: Answer, patient: Patient): Step {
  return { ...fail(name, findFault(name, { answer, patient })), ms: answer.ms };
}

function findFault(
  name: string,
  { answer, patient }: { answer: Answer; patient: Patient },
): { detail: string; fix: string } {
  switch (answer.kind) {
    case "result":
      throw new Error("A result is no fault");
    case "error":
      return {
        detail: `error ${answer.code}: ${answer.message} (${formatMs(answer.ms)})`,
        fix: `See what ${patient.title} says by itself: sandcage ${patient.name}`,
      };
    case "silence":
      return {
        detail: `no answer to ${name} in ${formatMs(answer.ms)}`,
        fix: "See what it asked for and was refused: sandcage audit",
      };
    case "ended":
      return {
        detail: `ended before it answered (${formatMs(answer.ms)})`,
        fix: `Look around in its cage: sandcage ${patient.name} --shell`,
      };
    default:
      return unreachable(answer);
  }
}

/** What logs in, nearest first: a login of this machine, a key, a login inside. */
function formatLogin({ name, auth }: Patient, methods: readonly { id: string }[]): string {
  const ways = [
    ...(auth.files.length === 0 ? [] : [`sandcage auth ${name}`]),
    ...(auth.login === undefined ? [] : [`sandcage auth ${name} --login`]),
    ...Object.keys(auth.keys).slice(0, 1).map((key) => `sandcage secret set ${key}`),
  ];
  if (ways.length > 0) return `Log in, one of: ${ways.join("; ")}`;
  const ids = methods.map(({ id }) => id).join(", ");
  return `Log in inside: sandcage ${name} --shell${ids === "" ? "" : ` (it offers ${ids})`}`;
}

function formatNoise(noise: readonly string[]): Step {
  return warn("stdout", {
    detail: `lines that are no message: ${noise.map((line) => JSON.stringify(line)).join(", ")}`,
    fix: "Editors skip them or stop at them; it is the agent that prints them",
  });
}

function findAgent(info: unknown): Diagnosis["agent"] {
  if (typeof info !== "object" || info === null) return undefined;
  const { name, title, version } = info as Record<string, unknown>;
  const called = typeof title === "string" ? title : name;
  if (typeof called !== "string") return undefined;
  return { name: called, ...(typeof version === "string" ? { version } : {}) };
}

function listMethods(methods: unknown): { id: string; name: string }[] {
  if (!Array.isArray(methods)) return [];
  return methods.flatMap((method: unknown) => {
    if (typeof method !== "object" || method === null) return [];
    const { id, name } = method as Record<string, unknown>;
    return typeof id === "string" ? [{ id, name: typeof name === "string" ? name : id }] : [];
  });
}

function listModes(modes: unknown): string[] {
  if (typeof modes !== "object" || modes === null) return [];
  const { availableModes } = modes as Record<string, unknown>;
  if (!Array.isArray(availableModes)) return [];
  return availableModes.flatMap((mode: unknown) =>
    typeof mode === "object" && mode !== null && "id" in mode && typeof mode.id === "string"
      ? [mode.id]
      : []
  );
}

function formatVersion(version: string | undefined): string {
  return version === undefined ? "" : ` ${version}`;
}

function formatMs(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function unreachable(answer: never): never {
  throw new Error(`No such answer: ${JSON.stringify(answer)}`);
}
