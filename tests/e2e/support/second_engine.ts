import { basename, join } from "node:path";
import { run } from "../../../src/engine/process.ts";
import { waitFor } from "./files.ts";
import { removeCgroups } from "./nested_engine.ts";

/** A Docker engine of the test's own, whose disk it may fill. Without any network. */
export type SecondEngine = AsyncDisposable & {
  /** For `DOCKER_HOST`. */
  url: string;
  /** Its socket. */
  socket: string;
  /** Carries images over from the machine's engine. */
  take(...images: readonly string[]): Promise<void>;
  /** Ends it with all that runs on it at once, as a power cut would; what is on its disk stays. */
  crash(): Promise<void>;
  /** Starts it again on the same disk. */
  restart(): Promise<void>;
};

/**
 * Starts an engine below `root` with a disk of `diskMiB`, which lies in memory. It and its containers
 * are a process namespace of their own, which ends with it.
 */
export async function startSecondEngine(root: string, diskMiB: number): Promise<SecondEngine> {
  const [data, exec] = [join(root, "engine"), join(root, "engine-run")];
  await Deno.mkdir(data);
  await Deno.mkdir(exec);
  await must("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m`, "tmpfs", data]);
  const url = `unix://${join(exec, "s")}`;
  const places = ["--data-root", data, "--exec-root", exec, "--pidfile", join(exec, "pid")];
  const network = ["--bridge", "none", "--iptables=false", "--ip6tables=false"];
  const parent = `/sandcage-${basename(root)}`;
  let daemon: Deno.ChildProcess | undefined;
  const start = async () => {
    await Deno.remove(exec, { recursive: true });
    await Deno.mkdir(exec);
    // In a network namespace of its own: an engine without a bridge removes docker0 where it starts.
    const namespaces = ["--net", "--pid", "--fork", "--mount-proc"];
    daemon = new Deno.Command("unshare", {
      args: [
        ...[...namespaces, "dockerd", ...places, "--host", url, ...network],
        ...["--cgroup-parent", parent],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await waitFor("the second engine", async () => {
      const answer = await run("docker", ["--host", url, "version"], { timeoutMs: 5000 });
      return answer.code === 0 || undefined;
    });
  };
  const end = async (signal: Deno.Signal) => {
    if (daemon === undefined) return;
    const pid = await findChild(daemon.pid);
    if (pid === undefined) daemon.kill(signal);
    else Deno.kill(pid, signal);
    await daemon.status;
    daemon = undefined;
  };
  const stop = async () => {
    // Its disk is memory: nothing has to be put in order, and its namespaces go with it.
    await end("SIGKILL");
    // Lazily: something of it may take a moment longer.
    for (const path of await listMounts(root)) await must("umount", ["--lazy", path]);
    await removeCgroups(parent.slice(1));
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    socket: join(exec, "s"),
    async take(...images) {
      const pipe = 'to=$1; shift; docker save "$@" | docker --host "$to" load';
      await must("sh", ["-c", pipe, "sh", url, ...images]);
    },
    crash: () => end("SIGKILL"),
    restart: start,
    [Symbol.asyncDispose]: stop,
  };
}

/** `unshare --fork` waits for the engine, which is its only child. */
async function findChild(pid: number): Promise<number | undefined> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  return children.trim() === "" ? undefined : Number(children.trim().split(" ")[0]);
}

/** Mounts below a folder, the innermost first. */
async function listMounts(root: string): Promise<string[]> {
  return (await Deno.readTextFile("/proc/self/mounts")).split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${root}/`))
    .toReversed();
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args, { timeoutMs: 300_000 });
  if (result.code !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
}
