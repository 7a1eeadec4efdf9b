import assert from "node:assert/strict";
import { defaultConfig } from "../../../src/config/defaults.ts";
import { planBuildArgs } from "../../../src/image/apply.ts";
import { planImages } from "../../../src/image/recipe.ts";
import type { ImagePlan } from "../../../src/image/spec.ts";
import type { ServicePayload } from "../../../src/service/definition.ts";

const PYPI: ServicePayload = { kind: "pypi", requirement: "tiny-acp==0.4.2", program: "tiny-acp" };
const ARCHIVE: ServicePayload = {
  kind: "archive",
  path: "/home/ann/.sandcage/registry/archives/aaaa",
  sha256: "a".repeat(64),
  format: "tar.gz",
  program: "tiny-1.0/bin/tiny",
};

function plan(payload: ServicePayload, packages: string[] = []): ImagePlan {
  return planImages({
    config: { ...defaultConfig(), packages },
    service: {
      name: "tiny",
      title: "Tiny",
      payload,
      command: ["tiny"],
      args: [],
      env: {},
      domains: [],
      auth: { keys: {}, files: [] },
    },
    facts: { arch: "x86_64", user: { uid: 1000, gid: 1000 }, ca: [], proxies: [], pipConf: "x" },
  });
}

for (const payload of [PYPI, ARCHIVE]) {
  Deno.test(`planImages(): the image of an agent from ${payload.kind}`, async (t) => {
    const { agent, images } = plan(payload);
    await t.assertSnapshot({
      cause: agent!.cause,
      dockerfile: agent!.dockerfile.replaceAll(images[0]!.ref, "<base>"),
      files: agent!.files.map(({ path }) => path),
      archive: agent!.archive,
      offline: agent!.offline,
      labels: Object.keys(agent!.labels),
    });
  });
}

Deno.test("an archive's image is another one when its bytes are, wherever they lie", () => {
  const other = { ...ARCHIVE, path: "/elsewhere" };
  assert.equal(plan(other).agent!.ref, plan(ARCHIVE).agent!.ref);
  const changed = { ...ARCHIVE, sha256: "b".repeat(64) };
  assert.notEqual(plan(changed).agent!.ref, plan(ARCHIVE).agent!.ref);
});

Deno.test("a project's own tools leave the agent's image as it is", () => {
  assert.equal(plan(ARCHIVE, ["jq"]).agent!.ref, plan(ARCHIVE).agent!.ref);
});

Deno.test("the build of an archive reaches no network and reads a folder of its own", () => {
  const { agent } = plan(ARCHIVE);
  const staging = { context: "/tmp/context", dockerfile: "/tmp/Dockerfile", pipConf: "/tmp/pip" };
  const args = planBuildArgs({ ...agent!, labels: {} }, {
    plan: { proxies: [] },
    staging,
    flavor: "docker",
  });
  assert.deepEqual(args, [
    ...["build", "--progress=plain", "--network", "none", "--tag", agent!.ref],
    ...["--secret", "id=pipconf,src=/tmp/pip", "--file", "/tmp/Dockerfile", "/tmp/context"],
  ]);
});
