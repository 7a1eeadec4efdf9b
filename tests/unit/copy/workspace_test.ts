import assert from "node:assert/strict";
import { planCopyConfig, planCopyWorkspace } from "../../../src/copy/workspace.ts";
import { defaultConfig } from "../../../src/config/defaults.ts";

const COPY = { volumes: { work: "sandcage-work-web-0a0a0a", checkpoints: "c" } };

Deno.test("planCopyWorkspace() shows the volume and nothing of the host", () => {
  const workspace = planCopyWorkspace(COPY, defaultConfig());
  assert.deepEqual(workspace.mounts, [
    { type: "volume", source: "sandcage-work-web-0a0a0a", target: "/work", readonly: false },
  ]);
  assert.deepEqual([workspace.roots, workspace.watched, workspace.warnings], [[], [], []]);
  assert.equal(workspace.insidePath, "/work/project");
  assert.ok(Object.values(workspace.env).includes("agent@localhost"));
});

Deno.test("planCopyWorkspace() says what has no effect", () => {
  const config = {
    mounts: [{ source: "/data" }],
    ssh: { enabled: true, agent: true },
  };
  assert.deepEqual(
    planCopyWorkspace(COPY, config).warnings.map((warning) => warning.split(" ")[0]),
    ["mounts", "ssh.enabled", "ssh.agent"],
  );
});

Deno.test("planCopyConfig() gives the cage a home of its own and its own Dockerfile", () => {
  const config = planCopyConfig(defaultConfig(), { dockerfile: "/x/Dockerfile" });
  assert.equal(config.home, "project");
  assert.equal(config.workspace.mode, "copy");
  assert.equal(config.image.dockerfile, "/x/Dockerfile");
  assert.equal(planCopyConfig(defaultConfig(), {}).image.dockerfile, null);
});
