import { concat } from "./bytes.ts";
import { spawnChild, startChild } from "./child.ts";
import { type Advertisement, parseAdvertisement } from "./ext.ts";

/** Why a repository could not be read. */
export type Probe =
  | { kind: "answers"; refs: Advertisement["refs"] }
  | { kind: "no-repository"; said: string }
  | { kind: "unreachable"; said: string };

/** Upper bound in milliseconds; it says a few lines. */
const PROBE_MS = 10_000;

/** So many bytes of it are read: ten thousand branches. */
const MAX_BYTES = 1_048_576;

/** git's own code for "fatal". */
const GIT_FATAL = 128;

/** Asks the program that should answer for a repository, without git, what it has. */
export async function probeSource(
  command: readonly string[],
  options: { env: Record<string, string>; signal?: AbortSignal | undefined },
): Promise<Probe> {
  await using child = startChild(spawnChild(command, { env: options.env, group: "own" }), {
    group: "own",
    timeoutMs: PROBE_MS,
    signal: options.signal,
  });
  // The end of its input is the end of the talk.
  await child.closeWrite().catch(() => {});
  const pieces: Uint8Array[] = [];
  for (let held = 0; held < MAX_BYTES;) {
    const piece = await child.read();
    if (piece === undefined) break;
    pieces.push(piece);
    held += piece.length;
  }
  child.kill();
  const { whole, refs } = parseAdvertisement(concat(pieces));
  if (whole || refs.length > 0) return { kind: "answers", refs };
  const { code, stderr } = await child.result();
  return { kind: code === GIT_FATAL ? "no-repository" : "unreachable", said: stderr };
}
