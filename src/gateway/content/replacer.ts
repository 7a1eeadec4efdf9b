import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import { compilePairIndex, type PairIndex, toAnchor } from "./pair_index.ts";
import { isNeedleAt } from "./scanner.ts";

/** Bytes and what is put in their place. */
export type Replacement = { bytes: Buffer; replacement: Buffer };

/** A compiled set of replacements. Of those that start at one place the longest is made. */
export type Replacer = {
  index: PairIndex<Replacement>;
  /** By their first byte. */
  starts: readonly (readonly Replacement[])[];
  longest: number;
};

/** Positions that the index checks itself; the rest is compared at once. */
const CHECKED = 16;

/** Compiles replacements; each is at least three bytes long. */
export function compileReplacer(replacements: readonly Replacement[]): Replacer {
  const starts: Replacement[][] = Array.from({ length: 256 }, () => []);
  for (const replacement of replacements) starts[replacement.bytes[0]!]!.push(replacement);
  return {
    index: compilePairIndex(
      replacements.map((value) => ({ anchor: toAnchor(value.bytes.subarray(0, CHECKED)), value })),
    ),
    starts,
    longest: Math.max(0, ...replacements.map(({ bytes }) => bytes.length)),
  };
}

/** Replaces in data that is whole. The same buffer comes back when there is nothing to replace. */
export function replaceAll(replacer: Replacer, data: Buffer): Buffer {
  const { out } = replaceSome(replacer, { data, isLast: true });
  return out.length === 1 ? out[0]! : Buffer.concat(out);
}

/** A replacement under way. */
export type Replacing = {
  write(chunk: Buffer): Buffer[];
  end(): Buffer[];
};

/**
 * Replaces in a stream, whatever its chunks. Nothing is held back but an end that may be the start of
 * what is looked for, so an event stream is not delayed.
 */
export function createReplacing(replacer: Replacer): Replacing {
  let held: Buffer = Buffer.alloc(0);
  return {
    write(chunk) {
      const data = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const { out, rest } = replaceSome(replacer, { data, isLast: false });
      held = rest;
      return out;
    },
    end: () => replaceSome(replacer, { data: held, isLast: true }).out,
  };
}

/** {@link createReplacing} as a stream. */
export function createReplaceStream(replacer: Replacer): Transform {
  const replacing = createReplacing(replacer);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const piece of replacing.write(chunk)) this.push(piece);
      done();
    },
    flush(done) {
      for (const piece of replacing.end()) this.push(piece);
      done();
    },
  });
}

function replaceSome(
  replacer: Replacer,
  input: { data: Buffer; isLast: boolean },
): { out: Buffer[]; rest: Buffer } {
  const { data, isLast } = input;
  const out: Buffer[] = [];
  let position = 0;
  let holdAt = isLast ? data.length : findHold(replacer, { data, from: 0 });
  for (const { at, found } of findMatches(replacer, data)) {
    if (at < position) continue;
    // From here on more data may make another, longer match.
    if (at >= holdAt) break;
    if (at > position) out.push(data.subarray(position, at));
    out.push(found.replacement);
    position = at + found.bytes.length;
    if (!isLast && holdAt < position) holdAt = findHold(replacer, { data, from: position });
  }
  if (holdAt > position) out.push(data.subarray(position, holdAt));
  return { out, rest: data.subarray(Math.max(position, holdAt)) };
}

/** Every match, by place, the longest first. */
function findMatches(replacer: Replacer, data: Buffer): { at: number; found: Replacement }[] {
  const matches: { at: number; found: Replacement }[] = [];
  replacer.index.find(data, { from: 0, to: data.length }, (found, at) => {
    if (isNeedleAt(found.bytes, { data, at })) matches.push({ at, found });
  });
  return matches.sort((a, b) => a.at - b.at || b.found.bytes.length - a.found.bytes.length);
}

/** Where the first proper start of something looked for stands that the data ends in. */
function findHold(replacer: Replacer, place: { data: Buffer; from: number }): number {
  const { data, from } = place;
  const end = data.length;
  for (let at = Math.max(from, end - replacer.longest + 1); at < end; at++) {
    for (const { bytes } of replacer.starts[data[at]!]!) {
      if (bytes.length > end - at && data.compare(bytes, 0, end - at, at, end) === 0) return at;
    }
  }
  return end;
}
