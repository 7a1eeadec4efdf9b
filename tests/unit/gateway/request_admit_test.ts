import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { compileContent } from "../../../src/gateway/content/compile.ts";
import type { GatewayContext } from "../../../src/gateway/context.ts";
import { admitRequest } from "../../../src/gateway/request_admit.ts";
import { compilePolicy } from "../../../src/policy/compile.ts";
import { documentOf, secretOf } from "./content/support.ts";

const VALUE = "real-value-of-the-test-0123456789";

/** What an audit line would say of a plain request that rules alone refuse. */
async function refusedPath(target: string): Promise<string | undefined> {
  const document = documentOf({
    allow: [{ rule: "http://inject.test/allowed", origin: "test" }],
    secrets: [secretOf(VALUE)],
  });
  const [policy, content] = [compilePolicy(document), await compileContent(document)];
  assert.ok(policy.ok && content.ok);
  const context: Pick<GatewayContext, "isOpen" | "snapshot" | "audit"> = {
    isOpen: () => true,
    audit: () => {},
    snapshot: () => ({ version: 1, policy: policy.policy, content: content.content }),
  };
  const admission = admitRequest(
    context as GatewayContext,
    { version: "1.1", method: "GET", target, headers: [["Host", "inject.test"]] },
    { destination: { scheme: "http", port: 80 }, kind: "request" },
  );
  assert.ok(!admission.ok);
  assert.equal(admission.refusal.reason, "path");
  return admission.facts.path;
}

Deno.test("a path that a rule refuses goes on record", async () => {
  assert.equal(await refusedPath("/elsewhere/1?q=2"), "/elsewhere/1");
});

for (
  const [form, text] of [
    ["as it is", VALUE],
    ["in base64", Buffer.from(VALUE).toString("base64url")],
    ["in hexadecimal", Buffer.from(VALUE).toString("hex")],
  ] as const
) {
  Deno.test(`a refused path that holds a secret ${form} does not`, async () => {
    assert.equal(await refusedPath(`/elsewhere/${text}`), undefined);
  });
}
