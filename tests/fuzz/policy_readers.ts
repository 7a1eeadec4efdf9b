import { compilePolicy } from "../../src/policy/compile.ts";
import {
  decideAddress,
  decideConnection,
  decideName,
  decideRequest,
} from "../../src/policy/decide.ts";
import { parseDocument } from "../../src/policy/parse_document.ts";
import { readTarget } from "../../src/policy/path.ts";
import { textOf } from "./bytes.ts";
import { NAMES, SECRET } from "./names.ts";
import { planFuzzPolicy } from "./policy.ts";
import { POLICY_MATERIAL } from "./seeds/control.ts";
import { http1Material } from "./seeds/http1.ts";
import { expect, type Target } from "./target.ts";

const HOSTS = [...Object.values(NAMES), "10.1.2.3", "host.example", "api.example.com", "::1", ""];

/** Readers of policies, and of what is asked of one. */
export const POLICY_READERS: readonly Target[] = [
  {
    name: "policy document",
    material: POLICY_MATERIAL,
    read(bytes, random) {
      let value: unknown;
      try {
        value = JSON.parse(new TextDecoder().decode(bytes));
      } catch {
        // Not JSON: control.ts refuses it before a document is looked for.
        return;
      }
      const parsed = parseDocument(value);
      if (!parsed.ok) {
        expect(parsed.problems.length > 0, "what is refused has a problem");
        expect(!parsed.problems.join().includes(SECRET), "no problem repeats a secret");
        return;
      }
      const compiled = compilePolicy(parsed.document);
      if (!compiled.ok) {
        expect(compiled.problems.length > 0, "what is refused has a problem");
        expect(!compiled.problems.join().includes(SECRET), "no problem repeats a secret");
        return;
      }
      const host = random.pick(HOSTS);
      decideName(compiled.policy, host);
      decideConnection(compiled.policy, { host, port: random.pick([22, 80, 443, 8443]) });
      decideRequest(compiled.policy, { host, port: 443, method: "GET", target: "/v1/../x" });
      decideAddress(compiled.policy, { host, address: random.pick(["127.0.0.1", "10.1.2.3"]) });
    },
  },
  {
    name: "request target",
    material: http1Material(NAMES.scoped),
    read(bytes, random) {
      const target = random.pick(textOf(bytes).split(/[ \r\n]+/));
      readTarget(target);
      const decision = decideRequest(FUZZ_POLICY, {
        host: NAMES.scoped,
        port: 443,
        method: "GET",
        target,
      });
      if (decision.verdict !== "allow") return;
      const sent = decision.target ?? target;
      expect(isBelowApi(sent), `${JSON.stringify(sent)} is below /api/ however it is read`);
    },
  },
];

const FUZZ_POLICY = (() => {
  const compiled = compilePolicy(planFuzzPolicy(1));
  if (!compiled.ok) throw new Error(compiled.problems.join("\n"));
  return compiled.policy;
})();

/** What a server makes of a path when it decodes once, twice and then resolves dots. */
export function isBelowApi(target: string): boolean {
  let path = target.split(/[?#]/)[0]!;
  for (let times = 0; times < 3; times++) {
    const segments: string[] = [];
    for (const segment of path.replaceAll("\\", "/").split("/")) {
      if (segment === "..") segments.pop();
      else if (segment !== "." && segment !== "") segments.push(segment);
    }
    if (segments[0] !== "api") return false;
    try {
      path = decodeURIComponent(path);
    } catch {
      return true;
    }
  }
  return true;
}
