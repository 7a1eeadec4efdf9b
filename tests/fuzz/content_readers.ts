import { Buffer } from "node:buffer";
import { compileContent } from "../../src/gateway/content/compile.ts";
import { textOf } from "./bytes.ts";
import { holdsSecret } from "./live/judge.ts";
import { type Material, mutate } from "./mutate.ts";
import { NAMES, PLACEHOLDER, SECRET } from "./names.ts";
import { planFuzzPolicy } from "./policy.ts";
import type { Random } from "./random.ts";
import { bytesOf } from "./bytes.ts";
import { expect, type Target } from "./target.ts";

const compiled = await compileContent(planFuzzPolicy(1));
if (!compiled.ok) throw new Error(compiled.problems.join("\n"));
const { content } = compiled;

const FORMS = [
  ...[SECRET, btoa(SECRET), encodeURIComponent(SECRET), JSON.stringify({ a: SECRET }), PLACEHOLDER],
  ...[JSON.stringify({ k: PLACEHOLDER }), btoa(`x${SECRET}`), Buffer.from(SECRET).toString("hex")],
  ...[PLACEHOLDER.slice(0, 30), SECRET.slice(0, 20), "sk-ant-api03-xyz", "AKIA0123456789ABCDEF"],
];

const MATERIAL: Material = {
  seeds: ["hello world", '{"a":"b","c":[1,2]}', "a=b&c=d", ...FORMS].map(bytesOf),
  tokens: [...FORMS, "\\u00", "%2", "=", "\n", "\0", '"'].map(bytesOf),
};

/** Readers of what passes: secrets and what stands for them, in messages both ways. */
export const CONTENT_READERS: readonly Target[] = [
  {
    name: "http/message",
    material: MATERIAL,
    make: makeMessage,
    read(bytes, random) {
      const host = random.pick([NAMES.allowed, NAMES.inject, NAMES.wild]);
      const scheme = random.oneIn(4) ? "http" : "https";
      const head = { scheme, host, port: 443, method: "GET", target: "/", headers: [] } as const;
      const exchange = content.openExchange({ ...head, headers: [] });
      const data = Buffer.from(bytes);
      const inward = exchange.passMessage({ data, binary: false }, "in").data.toString("latin1");
      expect(
        host !== NAMES.inject || scheme === "http" || !inward.includes(SECRET),
        "what comes back does not hold the secret",
      );
      const out = exchange.passMessage({ data, binary: false }, "out");
      const isBlocked = out.findings.some(({ action }) => action === "block");
      const isOwn = host === NAMES.inject && scheme === "https";
      const hasSecret = holdsSecret(textOf(bytes)) || textOf(bytes).includes(PLACEHOLDER);
      expect(isOwn || isBlocked || !hasSecret, "a secret goes to its own host alone");
      if (isOwn && !isBlocked) {
        expect(!out.data.includes(PLACEHOLDER), "no placeholder arrives where the secret belongs");
      }
      return isBlocked ? { refused: out.findings[0]!.detail } : "accepted";
    },
  },
];

function makeMessage(random: Random): Uint8Array<ArrayBuffer> {
  const form = random.oneIn(2) ? random.pick(FORMS) : "x";
  const seed = bytesOf(random.pick([`say ${form}`, `{"a":"${form}"}`, `k=${form}&z`, form]));
  return mutate(random, { ...MATERIAL, seeds: [seed, random.pick(MATERIAL.seeds)] });
}
