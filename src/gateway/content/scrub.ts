import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { BlockedError } from "../context.ts";
import { createDecoder, parseCoding } from "./decode.ts";
import { createReplaceStream, replaceAll, type Replacer } from "./replacer.ts";

/** Headers with real values replaced; the same array when there are none. */
export function scrubHeaders(
  replacer: Replacer,
  headers: [string, string][],
): [string, string][] {
  let isChanged = false;
  const scrubbed = headers.map(([name, value]): [string, string] => {
    // Nothing that is looked for is shorter than a secret.
    if (value.length < 8) return [name, value];
    const bytes = Buffer.from(value, "latin1");
    const out = replaceAll(replacer, bytes);
    if (out === bytes) return [name, value];
    isChanged = true;
    return [name, out.toString("latin1")];
  });
  return isChanged ? scrubbed : headers;
}

/**
 * The stream a response body passes to be scrubbed; decodes what was encoded though it was not asked
 * for.
 *
 * @throws {BlockedError} Reason `encoding`, for a coding that cannot be read.
 */
export function openScrub(
  replacer: Replacer,
  headers: readonly [string, string][],
): { body: Duplex; decoded: boolean } {
  const coding = parseCoding(headers);
  if (coding === undefined) {
    const detail = "The response has an encoding in which secrets cannot be found";
    throw new BlockedError({ action: "block", reason: "encoding", detail });
  }
  if (coding === null) return { body: createReplaceStream(replacer), decoded: false };
  return { body: createDecodedScrub(replacer, coding), decoded: true };
}

/** Decodes, then scrubs; takes more only as fast as the reader reads. */
function createDecodedScrub(
  replacer: Replacer,
  coding: Parameters<typeof createDecoder>[0],
): Duplex {
  const scrubber = createReplaceStream(replacer);
  let decoder: Duplex | null = null;
  let hasEnded = false;
  let proceed: ((error?: Error | null) => void) | null = null;
  const goOn = () => {
    const done = proceed;
    proceed = null;
    done?.();
  };
  const body = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      decoder ??= start(chunk);
      // What stands behind the end of the coding is not passed on.
      if (hasEnded) return done();
      proceed = done;
      decoder.write(chunk, goOn);
    },
    final(done) {
      if (decoder === null) scrubber.end();
      else decoder.end();
      done();
    },
    read() {
      scrubber.resume();
    },
    destroy(error, done) {
      decoder?.destroy();
      scrubber.destroy();
      done(error);
    },
  });
  scrubber.on("data", (piece: Buffer) => {
    if (!body.push(piece)) scrubber.pause();
  });
  scrubber.on("end", () => body.push(null));
  scrubber.pause();
  const start = (first: Buffer) => {
    const made = createDecoder(coding, first);
    made.on("error", () => {
      const detail = `The ${coding} response is corrupt`;
      body.destroy(new BlockedError({ action: "block", reason: "encoding", detail }));
    });
    made.on("end", () => {
      hasEnded = true;
      goOn();
    });
    made.pipe(scrubber);
    return made;
  };
  return body;
}
