import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { compileContent } from "../../../src/gateway/content/compile.ts";
import type { GatewayContext } from "../../../src/gateway/context.ts";
import { statusOf } from "../../../src/gateway/denial.ts";
import { type Admission, admitRequest } from "../../../src/gateway/request_admit.ts";
import { compilePolicy } from "../../../src/policy/compile.ts";
import { documentOf, secretOf } from "./content/support.ts";

const VALUE = "real-value-of-the-test-0123456789";

/** What becomes of a plain request, and its audit line. */
async function admit(
  { target, host = "inject.test", headers = [] }: {
    target: string;
    host?: string;
    headers?: [string, string][];
  },
): Promise<Admission> {
  const document = documentOf({
    allow: ["http://inject.test/allowed", "whole.test", "blocked.test"]
      .map((rule) => ({ rule, origin: "test" })),
    block: [{ rule: { dest: "blocked.test", methods: ["DELETE"] }, origin: "test" }],
    secrets: [secretOf(VALUE)],
  });
  const [policy, content] = [compilePolicy(document), await compileContent(document)];
  assert.ok(policy.ok && content.ok);
  const context: Pick<GatewayContext, "isOpen" | "snapshot" | "audit"> = {
    isOpen: () => true,
    audit: () => {},
    snapshot: () => ({ version: 1, policy: policy.policy, content: content.content }),
  };
  return admitRequest(
    context as GatewayContext,
    { version: "1.1", method: "GET", target, headers: [["Host", host], ...headers] },
    { destination: { scheme: "http", port: 80 }, kind: "request" },
  );
}

/** What an audit line would say of a request that rules alone refuse. */
async function refusedPath(target: string): Promise<string | undefined> {
  const admission = await admit({ target });
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

const OVERRIDE: [string, string] = ["X-Original-URL", `/${VALUE}`];

for (
  const [host, target] of [
    ["inject.test", "/allowed"],
    ["blocked.test", "/"],
  ] as const
) {
  Deno.test(`a header that names another request is refused at ${host}, and named`, async () => {
    const admission = await admit({ host, target, headers: [OVERRIDE] });
    assert.ok(!admission.ok);
    const { reason, detail, hint } = admission.refusal;
    assert.equal(reason, "smuggling");
    assert.match(`${detail}`, /^The header x-original-url may name another request/);
    assert.match(`${hint}`, /x-original-url/);
    assert.ok(!JSON.stringify(admission).includes(VALUE));
    assert.equal(statusOf(reason), 403);
  });
}

Deno.test("a header that names another request passes where no rule tells requests apart", async () => {
  const headers: [string, string][] = [["X-HTTP-Method-Override", "DELETE"]];
  const admission = await admit({ host: "whole.test", target: "/?_method=PUT", headers });
  assert.ok(admission.ok);
  assert.deepEqual(admission.exchange.head.headers, headers);
  assert.equal(admission.exchange.head.target, "/?_method=PUT");
});

Deno.test("a header that Connection takes away names nothing", async () => {
  const headers: [string, string][] = [OVERRIDE, ["Connection", "X-Original-URL"]];
  const admission = await admit({ target: "/allowed", headers });
  assert.ok(admission.ok);
  assert.deepEqual(admission.exchange.head.headers, []);
});
