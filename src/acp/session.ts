import type { PreparedCage } from "../cage/prepare.ts";
import type { Attachment } from "../cage/session.ts";
import { findSocket } from "../engine/attach.ts";
import { releaseStartPages } from "../engine/start_pages.ts";
import type { Io } from "../io.ts";
import { createAdvice } from "./advice.ts";
import {
  ownStreams,
  pollOwnStreams,
  type RelayedClientOptions,
  startAttachedClient,
  startPipedClient,
} from "./client.ts";
import type { GateOptions } from "./gate.ts";
import {
  AGENT_NAMES,
  AGENT_WANTED,
  CLIENT_NAMES,
  CLIENT_WANTED,
  type GuardFacts,
  judgeAgent,
  judgeClient,
} from "./guard.ts";
import type { AcpRules } from "./initialize.ts";
import { planCopyMap, planCopyRoots } from "./copy_places.ts";
import { type Direction, type MapPath, mapWindowsPath } from "./mapping.ts";
import type { FindByte } from "./pass.ts";
import type { Recorder, Speaker } from "./record.ts";
import { findRealPath } from "./real_path.ts";
import { rehearse } from "./rehearse.ts";
import { visibleText } from "../transfer/visible.ts";
import { relay, type RelayOptions } from "./relay.ts";
import { planRoots } from "./roots.ts";
import type { Scanned } from "./scan.ts";
import type { Verdict } from "./verdict.ts";
import { planMappedGate } from "./mapped_gate.ts";

/** What an editor's session needs besides its cage. */
export type AcpSessionOptions = {
  platform: "linux" | "darwin" | "windows";
  rules: AcpRules;
  io: Pick<Io, "warn">;
  recorder?: Recorder | undefined;
  /** Called once, when the agent has said its first message. */
  onFirstMessage?: () => void;
};

/** What attaches an editor to the agent of a session: this process's stdin and stdout. */
export function attachEditor(
  cage: PreparedCage,
  options: AcpSessionOptions,
): Attachment {
  const socket = findSocket(cage.engine.url);
  return {
    detached: socket !== undefined,
    open(command, { container }) {
      const { streams, poller } = socket === undefined
        ? { streams: ownStreams() }
        : pollOwnStreams();
      const handlers = planEditorRelay(cage, { ...options, container, find: poller?.find });
      const relayed: RelayedClientOptions = {
        client: streams,
        run(ends, events) {
          // It may stand for days, and needs little of what it took to start.
          releaseStartPages();
          return relay(ends, { ...handlers, ...events });
        },
      };
      const client = socket === undefined
        ? startPipedClient(command, relayed)
        : startAttachedClient(command, {
          ...relayed,
          engine: cage.engine,
          socket,
          container,
          poller,
        });
      rehearse(handlers);
      return client;
    },
  };
}

/** Decides what passes between an editor and the agent in a container, and what is said about it. */
export function planEditorRelay(
  cage: PreparedCage,
  options: AcpSessionOptions & { container: string; find?: FindByte | undefined },
): RelayOptions {
  const { recorder, container, find } = options;
  // Some of the words are the agent's.
  const warn = (text: string) => options.io.warn(visibleText(text));
  const { rules, roots, map } = planPlaces(cage, options);
  const facts: GuardFacts = { rules, roots, realPath: (path) => findRealPath(path) };
  let { onFirstMessage } = options;
  const advice = createAdvice({
    service: cage.service.name,
    hasLogin: cage.service.auth.login !== undefined,
    warn,
    hasProgram: (name) => hasProgram(cage, { container, name }),
  });
  const noteFate = (from: Speaker, verdict: Verdict) => {
    if (verdict.kind === "refuse") {
      recorder?.add({ from, fate: "refused" });
      warn(verdict.message.replace(/^sandcage: /, "Refused: "));
    } else if (verdict.kind === "rewrite") recorder?.add({ from, fate: "rewritten" });
  };
  const record = (from: Speaker) =>
    recorder === undefined ? {} : {
      onBytes: (bytes: Uint8Array, { ends }: { ends: boolean }) =>
        recorder.add({ from, bytes, more: !ends }),
    };
  const mapped = (gate: GateOptions, direction: Direction) =>
    map === undefined ? gate : planMappedGate(gate, {
      direction,
      names: direction === "inward" ? CLIENT_NAMES : AGENT_NAMES,
      map,
    });
  return {
    client: mapped({
      wanted: CLIENT_WANTED,
      find,
      judge: (line) => judgeClient(line, facts),
      onLine(line, verdict) {
        noteFate("client", verdict);
        if (verdict.kind !== "refuse") advice.onClientLine(line);
      },
      ...record("client"),
    }, "inward"),
    agent: mapped({
      wanted: AGENT_WANTED,
      find,
      judge: (line) => judgeAgent(line, facts),
      onLine(line, verdict, bytes) {
        noteFate("agent", verdict);
        if (isMessage(line)) {
          advice.onAgentLine(line);
          onFirstMessage?.();
          onFirstMessage = undefined;
        } else advice.onNoise(bytes);
      },
      ...record("agent"),
    }, "outward"),
    onAnswer: (_to, line) =>
      recorder?.add({ from: "sandcage", bytes: new TextEncoder().encode(line), more: false }),
  };
}

/** Where the editor's directories are inside, and what of this machine the agent may ask for. */
function planPlaces(
  { copy, workspace }: PreparedCage,
  { platform, rules }: Pick<AcpSessionOptions, "platform" | "rules">,
): Pick<GuardFacts, "rules" | "roots"> & { map?: MapPath } {
  if (copy === undefined) {
    const roots = planRoots(workspace.roots, platform);
    return { rules, roots, ...(platform === "windows" ? { map: mapWindowsPath } : {}) };
  }
  return {
    // The editor's files are not the cage's: what an agent read or wrote there would be another's.
    rules: { ...rules, fs: "block" },
    roots: planCopyRoots(copy.roots, platform),
    map: planCopyMap(copy.roots, { platform, realPath: (path) => findRealPath(path) }),
  };
}

/** The entry program's own environment: what a toolchain brings is on its PATH, too. */
const LOOK =
  '[ -r /opt/toolchains/env ] && . /opt/toolchains/env; command -v -- "$1" >/dev/null || echo absent';

async function hasProgram(
  { engine }: PreparedCage,
  program: { container: string; name: string },
): Promise<boolean> {
  const { container, name } = program;
  const { stdout } = await engine.docker(["exec", container, "bash", "-c", LOOK, "bash", name]);
  return stdout.trim() !== "absent";
}

/** Every message of the protocol has one of them. */
function isMessage(line: Scanned): boolean {
  return line.found.some(({ path }) => path === "method" || path === "id");
}
