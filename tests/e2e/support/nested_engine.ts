import { join } from "node:path";
import { type ProcessResult, run } from "../../../src/engine/process.ts";
import { sha256Hex } from "../../../src/hash.ts";
import { IMAGE, LABEL } from "../../../src/names.ts";
import { docker } from "../../../tools/engine_state.ts";
import { waitFor } from "./files.ts";
import { REPOSITORY } from "./sandcage.ts";
import { RUN_ID, RUN_ROOT } from "./world.ts";

/**
 * Another engine in a container: whatever Debian trixie ships, with networks and images of its own.
 * The run's folder is mounted at its own path, so the engine is a local one.
 */
export type NestedEngine = AsyncDisposable & {
  /** For `DOCKER_HOST`. */
  host: string;
  version: string;
  /** Runs a line of shell where the engine runs, as root. */
  shell(line: string): Promise<string>;
  /** Runs `docker ARGS` against it; a non-zero exit is an error of the test itself. */
  docker(args: readonly string[], timeoutMs?: number): Promise<string>;
  /** Carries images over from the machine's engine, with their tags. */
  take(images: readonly string[]): Promise<void>;
};

const IMAGE_REPOSITORY = "sandcage/e2e-engine";

/** How one kind of engine is installed and started. */
type Kind = {
  /** Debian packages, with what is only recommended and needed all the same. */
  packages: readonly string[];
  /** Flags of its container. */
  flags(name: string): string[];
  /** Starts it, as the body of a shell script whose arguments are {@link args}. */
  start: string;
  args(host: string, name: string): string[];
};

/** Engines mount it read-only; without writing there no container gets its IPv6 switched off. */
const OPEN_PROC = "mount -o remount,rw /proc/sys";

/** More than the machine allows its containers, which nobody may raise without SYS_RESOURCE. */
const ULIMITS = 'default_ulimits = ["nofile=16384:16384", "nproc=16384:16384"]';

const KINDS = {
  docker: {
    packages: ["docker.io", "iptables", "ca-certificates"],
    flags: () => ["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup"],
    start: `${OPEN_PROC} && exec dockerd "$@"`,
    args: (host, name) => ["--host", host, "--cgroup-parent", `/${name}`],
  },
  podman: {
    packages: [
      ...["podman", "crun", "netavark", "aardvark-dns", "nftables", "catatonit"],
      ...["iptables", "ca-certificates", "jq"],
    ],
    // Its groups stand below its container's: crun refuses where both hierarchies are in sight. IPv6
    // is on, as on a machine, so that what a bridge says of itself could be reached.
    flags: (name) => [
      ...["--cgroupns", "private", "--cgroup-parent", `/${name}`],
      ...["--device-cgroup-rule", "a *:* rwm"],
      ...["--sysctl", "net.ipv6.conf.all.disable_ipv6=0"],
      ...["--sysctl", "net.ipv6.conf.default.disable_ipv6=0"],
    ],
    start: `${OPEN_PROC}
for group in /sys/fs/cgroup/*; do mount -o remount,bind,rw "$group"; done
printf '[containers]\\n%s\\n' '${ULIMITS}' > /etc/containers/containers.conf
exec podman system service --time=0 "$1"`,
    args: (host) => [host],
  },
} as const satisfies Record<string, Kind>;

function formatDockerfile({ packages }: Kind): string {
  return `FROM ${IMAGE.debian}
RUN apt-get -o Acquire::Retries=3 update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \\
    ${packages.join(" ")} \\
 && rm -rf /var/lib/apt/lists/*
`;
}

