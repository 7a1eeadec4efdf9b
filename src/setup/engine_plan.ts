import { join } from "node:path/posix";
import { formatEndpoint } from "../engine/endpoint.ts";
import { findArchive, formatDeb822 } from "./apt_sources.ts";
import type { Distribution, EngineFacts } from "./engine_facts.ts";
import { formatInstructions } from "./engine_manual.ts";
import { planReturnPath } from "./return_path.ts";

/** One thing set-up does, and why. */
export type SetupStep =
  & { title: string; cause: string }
  & (
    /** Runs a program; `optional` steps may fail, which is said. */
    | { kind: "run"; command: string[]; optional?: true }
    | { kind: "write"; path: string; text: string; optional?: true }
    | { kind: "remove"; path: string }
    /** Starts the daemon, unless `command` is empty, and waits until it answers. */
    | { kind: "start"; command: string[]; log: string | null }
  );

/** What is to be done. */
export type EnginePlan =
  | { kind: "ready" }
  | { kind: "steps"; steps: SetupStep[] }
  /** Only the user can do it. */
  | { kind: "manual"; problem: string; instructions: string };

/** The Debian suite whose Compose v2 and buildx also run on bookworm. */
const NEWER_SUITE = "trixie";
/** File names below apt's directories. */
const APT_NAME = "sandcage-trixie";

const APT_GET = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=60"];
const INSTALL = [...APT_GET, "install", "--no-install-recommends"];

/** Decides what is missing and how it comes here. Pure. */
export function planEngine(facts: EngineFacts): EnginePlan {
  const { client } = facts;
  const answers = client.server !== undefined;
  if (answers && client.compose !== undefined && client.buildx !== undefined) {
    const steps = planMachine(facts);
    return steps.length === 0 ? { kind: "ready" } : { kind: "steps", steps };
  }
  const problem = formatProblem(facts);
  const manual = (instructions: string): EnginePlan => ({ kind: "manual", problem, instructions });

  if (!answers && facts.endpoint.kind !== "default" && client.installed) {
    return manual(
      `You chose ${formatEndpoint(facts.endpoint)}. Start that engine, or unset DOCKER_HOST and ` +
        "DOCKER_CONTEXT to use one on this machine.",
    );
  }
  const packages = choosePackages(facts);
  if (packages === undefined) return manual(formatInstructions(facts));
  if (facts.uid !== 0) {
    return manual(
      client.failure === "permission"
        ? 'Join the group docker: sudo usermod -aG docker "$USER", then sign in again'
        : "Run it as root: sudo sandcage setup engine\n" +
          'Then join the group docker: sudo usermod -aG docker "$USER", and sign in again',
    );
  }
  return {
    kind: "steps",
    steps: [...planInstall(facts, packages), ...planMachine(facts), ...planStart(facts)],
  };
}

/** What this machine needs besides an engine; nothing where the engine is another's. */
function planMachine({ platform, uid, endpoint, returnPath }: EngineFacts): SetupStep[] {
  const isHere = endpoint.kind === "default" ||
    (endpoint.kind === "host" && endpoint.url.startsWith("unix:"));
  return platform === "linux" && uid === 0 && isHere ? planReturnPath(returnPath) : [];
}

/** Which packages give what, on one release. */
type Packages = {
  engine: string[];
  client: string[];
  compose: string;
  buildx: string;
  /** Suite that must be added for compose and buildx. */
  suite: string | null;
};

function choosePackages(facts: EngineFacts): Packages | undefined {
  const { distribution } = facts;
  if (facts.platform !== "linux" || distribution === null) return undefined;
  const family = findFamily(distribution);
  if (family === undefined) return undefined;
  const hardening = facts.apparmor ? ["apparmor"] : [];
  if (facts.installed.includes("docker-ce")) {
    // Docker's own packages: Debian's would replace them.
    const plugins = { compose: "docker-compose-plugin", buildx: "docker-buildx-plugin" };
    return { engine: ["docker-ce"], client: ["docker-ce-cli"], ...plugins, suite: null };
  }
  const engine = ["docker.io", "iptables", ...hardening];
  if (family === "ubuntu") {
    const plugins = { compose: "docker-compose-v2", buildx: "docker-buildx" };
    return { engine, client: ["docker.io"], ...plugins, suite: null };
  }
  const plugins = { compose: "docker-compose", buildx: "docker-buildx" };
  if (Number.parseInt(distribution.version, 10) === 12) {
    if (findArchive(facts.aptSources, distribution.codename) === undefined) return undefined;
    return { engine, client: ["docker.io"], ...plugins, suite: NEWER_SUITE };
  }
  return { engine, client: ["docker-cli"], ...plugins, suite: null };
}

