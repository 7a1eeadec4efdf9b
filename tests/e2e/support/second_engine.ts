import { join } from "node:path";
import { run } from "../../../src/engine/process.ts";
import { waitFor } from "./files.ts";

/** A Docker engine of the test's own, which it may fill up or kill. Without any network. */
export type SecondEngine = AsyncDisposable & {
  /** For `DOCKER_HOST`. */
  url: string;
  /** Runs `docker ARGS` against it; a non-zero exit is an error of the test. */
  docker(args: readonly string[]): Promise<string>;
  /** Carries an image over from the machine's engine. */
  take(image: string): Promise<void>;
  /** kill -9 of the engine; its containers run on. */
  kill(): Promise<void>;
  /** Starts it again after {@link kill}. */
  start(): Promise<void>;
};

/** Starts an engine below `root`; its data lies in memory when `dataMiB` bounds it. */
export async function startSecondEngine(
  root: string,
  options: { dataMiB?: number } = {},
): Promise<SecondEngine> {
  const [data, exec] = [join(root, "engine"), join(root, "engine-run")];
  await Deno.mkdir(data);
  await Deno.mkdir(exec);
  if (options.dataMiB !== undefined) {
    await must("mount", ["-t", "tmpfs", "-o", `size=${options.dataMiB}m`, "tmpfs", data]);
  }
  const url = `unix://${join(exec, "s")}`;
  const docker = (args: readonly string[]) => must("docker", ["--host", url, ...args]);
  let daemon: Deno.ChildProcess | undefined;
  const engine: SecondEngine = {
    url,
    docker,
    async take(image) {
      await must("sh", ["-c", 'docker save "$1" | docker --host "$2" load', "sh", image, url]);
    },
    async kill() {
      daemon?.kill("SIGKILL");
      await daemon?.status;
      daemon = undefined;
    },
    async start() {
      const places = ["--data-root", data, "--exec-root", exec, "--pidfile", join(exec, "pid")];
      const network = ["--bridge", "none", "--iptables=false", "--ip6tables=false"];
      daemon = new Deno.Command("dockerd", {
        args: [...places, "--host", url, ...network],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      await waitFor("the second engine", async () => {
        const answer = await run("docker", ["--host", url, "version"], { timeoutMs: 5000 });
        return answer.code === 0 || undefined;
      }, { timeoutMs: 60_000 });
    },
    async [Symbol.asyncDispose]() {
      if (daemon !== undefined) {
        const left = await docker(["ps", "--all", "--quiet"]);
        if (left !== "") await docker(["rm", "--force", ...left.split("\n")]);
        daemon.kill("SIGTERM");
        await daemon.status;
      }
      // Shims and containers of an engine that was killed name its folder on their command line.
      await run("pkill", ["-KILL", "-f", exec], { timeoutMs: 5000 });
      await unmountBelow(root);
    },
  };
  await engine.start();
  return engine;
}

/** Mounts of layers and network namespaces outlive an engine that was killed. */
async function unmountBelow(root: string): Promise<void> {
  const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${root}/`));
  for (const path of mounts.toReversed()) await run("umount", ["-l", path], { timeoutMs: 5000 });
}

async function must(command: string, args: readonly string[]): Promise<string> {
  const result = await run(command, args, { timeoutMs: 120_000 });
  if (result.code !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
  return result.stdout.trim();
}
