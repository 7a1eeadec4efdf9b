import assert from "node:assert/strict";
import { planSealedRun } from "../../../src/engine/sealed_run.ts";

const RUN = {
  image: "sandcage/base:1",
  command: ["git", "status"],
  user: { uid: 64000, gid: 64001 },
  mounts: ["type=volume,source=work,target=/work,readonly"],
  memoryMiB: 512,
  stdin: "none",
} as const;

const WALLS = [
  ...["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"],
  ...["--init", "--pids-limit=64", "--memory=512m", "--memory-swap=512m", "--log-driver=none"],
  ...["--user=64000:64001", "--label=dev.sandcage.managed=true"],
];

const MOUNT = "--mount=type=volume,source=work,target=/work,readonly";

Deno.test("planSealedRun() gives a program its mounts and nothing else", () => {
  assert.deepEqual(planSealedRun(RUN), [
    ...["run", "--rm", ...WALLS, MOUNT, "--entrypoint=git", "sandcage/base:1", "status"],
  ]);
});

Deno.test("planSealedRun() adds its cage, variables and stdin when there are some", () => {
  const args = planSealedRun({
    ...RUN,
    cageId: "web-1",
    env: ["HOME=/nonexistent"],
    stdin: "open",
  });
  assert.deepEqual(args, [
    ...["run", "--rm", "--interactive", ...WALLS],
    ...["--label=dev.sandcage.cage=web-1", "--label=dev.sandcage.role=courier", MOUNT],
    ...["--env=HOME=/nonexistent", "--entrypoint=git", "sandcage/base:1", "status"],
  ]);
});
