import { Buffer } from "node:buffer";
import type { InspectSpec } from "../../policy/document.ts";
import { createBase64Search } from "./base64_run.ts";
import { type Report, toFinding } from "./report.ts";
import { type ContentKind, findMagic, measureEntropy } from "./shape.ts";

/** Judges a body by what it looks like, not by what is in it. */
export type BodyShape = {
  /** @throws {BlockedError} */
  write(piece: Buffer): void;
  /** @throws {BlockedError} */
  end(): void;
};

/** Each window of a body is judged by itself, on its first bytes. */
const WINDOW = 256 * 1024;
const SAMPLE = 64 * 1024;
/** Less says nothing. */
const LEAST_BYTES = 256;
/** Bits per byte: text stays below 6, base64 at 6; compressed and encrypted data comes close to 8. */
const HIGHEST_TEXT_BITS = 6.5;
const HIGHEST_BITS = 7;
/** The first bytes, for what gives a format away. */
const OPENING = 512;

/** Starts judging one body (or one message). `null` when nothing is asked for. */
export function createBodyShape(
  inspect: Pick<InspectSpec, "entropy" | "contentType">,
  options: { kind: ContentKind; report: Report },
): BodyShape | null {
  if (inspect.entropy === "off" && inspect.contentType === "off") return null;
  const { kind, report } = options;
  const counts = new Uint32Array(256);
  const hasRuns = inspect.contentType !== "off" && kind !== "image" && kind !== "packed" &&
    kind !== "binary";
  let runs = hasRuns ? createBase64Search() : null;
  let opening: Buffer = Buffer.alloc(0);
  let position = 0;
  let counted = 0;
  let isFirst = true;

  const judge = () => {
    const bits = counted < LEAST_BYTES ? 0 : measureEntropy(counts, counted);
    const magic = findMagic(opening);
    const mismatch = findMismatch({ kind, magic: isFirst ? magic : null, bits, zeros: counts[0]! });
    if (mismatch !== null) {
      report(toFinding(inspect.contentType, { reason: "content-type", detail: mismatch }));
    }
    // Data that is compressed by nature, and what it says it is.
    const isDeclared = magic !== undefined && (kind === "image" || kind === "packed");
    if (bits >= HIGHEST_BITS && !isDeclared) {
      const detail = "A body looks encrypted or compressed";
      report(toFinding(inspect.entropy, { reason: "entropy", detail }));
    }
    isFirst = false;
    counts.fill(0);
    counted = 0;
  };

  return {
    write(piece) {
      if (opening.length < OPENING) {
        opening = Buffer.concat([opening, piece.subarray(0, OPENING - opening.length)]);
      }
      if (runs?.write(piece)) {
        runs = null;
        const detail = "A body holds a long run of base64";
        report(toFinding(inspect.contentType, { reason: "content-type", detail }));
      }
      for (let at = 0; at < piece.length;) {
        const end = Math.min(piece.length, at + (position < SAMPLE ? SAMPLE : WINDOW) - position);
        if (position < SAMPLE) {
          counted += end - at;
          count(counts, piece.subarray(at, end));
        }
        position += end - at;
        at = end;
        if (position === SAMPLE) judge();
        if (position === WINDOW) position = 0;
      }
    },
    end() {
      if (counted > 0) judge();
    },
  };
}

/**
 * How a body differs from what it says it is.
 *
 * @param about.magic What its first bytes give away; `null` when they were judged before.
 */
function findMismatch(about: {
  kind: ContentKind;
  magic: ReturnType<typeof findMagic> | null;
  bits: number;
  zeros: number;
}): string | null {
  const { kind, magic, bits, zeros } = about;
  if (kind === "image") {
    return magic === undefined || magic === "binary"
      ? "A body that says it is an image is none"
      : null;
  }
  if (kind !== "text") return null;
  if (zeros > 0 || magic === "image" || magic === "binary") {
    return "A body that says it is text is binary";
  }
  return bits > HIGHEST_TEXT_BITS
    ? "A body that says it is text looks encrypted or compressed"
    : null;
}

function count(counts: Uint32Array, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at++) counts[bytes[at]!]!++;
}
