import type { ClientObservation } from "../engine/client.ts";
import type { EngineFlavor } from "../engine/engine.ts";
import { createMissingError, createUnreachableError } from "../engine/failure.ts";
import type { Host } from "../host.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import { formatReturnPathFix, isHearing, type ReturnPath } from "./return_path.ts";

/** The oldest engines that have everything a cage needs: of Podman the oldest that was tried. */
const OLDEST = { docker: [20, 10], podman: [5, 4] } as const;
const SETUP = "sandcage setup engine";
const GIB = 1024 ** 3;
/** Free space an image build needs, and what leaves room for a few of them; in bytes. */
const SPACE = { build: 1 * GIB, comfort: 5 * GIB } as const;

/** What the checks of the engine are decided from. */
export type EngineCheckFacts = {
  client: ClientObservation;
  title: string;
  platform: Host["platform"];
  /** What answers, when it does. */
  flavor: EngineFlavor | undefined;
  /** Answer of the bind-mount probe, or why there is none. */
  local: boolean | string;
  /** Free bytes where docker keeps its data, where that can be seen. */
  freeBytes: number | null;
  /** Of this machine, where bridges of the engine are bridges of it. */
  returnPath: ReturnPath | null;
};

/** The part of `docker info` that doctor talks about. */
type Info = {
  ClientInfo?: { Version?: string };
  CgroupVersion?: string;
  CgroupDriver?: string;
  Driver?: string;
  DockerRootDir?: string;
  MemoryLimit?: boolean;
  PidsLimit?: boolean;
  CpuCfsQuota?: boolean;
  SecurityOptions?: string[] | null;
};

/** Judges the docker client and its engine. Pure. */
export function checkEngine(facts: EngineCheckFacts): Check[] {
  const { client, platform } = facts;
  if (!client.installed) {
    const error = createMissingError(platform);
    return [fail("docker client", { detail: error.message, fix: error.hint ?? SETUP })];
  }
  const info = parseInfo(client.info);
  const version = info.ClientInfo?.Version ?? "installed";
  const checks = [ok("docker client", version), checkPlugin("compose", client.compose)];
  checks.push(checkPlugin("buildx", client.buildx));
  if (client.server === undefined) return [...checks, checkSilent(facts)];
  checks.push(checkVersion(client.server, facts), checkLocal(facts));
  checks.push(checkLimits(info), checkStorage(info, facts.freeBytes), checkUsers(info));
  return facts.returnPath === null ? checks : [...checks, checkReturnPath(facts.returnPath)];
}

function checkReturnPath(path: ReturnPath): Check {
  return isHearing(path)
    ? warn("broadcasts", {
      detail: "what a cage calls to everybody on its network reaches programs of this machine " +
        "that listen for UDP on all addresses (rp_filter of all and default is 0)",
      fix: formatReturnPathFix(),
    })
    : ok("broadcasts", "this machine does not hear what a cage calls to everybody");
}

function checkPlugin(
  name: "compose" | "buildx",
  plugin: ClientObservation["compose"],
): Check {
  if (plugin !== undefined) return ok(name, `${plugin.version} at ${plugin.path}`);
  return fail(name, {
    detail: name === "compose" ? "no Compose v2" : "not there; images need it",
    fix: SETUP,
  });
}

function checkSilent({ client, title, platform }: EngineCheckFacts): Check {
  if (client.failure === "timeout") {
    return fail("engine", {
      detail: `${title} does not answer in time`,
      fix: "Restart the engine",
    });
  }
  const failure = client.failure ?? "not-listening";
  const error = createUnreachableError(failure, { title, platform, stderr: client.stderr });
  return fail("engine", { detail: error.message, fix: error.hint ?? SETUP });
}

function checkVersion(server: string, facts: EngineCheckFacts): Check {
  const { title, flavor = "docker" } = facts;
  const [major = 0, minor = 0] = server.split(".").map((part) => Number.parseInt(part, 10));
  const oldest = OLDEST[flavor];
  const old = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  const name = flavor === "podman" ? `Podman ${server}` : server;
  return old
    ? fail("engine", {
      detail: `${name} at ${title} is too old`,
      fix: `Update it to ${oldest.join(".")} or newer`,
    })
    : ok("engine", `${name} at ${title}`);
}

function checkLocal({ local, title }: EngineCheckFacts): Check {
  if (local === true) return ok("local", "the engine sees the files of this machine");
  const detail = local === false
    ? `${title} does not see the files of this machine`
    : `cannot tell: ${local}`;
  return warn("local", {
    detail,
    fix: "Use an engine on this machine to mount projects and publish ports",
  });
}

function checkLimits(info: Info): Check {
  const missing = [
    ...(info.MemoryLimit ? [] : ["memory"]),
    ...(info.PidsLimit ? [] : ["processes"]),
    ...(info.CpuCfsQuota ? [] : ["processors"]),
  ];
  const where = `cgroup v${info.CgroupVersion ?? "1"} (${info.CgroupDriver ?? "unknown driver"})`;
  return missing.length === 0
    ? ok("limits", `${where} limits memory, processes, processors`)
    : warn("limits", {
      detail: `${where} does not limit: ${missing.join(", ")}`,
      fix: "Enable these cgroup controllers, or use an engine with cgroup v2 and systemd",
    });
}

function checkStorage(info: Info, freeBytes: number | null): Check {
  const where = `${info.Driver ?? "unknown driver"} in ${info.DockerRootDir ?? "unknown place"}`;
  if (freeBytes === null) return ok("storage", where);
  const detail = `${where}, ${(freeBytes / GIB).toFixed(1)} GiB free`;
  const fix = "Free some: docker system df, sandcage reset";
  if (freeBytes < SPACE.build) return fail("storage", { detail, fix });
  if (info.Driver === "vfs") {
    return warn("storage", {
      detail: `${detail}; vfs copies whole images`,
      fix: "Use overlay2 as storage driver",
    });
  }
  return freeBytes < SPACE.comfort ? warn("storage", { detail, fix }) : ok("storage", detail);
}

function checkUsers(info: Info): Check {
  const security = info.SecurityOptions ?? [];
  if (security.some((option) => option.startsWith("name=rootless"))) {
    return ok("users", "rootless: root inside is you outside");
  }
  if (security.some((option) => option.startsWith("name=userns"))) {
    return warn("users", {
      detail: "userns-remap: mounted files belong to nobody inside",
      fix: "Use `workspace: { mode: copy }`, or an engine without userns-remap",
    });
  }
  return ok("users", "uids inside are uids outside");
}

function parseInfo(text: string): Info {
  try {
    return (JSON.parse(text) ?? {}) as Info;
  } catch {
    return {}; // A client without an answer: the check of the engine says so.
  }
}
