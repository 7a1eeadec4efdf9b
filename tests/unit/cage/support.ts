import type { Engine } from "../../../src/engine/engine.ts";
import type { ProcessResult } from "../../../src/engine/process.ts";

/** What a fake docker answers to one command line. */
export type Answer = Partial<ProcessResult>;

/** An engine that only knows what the test tells it, and every call made to it. */
export function fakeEngine(
  answer: (args: readonly string[]) => Answer | undefined,
): { engine: Engine; calls: string[] } {
  const calls: string[] = [];
  const engine: Engine = {
    endpoint: { kind: "default" },
    title: "the default engine",
    url: "unix:///var/run/docker.sock",
    capabilities: {
      version: "26.1.5",
      apiVersion: "1.45",
      arch: "x86_64",
      cpus: 2,
      cgroup: "v2",
      rootless: false,
      usernsRemap: false,
      desktop: false,
      gatewayModeIsolated: false,
      composeVersion: "2.26.1",
    },
    isLocal: () => Promise.resolve(true),
    docker(args) {
      calls.push(args.join(" "));
      const given = answer(args);
      if (given === undefined) return Promise.reject(new Error(`unexpected: ${args.join(" ")}`));
      return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false, ...given });
    },
    composeCommand: (args) => ({ command: "docker-compose", args: [...args], env: {} }),
  };
  return { engine, calls };
}

/** Collects what is said to the person. */
export function recordTalk(): {
  said: string[];
  io: { talk(t: string): void; warn(t: string): void };
} {
  const said: string[] = [];
  return { said, io: { talk: (text) => said.push(text), warn: (text) => said.push(`! ${text}`) } };
}
