/** What a container looks like from inside, as look.py prints it. */
export type ContainerFacts = {
  /** Lines of /proc/self/status by name. */
  status: Readonly<Record<string, string>>;
  /** As the kernel spells them, whichever cgroup version. */
  limits: { memory: string; pids: string; cpu: string };
  /** Lines of /proc/self/mountinfo. */
  mounts: readonly string[];
  environment: Readonly<Record<string, string>>;
  initEnvironment: readonly string[];
  hostname: string;
  gitConfig: string;
  passwd: string;
  hosts: string;
  /** Command line of process 1. */
  init: string;
  /** Number of processes in sight. */
  processes: number;
  /** What is open; `null` where it cannot be read. */
  descriptors: { self: readonly string[] | null; init: readonly string[] | null };
  directory: string;
  /** Sockets of container engines. */
  sockets: readonly string[];
  blockDevices: readonly string[];
  /** `ok`, or the name of the error, by what was tried. */
  tries: Readonly<Record<string, string>>;
};

/** The same container as seen by three: what they have in common proves nothing. */
export type ContainerViews = {
  agent: ContainerFacts;
  /** uid 0 in the agent's container. */
  root: ContainerFacts;
  /** A container of the same image with every right this engine gives: the control. */
  open: ContainerFacts;
};

/**
 * Reads what look.py printed. Inside it is the agent's machine: what does not have the shape of it is
 * refused, and nothing is proved. Pure.
 *
 * @throws {Error} If it is something else.
 */
export function parseFacts(text: string): ContainerFacts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`What looked around inside said: ${text.slice(0, 200) || "nothing"}`);
  }
  if (isFacts(value)) return value;
  throw new Error("What looked around inside left something out");
}

function isFacts(value: unknown): value is ContainerFacts {
  if (!isObject(value)) return false;
  const { limits, descriptors } = value;
  return isTexts(value.status) && isTexts(value.environment) && isTexts(value.tries) &&
    ["hostname", "gitConfig", "passwd", "hosts", "init", "directory"]
      .every((name) => typeof value[name] === "string") &&
    [value.mounts, value.initEnvironment, value.sockets, value.blockDevices].every(isTextList) &&
    typeof value.processes === "number" && isTexts(limits) &&
    ["memory", "pids", "cpu"].every((name) => name in limits) && isObject(descriptors) &&
    [descriptors.self, descriptors.init].every((list) => list === null || isTextList(list));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((each) => typeof each === "string");
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
