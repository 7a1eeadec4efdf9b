import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import type { InspectSpec } from "../../policy/document.ts";
import type { BodyScan } from "./body_scan.ts";
import type { BodyShape } from "./body_shape.ts";
import type { Coding } from "./decode.ts";
import { createDecoding, type Decoding } from "./decoding.ts";
import { BlockedError, type Finding } from "../context.ts";
import { createReplacing, type Replacer } from "./replacer.ts";
import { type Report, toFinding } from "./report.ts";

/** What a request body has to pass. */
export type GateOptions = {
  inspect: Pick<InspectSpec, "body" | "bodyLimit">;
  /** Searches what the host will read. */
  scan: BodyScan | null;
  /** With a coding: searches the bytes as they travel, for what hides in headers of the format. */
  rawScan: BodyScan | null;
  coding: Coding | null;
  shape: BodyShape | null;
  /** Puts real values in; only without a coding. */
  replacer: Replacer | null;
  /** Asks the user's inspectors, once, with the whole body or its first 256 KiB. */
  ask: ((body: Buffer, options: { isWhole: boolean }) => Promise<void>) | null;
  report: Report;
};

/** Held back before the first byte leaves: most requests are judged whole. */
const HELD_FIRST = 256 * 1024;
/** Held back at most; only a body of empty compressed blocks needs more. */
const MOST_HELD = 8 * 1024 * 1024;

/** Bytes that wait, and how far the decoded body reached when they were read. */
type Waiting = { bytes: Buffer; upTo: number };

/**
 * A stream that lets a body through behind the search of it. Ends with a {@link BlockedError} before
 * anything that was held has left.
 */
export function createGate(options: GateOptions): Transform {
  const { inspect, scan, rawScan, shape, ask, report } = options;
  const replacing = options.replacer === null ? null : createReplacing(options.replacer);
  const waiting: Waiting[] = [];
  const sample: Buffer[] = [];
  let [taken, released, sampled, decoded] = [0, 0, 0, 0];
  let [safe, rawSafe] = [0, Infinity];
  let isOpen = false;

  const look = (piece: Buffer) => {
    decoded += piece.length;
    if (ask !== null && sampled < HELD_FIRST) {
      const part = piece.subarray(0, HELD_FIRST - sampled);
      sample.push(Buffer.from(part));
      sampled += part.length;
    }
    shape?.write(piece);
    safe = scan === null ? decoded : scan.write(piece);
  };
  const decoding: Decoding | null = options.coding === null
    ? null
    : createDecoding(options.coding, look);

  const open = async (isWhole: boolean) => {
    isOpen = true;
    await ask?.(Buffer.concat(sample), { isWhole: isWhole && decoded === sampled });
    sample.length = 0;
  };
  /** Passes on what is safe; the bytes of a coding only together with all they unfold to. */
  const release = (gate: Transform, isLast: boolean) => {
    // Taken from the front all at once: of a long list one by one is slow.
    let left = 0;
    for (; left < waiting.length; left++) {
      const { bytes, upTo } = waiting[left]!;
      let count = bytes.length;
      if (!isLast && decoding !== null && (upTo > safe || released + count > rawSafe)) break;
      if (!isLast && decoding === null) count = Math.min(count, safe - released);
      if (count <= 0) break;
      released += count;
      const passed = bytes.subarray(0, count);
      if (replacing === null) gate.push(passed);
      else replacing.write(passed).forEach((piece) => gate.push(piece));
      if (count < bytes.length) {
        waiting[left] = { bytes: bytes.subarray(count), upTo };
        break;
      }
    }
    waiting.splice(0, left);
    if (isLast) replacing?.end().forEach((piece) => gate.push(piece));
  };
  const measure = (chunk: Buffer) => {
    taken += chunk.length;
    if (taken > inspect.bodyLimit) {
      report(
        toFinding(inspect.body, { reason: "body-size", detail: formatSize(inspect.bodyLimit) }),
      );
    }
  };
  const decode = (into: Decoding, chunk: Buffer): Promise<void> => {
    rawSafe = rawScan?.write(chunk) ?? Infinity;
    return new Promise((resolve, reject) =>
      into.write(chunk, (error) => error ? reject(error) : resolve())
    );
  };

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const take = () => {
        waiting.push({ bytes: chunk, upTo: decoded });
        if (taken - released > MOST_HELD) {
          const detail = "A compressed body unfolds to nothing";
          report({ action: "block", reason: "encoding", detail });
        }
        if (taken < HELD_FIRST && !isOpen) return;
        if (isOpen || ask === null) return release(this, false);
        return open(false).then(() => release(this, false));
      };
      settle(() => {
        measure(chunk);
        if (decoding !== null) return decode(decoding, chunk).then(take);
        look(chunk);
        return take();
      }, done);
    },
    flush(done) {
      const finish = () => {
        shape?.end();
        scan?.end();
        rawScan?.end();
        if (isOpen || ask === null) return release(this, true);
        return open(true).then(() => release(this, true));
      };
      settle(() => {
        if (decoding === null) return finish();
        return new Promise<void>((resolve, reject) =>
          decoding.end((error) => error ? reject(error) : resolve())
        ).then(finish);
      }, done);
    },
    destroy(error, done) {
      decoding?.destroy();
      waiting.length = 0;
      done(error);
    },
  });
}

/** The gate of a body that cannot be judged: lets nothing through. */
export function createRefusal(finding: Finding): Transform {
  return new Transform({
    transform: (_chunk, _encoding, done) => done(new BlockedError(finding)),
  });
}

/** Runs a step that may take time only when it must: most bodies pass in one turn. */
function settle(step: () => void | Promise<void>, done: (error?: Error | null) => void): void {
  try {
    const pending = step();
    if (pending === undefined) done();
    else pending.then(() => done(), done);
  } catch (error) {
    done(error as Error);
  }
}

/** What a body larger than the limit is told. */
export function formatSize(limit: number): string {
  return `The body is larger than the limit of ${limit} bytes`;
}
