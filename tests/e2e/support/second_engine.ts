import { join } from "node:path";
import { run } from "../../../src/engine/process.ts";
import { waitFor } from "./files.ts";

/** A Docker engine of the test's own, whose disk it may fill. Without any network. */
export type SecondEngine = AsyncDisposable & {
  /** For `DOCKER_HOST`. */
  url: string;
  /** Carries an image over from the machine's engine. */
  take(image: string): Promise<void>;
};

/** Starts an engine below `root` with a disk of `diskMiB`, which lies in memory. */
export async function startSecondEngine(root: string, diskMiB: number): Promise<SecondEngine> {
  const [data, exec] = [join(root, "engine"), join(root, "engine-run")];
  await Deno.mkdir(data);
  await Deno.mkdir(exec);
  await must("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m`, "tmpfs", data]);
  const url = `unix://${join(exec, "s")}`;
  const places = ["--data-root", data, "--exec-root", exec, "--pidfile", join(exec, "pid")];
  const network = ["--bridge", "none", "--iptables=false", "--ip6tables=false"];
  // In a network namespace of its own: an engine without a bridge removes docker0 where it starts.
  const daemon = new Deno.Command("unshare", {
    args: ["--net", "dockerd", ...places, "--host", url, ...network],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    daemon.kill("SIGTERM");
    await daemon.status;
    // Lazily: the engine's own containerd may take a moment longer.
    for (const path of await listMounts(root)) await must("umount", ["--lazy", path]);
  };
  try {
    await waitFor("the second engine", async () => {
      const answer = await run("docker", ["--host", url, "version"], { timeoutMs: 5000 });
      return answer.code === 0 || undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    async take(image) {
      await must("sh", ["-c", 'docker save "$1" | docker --host "$2" load', "sh", image, url]);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Mounts below a folder, the innermost first. */
async function listMounts(root: string): Promise<string[]> {
  return (await Deno.readTextFile("/proc/self/mounts")).split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${root}/`))
    .toReversed();
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args, { timeoutMs: 120_000 });
  if (result.code !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
}
