import assert from "node:assert/strict";
import { planUpstreamProxy } from "../../../src/cage/upstream_proxy.ts";

Deno.test("no proxy, none planned", () => {
  assert.equal(planUpstreamProxy({ HTTPS_PROXY: "" }), undefined);
});

Deno.test("lower case wins, HTTPS before HTTP, the scheme may be left out", () => {
  const env = {
    https_proxy: "proxy.corp:3128",
    HTTPS_PROXY: "http://other:1",
    http_proxy: "http://third:2",
    NO_PROXY: "localhost, .corp,",
  };
  assert.deepEqual(planUpstreamProxy(env), {
    settings: { url: "http://proxy.corp:3128/", noProxy: ["localhost", ".corp"] },
  });
});

const PROBLEMS = [
  { name: "on loopback", url: "http://127.0.0.1:3128", problem: /loopback/ },
  { name: "by the name of loopback", url: "http://localhost:3128", problem: /loopback/ },
  { name: "that speaks SOCKS", url: "socks5://proxy:1080", problem: /not an http/ },
  { name: "that is no address", url: "http://", problem: /not an http/ },
];
for (const { name, url, problem } of PROBLEMS) {
  Deno.test(`a proxy ${name} is not used, and that is said`, () => {
    const planned = planUpstreamProxy({ HTTP_PROXY: url });
    assert.equal(planned?.settings, null);
    assert.match(planned!.problem!, problem);
  });
}
