import { join } from "node:path";
import type { PreparedCage } from "../cage/prepare.ts";
import { readStopMark } from "../cage/stop_mark.ts";
import { type Attachment, runSession, type SessionContext } from "../cage/session.ts";
import { sessionsDir } from "../cage/sessions.ts";
import { parseDurationMs } from "../config/units.ts";
import { findSocket } from "../engine/attach.ts";
import { run } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import { tryLockFile } from "../files.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { resolveSecrets } from "../secrets/sources.ts";
import { type RelayedClientOptions, startAttachedClient, startPipedClient } from "./client.ts";
import { passBytes } from "./warm_bytes.ts";
import { openDoor, type WarmDoor } from "./warm_door.ts";
import { planIdentity, type WarmIdentity } from "./warm_key.ts";
import { WARM_SOCKET } from "./warm_take.ts";

/** Which agent is kept, and for whom. */
export type WarmRequest = {
  /** Whole command line of the agent. */
  command: readonly string[];
  identity: WarmIdentity;
  /** What the last stop of the cage had said when somebody wanted this agent. */
  mark: string;
};

/** Where the sockets of a cage's waiting agents are. */
export function warmDir(stateDir: string, cageId: string): string {
  return sessionsDir(stateDir, cageId);
}

/** Looks at everything that makes a started agent of this cage as good as a new one. */
export async function observeIdentity(
  cage: PreparedCage,
  options: { command: readonly string[]; version: string; host: Host },
): Promise<WarmIdentity> {
  const { command, version, host } = options;
  const { values } = await resolveSecrets(cage.config.secrets, {
    host,
    run,
    stateDir: host.stateDir,
  });
  return planIdentity({
    version,
    cageId: cage.id,
    project: cage.project.path,
    workdir: host.cwd,
    command,
    images: [cage.images.final.ref, cage.gateway?.final.ref ?? ""],
    engine: cage.engine.title,
    config: [cage.config, cage.service, cage.facts],
    secrets: values,
  });
}

/**
 * Starts an agent ahead of its client, in a session of its own, and waits for one client: until it
 * has come and gone, nobody came for too long, or the session was stopped. Does nothing where the
 * same agent waits already.
 */
export async function holdAgent(
  cage: PreparedCage,
  request: WarmRequest,
  options: { context: SessionContext },
): Promise<void> {
  const { context } = options;
  const { identity, command, mark } = request;
  const { stateDir } = context.host;
  const lock = await tryLockFile(join(cage.dir, `warm-${identity.kind.slice(0, 12)}.lock`));
  if (lock === undefined) return;
  let isLocked = true;
  const unlock = () => {
    if (isLocked) lock[Symbol.dispose]();
    isLocked = false;
  };
  const held: { door?: WarmDoor } = {};
  const io = planHolderIo(context.io, held);
  const attach = attachDoor(cage, {
    identity,
    stateDir,
    isStopped: async () => await readStopMark(stateDir, cage.id) !== mark,
    onOpen: (door) => held.door = door,
    onTaken: unlock,
  });
  let exit: number = EXIT.failed;
  try {
    exit = await runSession(
      cage,
      { args: [], shell: false, command, attach, isAhead: true },
      { context: { ...context, io } },
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    io.warn(error.message);
    exit = error.exit;
  } finally {
    await held.door?.tell({ exit });
    await held.door?.close();
    unlock();
  }
}

function attachDoor(
  cage: PreparedCage,
  options: {
    identity: WarmIdentity;
    stateDir: string;
    /** The cage was stopped since. */
    isStopped(): Promise<boolean>;
    onOpen(door: WarmDoor): void;
    onTaken(): void;
  },
): Attachment {
  const { identity, stateDir, isStopped, onOpen, onTaken } = options;
  const socket = findSocket(cage.engine.url);
  return {
    detached: socket !== undefined,
    open(command, { container, sessionId }) {
      const door = openDoor(join(warmDir(stateDir, cage.id), `${sessionId}${WARM_SOCKET}`), {
        identity,
        container,
        idleMs: parseDurationMs(cage.config.acp.warm_idle),
        onTaken,
      });
      onOpen(door);
      const decoder = new TextDecoder();
      const relayed: RelayedClientOptions = {
        client: door.client,
        run: (ends, events) => {
          door.gone.then(() => events.onClientEnd("gone"));
          // Now there is a container, which every later stop finds by itself.
          isStopped().then((stopped) => stopped ? door.close() : undefined);
          return passBytes(ends, events);
        },
        onStderr: async (bytes) => {
          await door.tell({ said: decoder.decode(bytes, { stream: true }) });
        },
      };
      return socket === undefined
        ? startPipedClient(command, relayed)
        : startAttachedClient(command, { ...relayed, engine: cage.engine, socket, container });
    },
  };
}

/** What a holder says goes to its client, and before there is one, to its log. */
function planHolderIo(io: Io, held: { door?: WarmDoor }): Io {
  const say = async (text: string, log: (text: string) => void) => {
    if (!await held.door?.tell({ said: `${text.trimEnd()}\n` })) log(text);
  };
  return {
    ...io,
    out: (text) => void say(text, io.talk),
    talk: (text) => void say(text, io.talk),
    warn: (text) => void say(`warning: ${text}`, io.warn),
    confirm: (_question, { assumed }) => Promise.resolve(assumed),
    interactive: false,
  };
}
