import type { SessionRecord } from "../../../src/cage/sessions.ts";
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
    // Without a socket every question goes through the client, which is what is faked.
    url: undefined,
    capabilities: {
      id: "ABCD:EFGH",
      version: "26.1.5",
      flavor: "docker",
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

/** A session of a cage called demo-1. */
export const record: SessionRecord = {
  schema: 1,
  id: "0a1b2c3d",
  cageId: "demo-1",
  service: "claude",
  container: "demo-1-claude-0a1b2c3d",
  engine: "the default engine",
  publishes: false,
  startedAt: "2026-01-01T00:00:00.000Z",
  clientPid: 1,
};

/** Runs a test with a state directory of its own. */
export async function withState(test: (stateDir: string) => Promise<void>): Promise<void> {
  const stateDir = await Deno.makeTempDir();
  try {
    await test(stateDir);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
}
