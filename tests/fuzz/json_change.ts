import { bytesOf } from "./bytes.ts";
import { type Material, mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

/** What JSON is made of. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What cases of JSON are made of. */
export type JsonStock = {
  /** Real documents. */
  documents: readonly unknown[];
  /** Values that stand in others' places. */
  values: readonly unknown[];
  /** What stands behind each document. Defaults to nothing. */
  end?: string;
};

/** In bytes: what is longer repeats itself. */
const LONGEST = 8192;

/** Values every reader has to think about. */
const ODD: readonly Json[] = [
  ...[null, true, 0, -1, 1.5, 9007199254740993, "", "x", [], {}, [[]]],
  ...["\u0000", "\u001b[2J", "\u202e", "\ud800", "__proto__", "constructor", "../x"],
  { __proto__: 1 } as unknown as Json,
];

/**
 * Makes cases of JSON: real documents with values changed, left out, doubled or swapped, so that most
 * of them are JSON of nearly the right shape; one in four is changed as bytes, too.
 */
export function makeJson(
  stock: JsonStock,
  material: Material,
): (random: Random) => Uint8Array<ArrayBuffer> {
  const values = [...stock.values, ...ODD] as Json[];
  return (random) => {
    if (random.oneIn(6)) return mutate(random, material);
    let document = random.pick(stock.documents) as Json;
    const changes = random.integer(random.pick([1, 2, 3, 6]));
    for (let change = 0; change < changes; change++) document = changeOne(document, random, values);
    const bytes = encode(JSON.stringify(document) + (stock.end ?? ""));
    return random.oneIn(6) ? mutate(random, { ...material, seeds: [bytes] }) : bytes;
  };
}

/** A document as the text it is sent as, for {@link Material.seeds}. */
export function jsonMaterial(
  stock: JsonStock,
  tokens: readonly (string | Uint8Array)[],
): Material {
  return {
    seeds: stock.documents.map((document) => encode(JSON.stringify(document) + (stock.end ?? ""))),
    tokens: tokens.map((token) => typeof token === "string" ? bytesOf(token) : token),
    longest: LONGEST,
  };
}

/** One value somewhere in it is changed. */
function changeOne(value: Json, random: Random, values: readonly Json[]): Json {
  const isInner = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!isInner || random.oneIn(8)) return random.pick(values);
  if (Array.isArray(value)) {
    const at = random.integer(value.length);
    const copy = [...value];
    switch (random.integer(5)) {
      case 0:
        copy.splice(at, 1);
        break;
      case 1:
        copy.splice(at, 0, copy[at]!);
        break;
      case 2:
        copy.push(random.pick(values));
        break;
      default:
        copy[at] = changeOne(copy[at]!, random, values);
    }
    return copy;
  }
  const keys = Object.keys(value);
  const key = random.pick(keys);
  const copy = { ...value };
  switch (random.integer(8)) {
    case 0:
      delete copy[key];
      break;
    case 1:
      copy[key] = copy[random.pick(keys)]!;
      break;
    case 2:
      copy[random.pick(["x", key.toUpperCase(), `${key} `, "constructor", ""])] = copy[key]!;
      break;
    default:
      copy[key] = changeOne(copy[key]!, random, values);
  }
  return copy;
}

const encoder = new TextEncoder();

function encode(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}
