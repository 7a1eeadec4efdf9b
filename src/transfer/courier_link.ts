import { type ExecStreams, openExec } from "../engine/exec.ts";
import { EXIT, UserError } from "../errors.ts";
import {
  COURIER_PROTOCOL,
  type CourierFailure,
  createFrameParser,
  formatFrame,
  type Frame,
  type FrameKind,
  type Hello,
} from "../tree/frames.ts";
import { quotePath } from "../tree/visible.ts";
import {
  COURIER_PROGRAM,
  type CourierCage,
  courierName,
  ensureCourier,
  ownVolumes,
  stopCourier,
} from "./courier_container.ts";

/** The host's side of the frames, over one running program. */
export type CourierLink = {
  /** The next frame, `data` valid until the next call. @throws {UserError} When it breaks off. */
  next(): Promise<Frame>;
  send(kind: Exclude<FrameKind, "data">, value: unknown): Promise<void>;
  /** Sends a whole frame that is made already. */
  sendBytes(frame: Uint8Array): Promise<void>;
  close(): Promise<void>;
};

/** Times a courier that does not answer is replaced: it may just have ended by itself. */
const MOST_TRIES = 4;

/**
 * Reaches a cage's courier, started first where none runs: that one runs is found out by asking it.
 *
 * @throws {UserError} Naming the cage, if it does not come.
 */
export async function openCourierLink(
  cage: CourierCage,
  options: { signal?: AbortSignal | undefined },
): Promise<CourierLink> {
  let said = "";
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    options.signal?.throwIfAborted();
    if (tries > 0) await ensureCourier(cage, options);
    const streams = await openProgram(cage).catch((error: Error) => void (said = error.message));
    if (streams === undefined) continue;
    const link = createLink(streams, cage);
    const hello = await readHello(link);
    if (hello?.protocol === COURIER_PROTOCOL && hello.canWrite) return link;
    said = streams.stderr() || said;
    await link.close();
    if (hello === undefined) continue;
    if (hello.protocol !== COURIER_PROTOCOL) await stopCourier(cage);
    else await ownVolumes(cage);
  }
  throw new UserError(
    `Cannot reach the files of cage "${cage.name}": its courier does not answer` +
      (said === "" ? "" : `: ${formatSaid(said)}`),
    {
      hint: `Remove what is there and run it again: docker rm --force ${courierName(cage.id)}`,
      exit: EXIT.engine,
      code: "engine-failed",
    },
  );
}

function openProgram(cage: CourierCage): Promise<ExecStreams> {
  const command = [...COURIER_PROGRAM, "serve"];
  return openExec(cage.engine, { container: courierName(cage.id), command });
}

async function readHello(link: CourierLink): Promise<Hello | undefined> {
  try {
    const frame = await link.next();
    return frame.kind === "hello" ? frame.value as Hello : undefined;
  } catch {
    // It said something else, or nothing: what it said on stderr is told.
    return undefined;
  }
}

function createLink(streams: ExecStreams, cage: CourierCage): CourierLink {
  const parse = createFrameParser();
  let frames: Iterator<Frame> | undefined;
  const guard = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    try {
      return await act();
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      throw cutError(cage, { cause, said: streams.stderr() });
    }
  };
  return {
    next: () =>
      guard(async () => {
        for (;;) {
          const found = frames?.next();
          if (found !== undefined && found.done !== true) {
            if (found.value.kind === "failed") throw failureError(cage, found.value.value);
            return found.value;
          }
          const bytes = await streams.read();
          if (bytes === undefined) throw new Error("It ended early");
          frames = parse(bytes);
        }
      }),
    send: (kind, value) => guard(() => streams.write(formatFrame(kind, value))),
    sendBytes: (frame) => guard(() => streams.write(frame)),
    close: () => streams.close(),
  };
}

function cutError(
  cage: Pick<CourierCage, "name">,
  options: { cause: unknown; said: string },
): UserError {
  const { cause, said } = options;
  const why = formatSaid(said) || (cause instanceof Error ? cause.message : "");
  return new UserError(`The connection to the files of cage "${cage.name}" broke off: ${why}`, {
    hint: "Run it again: what was done stays, what was not is made good",
    exit: EXIT.engine,
    code: "engine-failed",
    cause,
  });
}

function failureError(cage: Pick<CourierCage, "name">, value: unknown): UserError {
  const { code, message, hint } = value as CourierFailure;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new UserError(`The disk of the engine is full: cage "${cage.name}" takes no more`, {
        hint: "Free space, for example: docker builder prune; then run it again",
        exit: EXIT.engine,
        code: "disk-full",
      });
    case "refused":
      return new UserError(`Cage "${cage.name}": ${formatSaid(message)}`, {
        hint: hint ?? "Rename or leave out what it names, and run it again",
      });
    default:
      return new UserError(`Cannot use the files of cage "${cage.name}": ${formatSaid(message)}`, {
        hint: "See whether they can be read and written inside, and run it again",
      });
  }
}

/** The last line of what was said: names inside are an agent's, and may hold what terminals act on. */
function formatSaid(text: unknown): string {
  const line = String(text).trim().split("\n").at(-1)!;
  return quotePath(line).slice(1, -1).replaceAll('\\"', '"');
}