/** Releases whose archive has a Compose v2, itself or through the next one. */
function findFamily(
  { id, like, version, codename }: Distribution,
): "debian" | "ubuntu" | undefined {
  if (id === "debian") {
    // Testing and unstable have no version; everything is in their archive.
    return version === "" || Number.parseInt(version, 10) >= 12 ? "debian" : undefined;
  }
  if (id === "ubuntu") return Number.parseFloat(version) >= 22.04 ? "ubuntu" : undefined;
  const known = ["jammy", "noble", "questing", "resolute"].includes(codename);
  return like.includes("ubuntu") && known ? "ubuntu" : undefined;
}

function planInstall(facts: EngineFacts, packages: Packages): SetupStep[] {
  const { client } = facts;
  const engine = !facts.daemon && client.server === undefined ? packages.engine : [];
  const cli = client.installed ? [] : packages.client;
  const plugins = [
    ...(client.compose === undefined ? [packages.compose] : []),
    ...(client.buildx === undefined ? [packages.buildx] : []),
  ];
  const base = [...new Set([...engine, ...cli])];
  if (base.length + plugins.length === 0) return [];
  const suite = plugins.length > 0 ? packages.suite : null;
  const steps = suite === null ? [] : planSource(facts, suite);
  steps.push({
    kind: "run",
    title: "Update the package lists",
    cause: "packages are missing",
    command: [...APT_GET, "update"],
    optional: true,
  });
  if (base.length > 0) {
    const cause = engine.length > 0 ? "there is no Docker Engine" : "there is no docker client";
    steps.push({
      kind: "run",
      title: "Install Docker Engine",
      cause,
      command: [...INSTALL, ...base],
    });
  }
  if (plugins.length > 0) {
    const target = suite === null ? [] : ["-t", suite];
    steps.push({
      kind: "run",
      title: `Install ${formatList(facts)}`,
      cause: `the docker client lacks ${formatList(facts)}`,
      command: [...INSTALL, ...target, ...plugins],
    });
  }
  return steps;
}

function formatList({ client }: EngineFacts): string {
  const compose = client.compose === undefined ? ["Compose v2"] : [];
  const buildx = client.buildx === undefined ? ["buildx"] : [];
  return [...compose, ...buildx].join(" and ");
}

/** Adds the newer suite from the archive this machine already trusts, for asked packages only. */
function planSource(facts: EngineFacts, suite: string): SetupStep[] {
  if (facts.aptSources.some((source) => source.suites.includes(suite))) return [];
  const archive = findArchive(facts.aptSources, facts.distribution?.codename ?? "");
  if (archive === undefined) return [];
  const cause = `this release has no Compose v2; ${suite} has`;
  return [
    {
      kind: "write",
      title: `Add Debian ${suite} from the archive already in use`,
      cause,
      path: join("/etc/apt/sources.list.d", `${APT_NAME}.sources`),
      text: formatDeb822(archive, suite),
    },
    {
      kind: "write",
      title: `Keep ${suite} out of ordinary upgrades`,
      cause: "only packages asked for by name may come from it",
      path: join("/etc/apt/preferences.d", APT_NAME),
      text: `Package: *\nPin: release n=${suite}\nPin-Priority: 100\n`,
    },
  ];
}

function planStart(facts: EngineFacts): SetupStep[] {
  if (facts.client.server !== undefined) return [];
  const title = "Start Docker Engine";
  const cause = "the engine does not answer";
  if (facts.systemd) {
    const command = ["systemctl", "enable", "--now", "docker"];
    return [{ kind: "start", title, cause, command, log: null }];
  }
  const log = join(facts.stateDir, "dockerd.log");
  const { pidFile } = facts;
  if (pidFile?.alive === true) {
    const running = `dockerd runs (pid ${pidFile.pid}) and does not answer yet`;
    return [{ kind: "start", title: "Wait for Docker Engine", cause: running, command: [], log }];
  }
  const steps: SetupStep[] = [];
  if (pidFile !== null) {
    steps.push({
      kind: "remove",
      title: "Remove the pid file of a dead daemon",
      cause: `no dockerd has pid ${pidFile.pid}; the daemon would refuse to start`,
      path: pidFile.path,
    });
  }
  steps.push({ kind: "start", title, cause, command: formatDetached(log), log });
  return steps;
}

/** A session of its own and no inherited stream: it outlives us and holds none of our pipes. */
function formatDetached(log: string): string[] {
  const script = 'PATH="$PATH:/usr/sbin:/sbin" setsid dockerd >>"$1" 2>&1 </dev/null & echo $!';
  return ["sh", "-c", script, "dockerd", log];
}

function formatProblem({ client, daemon }: EngineFacts): string {
  if (!client.installed) return "Docker is not installed";
  if (client.failure === "permission") return "You may not use the engine's socket";
  if (client.failure === "timeout") return "The engine does not answer in time";
  if (client.server === undefined) {
    return daemon ? "The engine does not run" : "No engine runs here";
  }
  return client.compose === undefined ? "Docker Compose v2 is missing" : "buildx is missing";
}
