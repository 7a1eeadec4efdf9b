import type { Finding } from "../case.ts";
import type { Expected } from "./expected.ts";
import type { ContainerFacts, ContainerViews } from "./facts.ts";

/** What a judge is given. */
export type ContainerEvidence = { views: ContainerViews; expected: Expected };

const CAPABILITIES = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
const SECCOMP_FILTER = "2";

/** Rights, filters and limits as the kernel has them on record. Pure. */
export function judgeRights({ views, expected }: ContainerEvidence): Finding {
  const { agent, root, open } = views;
  const { uid, gid } = expected.user;
  const evidence = [
    ...formatDifferences("the agent", agent, [
      ["Uid", ids(uid)],
      ["Gid", ids(gid)],
      ["NoNewPrivs", "1"],
      ["Seccomp", SECCOMP_FILTER],
    ]),
    ...formatDifferences("root inside", root, [["NoNewPrivs", "1"], ["Seccomp", SECCOMP_FILTER]]),
    ...[["the agent", agent] as const, ["root inside", root] as const].flatMap(([who, facts]) =>
      CAPABILITIES
        .filter((name) => !/^0+$/.test(facts.status[name] ?? ""))
        .map((name) => `${name} of ${who} is ${facts.status[name] ?? "unknown"}`)
    ),
    ...formatLimits(agent, expected),
  ];
  const control = !/^0+$/.test(open.status.CapEff ?? "0") && open.status.Seccomp === "0" &&
    open.status.NoNewPrivs === "0";
  return {
    held: evidence.length === 0,
    control,
    seen: `no capability, seccomp filters, ${agent.limits.pids} processes, ${
      toMebibytes(expected.memoryBytes)
    } MiB`,
    evidence,
  };
}

function ids(id: number): string {
  return Array(4).fill(id).join("\t");
}

function formatDifferences(
  who: string,
  facts: ContainerFacts,
  wanted: readonly (readonly [string, string])[],
): string[] {
  return wanted
    .filter(([name, value]) => facts.status[name] !== value)
    .map(([name, value]) =>
      `${name} of ${who} is ${facts.status[name] ?? "unknown"}, not ${value}`
    );
}

function formatLimits({ limits }: ContainerFacts, expected: Expected): string[] {
  const [quota, period] = limits.cpu.split(" ").map(Number);
  const cpus = quota! / period!;
  return [
    ...(Number(limits.memory) === expected.memoryBytes
      ? []
      : [`memory is limited to ${limits.memory}, not ${expected.memoryBytes}`]),
    ...(Number(limits.pids) === expected.pids
      ? []
      : [`processes are limited to ${limits.pids}, not ${expected.pids}`]),
    ...(Math.abs(cpus - expected.cpus) < 0.001
      ? []
      : [`processors are limited to "${limits.cpu}", not ${expected.cpus}`]),
  ];
}

function toMebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}

/** Nothing names the user, the machine or the tool, but the project's own path. Pure. */
export function judgeTraces(
  { views: { agent }, expected }: ContainerEvidence,
): Finding | { notApplicable: string } {
  if (expected.marks.length === 0) {
    return { notApplicable: "user and machine have names that every container has" };
  }
  const places = listPlaces(agent);
  const allowed = expected.insidePath;
  const evidence = places.flatMap(([place, text]) =>
    expected.marks
      .filter((mark) => containsMark(text, { mark, allowed }))
      .map((mark) => `${place} says "${mark}"`)
  );
  // The same search finds what is there to be found.
  const planted = `${agent.hostname}-planted`;
  const control = containsMark(`PATH=/bin:/${planted}`, { mark: planted, allowed }) &&
    places.some(([place, text]) => place === "a mount" && text.includes(" / "));
  return {
    held: evidence.length === 0,
    control,
    seen: `${expected.marks.length} names looked for in ${places.length} places`,
    evidence,
  };
}

function listPlaces(facts: ContainerFacts): (readonly [place: string, text: string])[] {
  return [
    ...facts.mounts.map((line) => ["a mount", line] as const),
    ...Object.entries(facts.environment).map(([name, value]) =>
      [`the variable ${name}`, `${name}=${value}`] as const
    ),
    ...facts.initEnvironment.map((pair) => ["the environment of process 1", pair] as const),
    ["the hostname", facts.hostname],
    ["the configuration of git", facts.gitConfig],
    ["/etc/passwd", facts.passwd],
    ["/etc/hosts or resolv.conf", facts.hosts],
    ["the command of process 1", facts.init],
  ];
}

function containsMark(text: string, { mark, allowed }: { mark: string; allowed: string }): boolean {
  return text.replaceAll(allowed, "").toLowerCase().includes(mark.toLowerCase());
}

/** Nothing of the machine was left open, and the machine's processes are out of sight. Pure. */
export function judgeLeftOpen({ views: { agent, root, open } }: ContainerEvidence): Finding {
  const evidence = [["the agent", agent] as const, ["root inside", root] as const].flatMap((
    [who, facts],
  ) => [
    ...[...facts.descriptors.self ?? [], ...facts.descriptors.init ?? []]
      .filter((target) => target.endsWith("/"))
      .map((target) => `${who} has the folder ${target} open`),
    ...(facts.directory.startsWith("/") ? [] : [`${who} starts in ${facts.directory}`]),
  ]);
  return {
    held: evidence.length === 0,
    control: agent.descriptors.self !== null && open.descriptors.self !== null,
    seen: `${agent.descriptors.self?.length ?? 0} descriptors, none of a folder`,
    evidence,
  };
}

/** What engines put before a command: Docker tini, Podman catatonit. */
const INIT = /^\S*\/(docker-init|tini|podman-init|catatonit)( |$)/;

/** No engine's socket, no disk, no process that is not the cage's. Pure. */
export function judgeNeighbours({ views: { agent, root } }: ContainerEvidence): Finding {
  const evidence = [["the agent", agent] as const, ["root inside", root] as const].flatMap((
    [who, facts],
  ) => [
    ...facts.sockets.map((path) => `${who} sees the engine's socket ${path}`),
    ...facts.blockDevices.map((path) => `${who} sees the disk ${path}`),
    ...(INIT.test(facts.init) ? [] : [`process 1 of ${who} is "${facts.init.slice(0, 100)}"`]),
  ]);
  return {
    held: evidence.length === 0,
    control: agent.processes > 1 && agent.mounts.length > 1,
    seen: `${agent.processes} processes in sight, all of the cage`,
    evidence,
  };
}

/** What can be written is wiped, and none of it gains anything. Pure. */
export function judgeMounts({ views: { agent } }: ContainerEvidence): Finding {
  const temporary = ["/tmp", "/var/tmp", "/run"].map((target) => {
    const line = agent.mounts.findLast((mount) => mount.split(" ")[4] === target);
    return { target, options: line?.split(" ")[5]?.split(",") ?? [] };
  });
  const root = agent.mounts.find((mount) => mount.split(" ")[4] === "/");
  const evidence = [
    ...temporary.flatMap(({ target, options }) =>
      ["nosuid", "nodev"].filter((option) => !options.includes(option))
        .map((option) => `${target} is not ${option}`)
    ),
    ...(root?.split(" ")[5]?.split(",").includes("ro") === true ? [] : ["/ is not read-only"]),
  ];
  return {
    held: evidence.length === 0,
    control: agent.tries["write /tmp"] === "ok",
    seen: `/ read-only, ${temporary.length} temporary folders nosuid,nodev`,
    evidence,
  };
}
