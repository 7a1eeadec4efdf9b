import assert from "node:assert/strict";
import { join } from "node:path";
import { findIdentity } from "../../../src/workspace/file_identity.ts";
import { type MountInfo, parseMountInfo } from "../../../src/workspace/mount_info.ts";
import type { WatchedMask } from "../../../src/workspace/types.ts";
import { formatLosses, type MaskLoss, watchMasks } from "../../../src/workspace/watch.ts";
import { makeTemp } from "../support/workspace.ts";

type Stage = {
  path: string;
  /** What the container's mount table says; a test changes it. */
  mounts: MountInfo[] | undefined;
  losses: string[];
};

/** Watches `file` (mounted), `d/inner` (mounted) and `absent` while `act` runs. */
async function stage(act: (stage: Stage, next: () => Promise<void>) => Promise<void>) {
  await using temp = await makeTemp();
  const at: Stage = { path: temp.path, mounts: undefined, losses: [] };
  await Deno.mkdir(join(temp.path, "d"));
  await Deno.writeTextFile(join(temp.path, "file"), "");
  await Deno.writeTextFile(join(temp.path, "d/inner"), "");
  const mounted = async (name: string, kind: WatchedMask["kind"]): Promise<WatchedMask> => {
    const path = join(temp.path, name);
    const identity = (await findIdentity(path))?.identity;
    return { path, target: path, kind, state: "mounted", ...(identity ? { identity } : {}) };
  };
  const masks: WatchedMask[] = [
    await mounted("file", "hidden"),
    await mounted("d/inner", "readonly"),
    { path: join(temp.path, "absent"), target: "/x", kind: "git", state: "absent" },
  ];
  at.mounts = masks.slice(0, 2).map((mask, id) => ({ id: String(id), target: mask.target }));
  let looks = 0;
  let wake = () => {};
  const ended = new AbortController();
  const watching = watchMasks({
    masks,
    signal: ended.signal,
    intervalMs: 5,
    readMounts() {
      looks++;
      wake();
      return Promise.resolve(at.mounts);
    },
    pause(losses: readonly MaskLoss[]) {
      for (const { mask, cause } of losses) {
        at.losses.push(`${mask.path.slice(temp.path.length + 1)} ${cause}`);
      }
      return Promise.resolve();
    },
  });
  // Two whole looks later every change made before was seen.
  const next = async () => {
    for (const until = looks + 3; looks < until;) {
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  await next();
  await act(at, next);
  ended.abort();
  await watching;
  return at.losses;
}

Deno.test("watchMasks() is silent while nothing happens", async () => {
  assert.deepEqual(await stage((_, next) => next()), []);
});

Deno.test("watchMasks() tells a mount that is gone, once", async () => {
  const losses = await stage(async (at, next) => {
    at.mounts = at.mounts?.slice(1);
    await next();
    await next();
  });
  assert.deepEqual(losses, ["file unmounted"]);
});

for (const blind of [false, true]) {
  Deno.test(`watchMasks() tells a replaced file${blind ? " without a mount table" : ""}`, async () => {
    const losses = await stage(async (at, next) => {
      if (blind) at.mounts = undefined;
      await Deno.writeTextFile(join(at.path, "new"), "secret");
      await Deno.rename(join(at.path, "new"), join(at.path, "file"));
      await next();
    });
    assert.deepEqual(losses, ["file replaced"]);
  });
}

Deno.test("watchMasks() tells a deleted file without a mount table", async () => {
  const losses = await stage(async (at, next) => {
    at.mounts = undefined;
    await Deno.remove(join(at.path, "file"));
    await next();
  });
  assert.deepEqual(losses, ["file replaced"]);
});

Deno.test("watchMasks() takes a write in place for no loss", async () => {
  const losses = await stage(async (at, next) => {
    await Deno.writeTextFile(join(at.path, "file"), "more");
    await next();
  });
  assert.deepEqual(losses, []);
});

Deno.test("watchMasks() follows a mount whose directory the agent renamed", async () => {
  const losses = await stage(async (at, next) => {
    await Deno.rename(join(at.path, "d"), join(at.path, "d9"));
    at.mounts = at.mounts?.map((mount) => ({
      ...mount,
      target: mount.target.replace("/d/", "/d9/"),
    }));
    await next();
    assert.deepEqual(at.losses, []);
    await Deno.mkdir(join(at.path, "d"));
    await Deno.writeTextFile(join(at.path, "d/inner"), "");
    await next();
  });
  assert.deepEqual(losses, ["d/inner unmounted"]);
});

Deno.test("watchMasks() tells what appears where nothing may be", async () => {
  const losses = await stage(async (at, next) => {
    await Deno.mkdir(join(at.path, "absent"));
    await next();
  });
  assert.deepEqual(losses, ["absent appeared"]);
});

Deno.test("watchMasks() returns at once without masks", async () => {
  await watchMasks({
    masks: [],
    signal: new AbortController().signal,
    readMounts: () => Promise.reject(new Error("looked")),
    pause: () => Promise.resolve(),
  });
});

Deno.test("formatLosses() says what is open now", () => {
  const mask: WatchedMask = {
    path: "/p/.env",
    target: "/p/.env",
    kind: "hidden",
    state: "mounted",
  };
  assert.deepEqual(formatLosses([{ mask, cause: "unmounted" }]), [
    '"/p/.env" was replaced or deleted on the host: it is no longer hidden from the cage',
  ]);
});

Deno.test("parseMountInfo() reads ids and unescapes targets", () => {
  const text =
    "36 35 98:0 /a /mnt/a\\040b\\012c\\134d rw - ext4 /dev/x rw\n37 35 0:1 / / rw - x y z\n";
  assert.deepEqual(parseMountInfo(text), [
    { id: "36", target: "/mnt/a b\nc\\d" },
    { id: "37", target: "/" },
  ]);
});