/** All an engine needs; `--privileged` asks for SYS_RESOURCE, which not every machine has. */
const CAPABILITIES = [
  ...["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "MKNOD", "SYSLOG"],
  ...["DAC_READ_SEARCH", "LINUX_IMMUTABLE", "IPC_LOCK"],
];

/** Starts one; takes a second once its image is built. Needs root. */
export async function startNestedEngine(
  flavor: keyof typeof KINDS = "docker",
): Promise<NestedEngine> {
  const kind: Kind = KINDS[flavor];
  const image = await ensureImage(kind);
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const root = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "engine-" });
  const name = `sandcage-${RUN_ID}-engine-${root.slice(-6)}`;
  const host = `unix://${join(root, "s")}`;
  const stop = async () => {
    await docker(["rm", "--force", "--volumes", name]);
    await removeCgroups(name);
    await Deno.remove(root, { recursive: true });
  };
  await docker([
    ...["run", "--detach", "--init", "--name", name, "--label", `${LABEL.managed}=true`],
    ...CAPABILITIES.map((capability) => `--cap-add=${capability}`),
    ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
    ...kind.flags(name),
    ...["--volume", "/var/lib/docker", "--volume", "/var/lib/containers"],
    ...["--volume", `${RUN_ROOT}:${RUN_ROOT}`],
    // Tests mount files of the checkout into their containers.
    ...["--volume", `${REPOSITORY}:${REPOSITORY}:ro`],
    ...[image, "sh", "-c", kind.start, "sh", ...kind.args(host, name)],
  ]);
  const ask = (args: readonly string[], timeoutMs = 60_000) =>
    must(run("docker", ["--host", host, ...args], { timeoutMs }));
  try {
    const version = await waitFor("the nested engine", async () => {
      const format = ["version", "--format", "{{.Server.Version}}"];
      const answer = await run("docker", ["--host", host, ...format], { timeoutMs: 5000 });
      return answer.code === 0 ? answer.stdout.trim() : undefined;
    });
    return {
      host,
      version,
      docker: ask,
      shell: (line) => docker(["exec", name, "sh", "-ec", line]),
      async take(images) {
        const pipe = 'target=$1; shift; docker save "$@" | docker --host "$target" load';
        await must(run("sh", ["-c", pipe, "sh", host, ...images], { timeoutMs: 300_000 }));
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    const log = await run("docker", ["logs", "--tail", "20", name], { timeoutMs: 10_000 });
    await stop();
    throw new Error(`${error instanceof Error ? error.message : error}\n${log.stderr}`);
  }
}

/** The engine's image, built when this recipe was not built before. */
async function ensureImage(kind: Kind): Promise<string> {
  const dockerfile = formatDockerfile(kind);
  const recipe = sha256Hex(dockerfile);
  const tag = `${IMAGE_REPOSITORY}:${recipe.slice(0, 12)}`;
  const present = await run("docker", ["image", "inspect", tag], { timeoutMs: 30_000 });
  if (present.code === 0) return tag;
  const labels = [`${LABEL.managed}=true`, `${LABEL.recipe}=${recipe}`];
  const flags = [...labels.flatMap((label) => ["--label", label]), "--tag", tag, "-"];
  await must(run("docker", ["build", ...flags], { stdin: dockerfile, timeoutMs: 600_000 }));
  return tag;
}

/** Engines leave the empty groups of the containers that died with them. */
export async function removeCgroups(name: string): Promise<void> {
  const inside = (await listDirs("/sys/fs/cgroup")).filter((path) => path.includes(`/${name}`));
  // The deepest first.
  for (const path of inside.toSorted((a, b) => b.length - a.length)) {
    await waitFor(`the end of all in ${path}`, () => removeGroup(path));
  }
}

/** One that is gone in between is as good as removed; in another one the last may be dying yet. */
async function removeGroup(path: string): Promise<true | undefined> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EBUSY") return undefined;
    if (!(error instanceof Deno.errors.NotFound)) throw new Error(`${path}: ${error}`);
  }
  return true;
}

/** Every directory below one, while neighbours come and go: `find` would fail at what went. */
async function listDirs(dir: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(dir)).catch(() => []);
  const dirs = names.filter(({ isDirectory }) => isDirectory).map(({ name }) => join(dir, name));
  return [...dirs, ...(await Promise.all(dirs.map(listDirs))).flat()];
}

async function must(running: Promise<ProcessResult>): Promise<string> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  return stdout.trim();
}
