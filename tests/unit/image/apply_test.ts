import assert from "node:assert/strict";
import { EXIT } from "../../../src/errors.ts";
import { buildError, planBuildArgs } from "../../../src/image/apply.ts";
import type { ImageSpec } from "../../../src/image/spec.ts";

const IMAGE: ImageSpec = {
  ref: "sandcage/base:0123",
  latest: "sandcage/base:latest",
  recipe: "01234567",
  dockerfile: "FROM x\n",
  files: [],
  args: { BASE: "debian" },
  labels: { "dev.sandcage.managed": "true" },
  cause: "packages jq",
};

Deno.test("a build reads its context from stdin, names and labels the image, hands proxies on", () => {
  assert.deepEqual(
    planBuildArgs(IMAGE, { plan: { proxies: ["HTTP_PROXY"] }, staging: {}, flavor: "docker" }),
    [
      "build",
      "--progress=plain",
      "--tag",
      "sandcage/base:0123",
      "--tag",
      "sandcage/base:latest",
      "--build-arg",
      "BASE=debian",
      "--build-arg",
      "HTTP_PROXY",
      "--label",
      "dev.sandcage.managed=true",
      "-",
    ],
  );
});

Deno.test("a Dockerfile of the user's own reads his directory; a login goes as a secret", () => {
  const image: ImageSpec = { ...IMAGE, contextDir: "/p", args: {}, labels: {} };
  delete image.latest;
  const staging = { dockerfile: "/s/Dockerfile", npmrc: "/s/npmrc" };
  assert.deepEqual(
    planBuildArgs(image, { plan: { proxies: [] }, staging, flavor: "docker", noCache: true }),
    [
      "build",
      "--progress=plain",
      "--no-cache",
      "--tag",
      "sandcage/base:0123",
      "--secret",
      "id=npmrc,src=/s/npmrc",
      "--file",
      "/s/Dockerfile",
      "/p",
    ],
  );
});

Deno.test("Podman's builder is told neither of secrets nor how to show its progress", () => {
  const args = planBuildArgs({ ...IMAGE, args: {}, labels: {} }, {
    plan: { proxies: [] },
    staging: {},
    flavor: "podman",
  });
  const tags = ["--tag", "sandcage/base:0123", "--tag", "sandcage/base:latest"];
  assert.deepEqual(args, ["build", ...tags, "-"]);
});

Deno.test("a failed build shows step, last lines and the log's path", () => {
  const error = buildError(IMAGE, {
    failure: { step: "[2/2] RUN make", lines: ["one", "two"] },
    stderr: "",
    logFile: "/logs/x.log",
    timedOut: false,
  });
  assert.equal(
    error.message,
    "Building sandcage/base:0123 (packages jq) failed\n  step: [2/2] RUN make\n  | one\n  | two",
  );
  assert.equal(error.hint, "The whole log: /logs/x.log");
  assert.deepEqual([error.code, error.exit], ["image-build-failed", EXIT.failed]);
});

for (
  const stderr of [
    "write /var/lib/docker/x: no space left on device",
    "#9 1.2 npm error code ENOSPC",
  ]
) {
  Deno.test(`a full disk has its own code: ${stderr}`, () => {
    const error = buildError(IMAGE, { stderr, logFile: "/l", timedOut: false });
    assert.deepEqual([error.code, error.exit], ["disk-full", EXIT.engine]);
    assert.match(error.message, /disk is full/);
    assert.match(error.hint!, /docker builder prune.*\/l/s);
  });
}
