import type { Buffer } from "node:buffer";
import { PLACEHOLDER_PREFIX } from "../../policy/protocol.ts";
import type { Needle } from "./needles.ts";
import { compilePairIndex, toAnchor } from "./pair_index.ts";
import {
  matchToken,
  TOKEN_CONTEXT,
  TOKEN_PATTERNS,
  TOKEN_REACH,
  type TokenPattern,
} from "./tokens.ts";

/** A secret with all that is worked out once. */
export type CompiledSecret = {
  name: string;
  placeholder: string;
  value: string;
  /** Also replaced in request bodies. */
  body: boolean;
  needles: readonly Needle[];
};

/** Something that was met in outgoing data. */
export type Hit =
  | { kind: "secret"; secret: CompiledSecret; form: string }
  | { kind: "token"; token: TokenPattern }
  | { kind: "placeholder"; placeholder: string };

/** Looks for all secrets, tokens and placeholders in one pass. */
export type Scanner = {
  /** Bytes behind a start that must be there to judge it. */
  reach: number;
  /** Bytes before a start that are looked at. */
  context: number;
  /**
   * What starts in `[from, to)`.
   *
   * @param options.skip Tokens that are at home where the data goes.
   */
  find(
    data: Buffer,
    range: { from: number; to: number },
    options: { skip: ReadonlySet<TokenPattern> },
  ): Hit[];
};

const PLACEHOLDER_LENGTH = PLACEHOLDER_PREFIX.length + 40;

type Target =
  | { kind: "secret"; secret: CompiledSecret; needle: Needle }
  | { kind: "token"; token: TokenPattern }
  | { kind: "placeholder" };

/** Positions of a needle that the index checks itself; the rest is compared at once. */
const CHECKED = 16;

/**
 * Compiles what outgoing data is searched for.
 *
 * @param options.values Look for the real values and for tokens, not only for placeholders.
 */
export function compileScanner(
  secrets: readonly CompiledSecret[],
  options: { values: "look" | "ignore" },
): Scanner {
  const targets: { anchor: ReturnType<typeof toAnchor>; value: Target }[] = [];
  let reach = PLACEHOLDER_LENGTH;
  if (options.values === "look") {
    reach = TOKEN_REACH;
    for (const token of TOKEN_PATTERNS) {
      targets.push({ anchor: token.anchor, value: { kind: "token", token } });
    }
    for (const secret of secrets) {
      for (const needle of secret.needles) {
        reach = Math.max(reach, needle.bytes.length);
        const value: Target = { kind: "secret", secret, needle };
        targets.push({ anchor: toAnchor(needle.bytes.subarray(0, CHECKED)), value });
      }
    }
  }
  const prefix = new TextEncoder().encode(PLACEHOLDER_PREFIX);
  targets.push({ anchor: toAnchor(prefix), value: { kind: "placeholder" } });
  const index = compilePairIndex(targets);
  return {
    reach,
    context: TOKEN_CONTEXT,
    find(data, range, { skip }) {
      const hits: Hit[] = [];
      index.find(data, range, (target, at) => {
        const hit = verify(target, { data, at, skip });
        if (hit !== null) hits.push(hit);
      });
      return hits;
    },
  };
}

function verify(
  target: Target,
  place: { data: Buffer; at: number; skip: ReadonlySet<TokenPattern> },
): Hit | null {
  const { data, at } = place;
  switch (target.kind) {
    case "secret": {
      const { secret, needle } = target;
      if (!isNeedleAt(needle.bytes, { data, at })) return null;
      return { kind: "secret", secret, form: needle.form };
    }
    case "token":
      if (place.skip.has(target.token) || matchToken(target.token, place) === undefined) {
        return null;
      }
      return { kind: "token", token: target.token };
    case "placeholder": {
      const placeholder = data.toString(
        "latin1",
        at,
        Math.min(data.length, at + PLACEHOLDER_LENGTH),
      );
      return /^[a-z0-9_]{52}$/.test(placeholder) ? { kind: "placeholder", placeholder } : null;
    }
    default:
      return unreachable(target);
  }
}

/** Whether these bytes stand there, whole. */
export function isNeedleAt(needle: Buffer, place: { data: Buffer; at: number }): boolean {
  const { data, at } = place;
  const end = at + needle.length;
  return end <= data.length && data.compare(needle, 0, needle.length, at, end) === 0;
}

function unreachable(value: never): never {
  throw new Error(`Unknown target: ${JSON.stringify(value)}`);
}
