/** Longest answer of the engine before the stream begins, in bytes. */
const MAX_HEAD = 16_384;

/** Size of the header of a frame: its stream, three zeros, four bytes of length. */
const FRAME_HEADER = 8;

const STDERR = 2;

/**
 * Reads the answer to a request whose connection then carries two streams of a program as one.
 *
 * @param options.buffer What is read at once; pieces are parts of it.
 * @param options.task What was asked for, in the words of an error.
 * @param options.onStderr Gets what comes on stderr; its bytes hold until it resolves.
 * @returns Reads the next bytes of stdout, valid until the next call; `undefined` at the end.
 * @throws {Error} If the engine does not do it.
 */
export async function openFrames(
  connection: { read(buffer: Uint8Array): Promise<number | null> },
  options: {
    buffer: Uint8Array;
    task: string;
    onStderr(bytes: Uint8Array): Promise<void> | void;
  },
): Promise<() => Promise<Uint8Array | undefined>> {
  const { buffer, onStderr } = options;
  const frame = createFrameReader();
  let rest = await readHead(connection, options);
  return async () => {
    for (;;) {
      if (rest.length === 0) {
        const count = await connection.read(buffer);
        if (count === null) return undefined;
        rest = buffer.subarray(0, count);
      }
      const { stream, piece, length } = frame(rest);
      rest = rest.subarray(length);
      if (piece.length === 0) continue;
      if (stream !== STDERR) return piece;
      await onStderr(piece);
    }
  };
}

/** The engine's own words where an answer has some, else its first line. Pure. */
export function readReason(answer: string): string {
  const message = /"message":\s*"([^"]*)"/.exec(answer)?.[1];
  return message || answer.slice(0, 200).split("\r\n")[0] || "it gave no answer";
}

/**
 * Reads the frames in which an engine sends two streams as one, however they are cut.
 *
 * @returns A function that takes bytes and answers with the first piece of one stream in them, and
 * how many bytes that used up.
 */
export function createFrameReader(): (
  bytes: Uint8Array,
) => { stream: number; piece: Uint8Array; length: number } {
  const header = new Uint8Array(FRAME_HEADER);
  const view = new DataView(header.buffer);
  let known = 0;
  let left = 0;
  return (bytes) => {
    let at = 0;
    while (left === 0 && at < bytes.length) {
      header[known++] = bytes[at++]!;
      if (known < FRAME_HEADER) continue;
      known = 0;
      left = view.getUint32(4);
    }
    const piece = bytes.subarray(at, at + left);
    left -= piece.length;
    return { stream: header[0]!, piece, length: at + piece.length };
  };
}

/** Reads the head of the answer; what follows it is the stream's. */
async function readHead(
  connection: { read(buffer: Uint8Array): Promise<number | null> },
  { buffer, task }: { buffer: Uint8Array; task: string },
): Promise<Uint8Array> {
  let filled = 0;
  while (filled < MAX_HEAD) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, filled));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) continue;
    if (/^HTTP\/1\.[01] (101|200) /.test(text)) return buffer.subarray(end + 4, filled);
    throw new Error(`The engine does not ${task}: ${readReason(text)}`);
  }
  throw new Error(`The engine does not ${task}: it gave no answer`);
}
