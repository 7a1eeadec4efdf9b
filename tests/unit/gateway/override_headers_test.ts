import assert from "node:assert/strict";
import { findOverride } from "../../../src/gateway/override_headers.ts";

function ask(target: string, ...names: string[]): string | undefined {
  return findOverride({
    scheme: "https",
    host: "a.test",
    port: 443,
    method: "POST",
    target,
    headers: [["Accept", "*/*"], ...names.map((name): [string, string] => [name, "DELETE"])],
  });
}

for (
  const [name, want] of [
    ["X-HTTP-Method-Override", "header x-http-method-override"],
    ["x-http-method", "header x-http-method"],
    ["X-METHOD-OVERRIDE", "header x-method-override"],
    ["X-Original-Method", "header x-original-method"],
    ["X-Original-URL", "header x-original-url"],
    ["X_Rewrite_URL", "header x_rewrite_url"],
    ["X-HTTP_Method-Override", "header x-http_method-override"],
    ["X-Forwarded-Uri", "header x-forwarded-uri"],
    ["X-Forwarded-For", undefined],
    ["X-Original", undefined],
    ["Original-URL", undefined],
    ["X-HTTP-Method-Overrides", undefined],
  ] as const
) {
  Deno.test(`findOverride() of ${name}: ${want}`, () => assert.equal(ask("/", name), want));
}

for (
  const [target, want] of [
    ["/?_method=DELETE", "parameter _method"],
    ["/x?a=1&%5Fmethod=put", "parameter _method"],
    ["/?_method", "parameter _method"],
    ["/?.method=PUT", "parameter _method"],
    ["/?method=DELETE", undefined],
    ["/_method=DELETE", undefined],
    ["/?a=_method=DELETE", undefined],
    ["/?", undefined],
  ] as const
) {
  Deno.test(`findOverride() of ${target}: ${want}`, () => assert.equal(ask(target), want));
}
