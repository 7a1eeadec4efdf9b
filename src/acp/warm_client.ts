import { join } from "node:path";
import { type CageSite, draftCage, planSite, type PreparedCage } from "../cage/prepare.ts";
import { readStopMark } from "../cage/stop_mark.ts";
import { cageDir } from "../cage/store.ts";
import type { Host } from "../host.ts";
import { checkHidden } from "../workspace/hidden_record.ts";
import type { Io } from "../io.ts";
import { ownStreams } from "./client.ts";
import { relay } from "./relay.ts";
import { observeProgram, planProgram } from "../self.ts";
import { type AcpSessionOptions, planEditorRelay } from "./session.ts";
import { observeIdentity, warmDir } from "./warm.ts";
import { takeWarmAgent, type WarmAgent } from "./warm_take.ts";

/** What taking and keeping started agents needs to know of a client. */
export type WarmClientOptions = {
  /** Whole command line of the agent. */
  command: readonly string[];
  version: string;
  host: Host;
  io: Io;
  /** Ends the session, when this process is asked to end. */
  signal?: AbortSignal | undefined;
  /** How the next one is asked for. */
  kept: Omit<HolderRequest, "cageId" | "project" | "mark">;
};

/**
 * Connects the editor of this process to an agent that waits for it, if one does; and has the next
 * one started when an agent has answered: two starts at once would be slower than one.
 *
 * @returns The agent's exit code, or what to call when an agent started otherwise has answered.
 */
export async function runWarm(
  site: CageSite,
  editor: AcpSessionOptions,
  options: WarmClientOptions,
): Promise<{ code: number; onFirstMessage?: never } | { code?: never; onFirstMessage(): void }> {
  const { host, io, signal, kept } = options;
  if (host.platform === "windows") {
    io.warn("acp.warm has no effect on Windows: no agent can be handed from program to program");
    return { onFirstMessage() {} };
  }
  const mark = await readStopMark(host.stateDir, site.id);
  const onFirstMessage = () =>
    startHolder({ ...kept, cageId: site.id, project: site.project.path, mark }, host);
  // Where an agent waits, its images and its home are there: the engine is asked nothing.
  const cage = await draftCage(await planSite(site, options), options);
  await checkHidden(cage.dir, cage.workspace.roots);
  const identity = await observeIdentity(cage, options);
  const agent = await takeWarmAgent(warmDir(host.stateDir, cage.id), {
    identity,
    say: (text) => io.talk(text),
  });
  if (agent === undefined) return { onFirstMessage };
  for (const warning of cage.workspace.warnings) io.warn(warning);
  const code = await relayWarmAgent(cage, agent, { ...editor, onFirstMessage, signal });
  signal?.throwIfAborted();
  return { code };
}

/** Every guard of an agent that was not waiting holds for this one: only bytes come from elsewhere. */
async function relayWarmAgent(
  cage: PreparedCage,
  agent: WarmAgent,
  options: AcpSessionOptions & { signal: AbortSignal | undefined },
): Promise<number> {
  const leave = () => agent.close();
  options.signal?.addEventListener("abort", leave, { once: true });
  const handlers = planEditorRelay(cage, { ...options, container: agent.container });
  await relay({ client: ownStreams(), agent: agent.streams }, {
    ...handlers,
    // The holder would wait for what the agent still says; nobody hears it.
    onClientEnd: (how) => how === "gone" ? leave() : undefined,
  });
  const code = await agent.exit;
  leave();
  return code;
}

/** Which agent the next client of the same kind is to find started. */
export type HolderRequest = {
  service: string;
  /** Id of the cage. */
  cageId: string;
  /** Absolute path of the project. */
  project: string;
  name?: string | undefined;
  engineContext?: string | undefined;
  args: readonly string[];
  /** What the last stop of the cage had said before this client asked for an agent. */
  mark: string;
};

/**
 * Starts a process of its own that keeps an agent for the next client; it outlives this one. Where
 * one is kept already, it leaves again.
 */
export function startHolder(
  request: HolderRequest,
  host: Pick<Host, "cwd" | "stateDir">,
): void {
  const { service, cageId, project, name, engineContext, args, mark } = request;
  const program = planProgram(observeProgram());
  const child = new Deno.Command(program.command, {
    args: [
      ...program.args,
      ...(engineContext === undefined ? [] : ["--context", engineContext]),
      ...["--path", project, "acp", "hold", service],
      ...(name === undefined ? [] : ["--name", name]),
      ...["--mark", mark],
      ...["--log", join(cageDir(host.stateDir, cageId), "warm.log")],
      ...(args.length === 0 ? [] : ["--", ...args]),
    ],
    cwd: host.cwd,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
}
