import assert from "node:assert/strict";
import { join } from "node:path";
import type { CopyRecord } from "../../../../src/copy/record.ts";
import type { Host } from "../../../../src/host.ts";
import { readPromoteSettings } from "../../../../src/promote/cage/fill.ts";
import { forgetPromoted } from "../../../../src/promote/cage/refs.ts";
import { openLandingWorld, testEnv } from "../../support/landing_world.ts";
import { makeTemp } from "../../support/workspace.ts";

function copyAt(hostPath: string): Pick<CopyRecord, "id" | "roots"> {
  return { id: "demo-1", roots: [{ hostPath }] } as CopyRecord;
}

Deno.test("what a cage keeps in a repository goes, and nothing of another or of the user's", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, run, root } = world;
  const host = { env: testEnv(root) } as unknown as Host;
  const own = ["in/main", "done/main", "out/fix/it", "pending/main/x"];
  for (const name of own) await run(user, "update-ref", `refs/sandcage/demo-1/${name}`, "HEAD");
  const others = [
    "refs/heads/sandcage/demo-1/fix/it",
    "refs/sandcage/demo-10/in/main",
    "refs/sandcage/demo/in/main",
  ];
  for (const name of others) await run(user, "update-ref", name, "HEAD");
  await run(user, "pack-refs", "--all");
  await forgetPromoted(copyAt(user), { host });
  const left = await run(user, "for-each-ref", "--format=%(refname)");
  assert.deepEqual(left.split("\n"), ["refs/heads/main", ...others].sort());
  await forgetPromoted(copyAt(user), { host });
});

Deno.test("a project that is gone or no repository any more has none", async () => {
  await using temp = await makeTemp();
  const host = { env: testEnv(temp.path) } as unknown as Host;
  await forgetPromoted(copyAt(temp.path), { host });
  await forgetPromoted(copyAt(join(temp.path, "gone")), { host });
});

Deno.test("whose commits they are is what the configuration says, then git; else it is refused", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { git, user, run } = world;
  const promotion = { name: null, email: null, interval: "2s", sign: false, branches: ["x"] };
  await assert.rejects(readPromoteSettings({ promotion }, { git, image: "i" }), {
    message: "Cannot promote commits: whose they are is not known",
    exit: 3,
  });
  await run(user, "config", "user.name", "Git Name");
  await run(user, "config", "user.email", "git@example.com");
  assert.deepEqual(await readPromoteSettings({ promotion }, { git, image: "i" }), {
    identity: { name: "Git Name", email: "git@example.com" },
    intervalMs: 2000,
    sign: false,
    branches: ["x"],
    image: "i",
  });
  const named = { ...promotion, name: "Config Name" };
  const { identity } = await readPromoteSettings({ promotion: named }, { git, image: "i" });
  assert.deepEqual(identity, { name: "Config Name", email: "git@example.com" });
});
