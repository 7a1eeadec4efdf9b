import assert from "node:assert/strict";
import { planPipConf } from "../../../src/image/pip_conf.ts";

const ROWS: [string, Record<string, string>, string | undefined][] = [
  ["nothing where nothing was configured", { HOME: "/h", PIP_INDEX_URL: "" }, undefined],
  ["pip's own variables", {
    PIP_INDEX_URL: "https://u:p@pypi.corp/simple",
    PIP_TRUSTED_HOST: "pypi.corp",
  }, "[global]\nindex-url = https://u:p@pypi.corp/simple\ntrusted-host = pypi.corp\n"],
  ["uv's variables as well", {
    UV_DEFAULT_INDEX: "https://a/simple",
    UV_EXTRA_INDEX_URL: "https://b/simple",
  }, "[global]\nindex-url = https://a/simple\nextra-index-url = https://b/simple\n"],
  ["one line for each, whatever a value holds", {
    PIP_INDEX_URL: "https://a\nno-index = true",
  }, "[global]\nindex-url = https://a no-index = true\n"],
];

for (const [what, env, want] of ROWS) {
  Deno.test(`planPipConf() gives ${what}`, () => assert.equal(planPipConf(env), want));
}
