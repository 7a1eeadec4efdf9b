import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chooseEndpoint,
  findEndpointUrl,
  formatEndpointEnv,
} from "../../../src/engine/endpoint.ts";
import type { EngineEndpoint } from "../../../src/engine/engine.ts";
import { fakeHost } from "./support.ts";

const BOTH = { DOCKER_HOST: "tcp://h:1", DOCKER_CONTEXT: "env" };

for (
  const [title, context, env, want] of [
    ["an explicit context over everything", "flag", BOTH, { kind: "context", name: "flag" }],
    ["DOCKER_HOST over DOCKER_CONTEXT", null, BOTH, { kind: "host", url: "tcp://h:1" }],
    ["DOCKER_CONTEXT", null, { DOCKER_CONTEXT: "env" }, { kind: "context", name: "env" }],
    ["the default", null, {}, { kind: "default" }],
    ["the default over empty variables", null, { DOCKER_HOST: "", DOCKER_CONTEXT: "" }, {
      kind: "default",
    }],
    ["DOCKER_HOST over an empty flag", "", BOTH, { kind: "host", url: "tcp://h:1" }],
  ] as const
) {
  Deno.test(`chooseEndpoint() takes ${title}`, () => {
    assert.deepEqual(chooseEndpoint(context, env), want);
  });
}

for (
  const [endpoint, want] of [
    [{ kind: "default" }, {}],
    [{ kind: "context", name: "c" }, { DOCKER_CONTEXT: "c", DOCKER_HOST: "" }],
    [{ kind: "host", url: "tcp://h:1" }, { DOCKER_HOST: "tcp://h:1", DOCKER_CONTEXT: "" }],
  ] as const
) {
  Deno.test(`formatEndpointEnv() lets nothing else win over ${endpoint.kind}`, () => {
    assert.deepEqual(formatEndpointEnv(endpoint), want);
  });
}

Deno.test("findEndpointUrl() reads docker's own files", async () => {
  const root = await Deno.makeTempDir();
  try {
    const host = fakeHost(root);
    const id = createHash("sha256").update("vm").digest("hex");
    const meta = `${host.home}/.docker/contexts/meta/${id}`;
    await Deno.mkdir(meta, { recursive: true });
    const endpoints = { docker: { Host: "unix:///vm.sock", SkipTLSVerify: false } };
    const context = { Name: "vm", Metadata: {}, Endpoints: endpoints };
    await Deno.writeTextFile(`${meta}/meta.json`, JSON.stringify(context));
    const find = (endpoint: EngineEndpoint) => findEndpointUrl(endpoint, host);

    assert.equal(await find({ kind: "default" }), "unix:///var/run/docker.sock");
    assert.equal(await find({ kind: "host", url: "tcp://h:1" }), "tcp://h:1");
    assert.equal(await find({ kind: "context", name: "vm" }), "unix:///vm.sock");
    assert.equal(await find({ kind: "context", name: "default" }), "unix:///var/run/docker.sock");
    assert.equal(await find({ kind: "context", name: "unknown" }), undefined);

    await Deno.writeTextFile(`${host.home}/.docker/config.json`, '{"currentContext":"vm"}');
    assert.equal(await find({ kind: "default" }), "unix:///vm.sock");
    await Deno.writeTextFile(`${host.home}/.docker/config.json`, "{broken");
    assert.equal(await find({ kind: "default" }), "unix:///var/run/docker.sock");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
