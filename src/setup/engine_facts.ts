import { join } from "node:path";
import { type ClientObservation, observeClient } from "../engine/client.ts";
import { chooseEndpoint } from "../engine/endpoint.ts";
import type { EngineEndpoint } from "../engine/engine.ts";
import type { Run } from "../engine/process.ts";
import { findProgram } from "../engine/program.ts";
import type { Host } from "../host.ts";
import { type AptFile, type AptSource, parseAptSources } from "./apt_sources.ts";
import { observeReturnPath, type ReturnPath } from "./return_path.ts";

/** The Linux distribution, from os-release. */
export type Distribution = { id: string; like: string[]; version: string; codename: string };

/** Everything the set-up of an engine is decided from. */
export type EngineFacts = {
  platform: Host["platform"];
  uid: number;
  stateDir: string;
  endpoint: EngineEndpoint;
  distribution: Distribution | null;
  aptSources: AptSource[];
  /** Docker packages that dpkg has installed. */
  installed: string[];
  client: Omit<ClientObservation, "info">;
  /** dockerd is on this machine. */
  daemon: boolean;
  /** systemd is the init system and runs. */
  systemd: boolean;
  /** The kernel enforces AppArmor profiles. */
  apparmor: boolean;
  /** What stands in docker's pid file; `alive` is true when that process is a dockerd. */
  pidFile: { path: string; pid: number; alive: boolean } | null;
  returnPath: ReturnPath | null;
};

/** Packages that decide which others fit. */
const PACKAGES = ["docker-ce", "docker.io"] as const;
const PID_FILE = "/var/run/docker.pid";
const APT_DIR = "/etc/apt";

/** Looks at the machine; changes nothing. */
export async function observeEngineFacts(
  options: { host: Host; run: Run; context?: string | null },
): Promise<EngineFacts> {
  const { host, run } = options;
  const endpoint = chooseEndpoint(options.context ?? null, host.env);
  const linux = host.platform === "linux";
  const [observation, distribution, installed, aptSources] = await Promise.all([
    observeClient({ endpoint, host, run }),
    linux ? findDistribution() : null,
    linux ? findInstalled(run) : [],
    linux ? observeAptSources() : [],
  ]);
  const { info: _, ...client } = observation;
  return {
    platform: host.platform,
    uid: host.user.uid,
    stateDir: host.stateDir,
    endpoint,
    distribution,
    aptSources,
    installed,
    client,
    daemon: findProgram("dockerd", host) !== undefined || await exists("/usr/sbin/dockerd"),
    systemd: linux && await exists("/run/systemd/system"),
    apparmor: linux && (await findText("/sys/module/apparmor/parameters/enabled"))?.[0] === "Y",
    pidFile: linux ? await findPidFile() : null,
    returnPath: linux ? await observeReturnPath() : null,
  };
}

/** Reads all of apt's source files. */
export async function observeAptSources(): Promise<AptSource[]> {
  const paths = [join(APT_DIR, "sources.list")];
  try {
    for await (const entry of Deno.readDir(join(APT_DIR, "sources.list.d"))) {
      if (/\.(list|sources)$/.test(entry.name)) {
        paths.push(join(APT_DIR, "sources.list.d", entry.name));
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const files: AptFile[] = [];
  for (const path of paths.sort()) {
    const text = await findText(path);
    if (text !== undefined) files.push({ path, text });
  }
  return parseAptSources(files);
}

/** The distribution this machine runs, or null where os-release is absent. */
export async function findDistribution(): Promise<Distribution | null> {
  const text = await findText("/etc/os-release") ?? await findText("/usr/lib/os-release");
  return text === undefined ? null : parseOsRelease(text);
}

/**
 * Reads os-release. A derivative of Ubuntu names the Ubuntu it stands on, which is what its
 * packages come from.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/os-release.html}
 */
export function parseOsRelease(text: string): Distribution {
  const field = (name: string) =>
    new RegExp(`^${name}=["']?([^"'\\n]*)["']?\\s*$`, "m").exec(text)?.[1] ?? "";
  return {
    id: field("ID"),
    like: field("ID_LIKE").split(" ").filter((word) => word !== ""),
    version: field("VERSION_ID"),
    codename: field("UBUNTU_CODENAME") || field("DEBIAN_CODENAME") || field("VERSION_CODENAME"),
  };
}

async function findInstalled(run: Run): Promise<string[]> {
  const format = "${Package} ${db:Status-Status}\\n";
  try {
    // Exit code 1 says that some are unknown; the known ones are printed all the same.
    const result = await run("dpkg-query", ["-W", "-f", format, ...PACKAGES], {
      timeoutMs: 10_000,
    });
    return PACKAGES.filter((name) => result.stdout.includes(`${name} installed`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function findPidFile(): Promise<EngineFacts["pidFile"]> {
  const pid = Number.parseInt(await findText(PID_FILE) ?? "", 10);
  if (!Number.isInteger(pid)) return null;
  const name = await findText(`/proc/${pid}/comm`);
  return { path: PID_FILE, pid, alive: name?.trim() === "dockerd" };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Text of a small file; absent and unreadable are the same here: nothing to learn from it. */
async function findText(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch(() => undefined);
}
