import assert from "node:assert/strict";
import { join } from "node:path";
import { planWatchCommand } from "../../../../src/promote/cage/watch.ts";
import { type LandingWorld, openLandingWorld } from "../../support/landing_world.ts";

const onLinux = { ignore: Deno.build.os !== "linux" };

/** The program that watches, on this machine. */
async function openWatch(world: LandingWorld, branches: readonly string[]) {
  const [program, ...args] = planWatchCommand(
    { promote: { branches, pin: { innerBranch: "main" } } },
    { gitDir: join(world.inner, ".git") },
  );
  const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const next = async () => (await reader.read()).value?.length;
  assert.equal(await next(), 1, "its first line says that it watches");
  return {
    next,
    async end(): Promise<number> {
      await child.stdin.close();
      while (await next() !== undefined);
      return (await child.status).code;
    },
  };
}

async function commit(world: LandingWorld, file: string): Promise<void> {
  await world.write(world.inner, { [file]: file });
  await world.run(world.inner, "add", "-A");
  await world.run(world.inner, "commit", "-q", "-m", file);
}

Deno.test(
  "a watch tells of commits, packed refs and a branch that is gone, and ends with its input",
  onLinux,
  async () => {
    await using world = await openLandingWorld({ a: "a" });
    const watch = await openWatch(world, []);
    await commit(world, "b");
    assert.equal(await watch.next(), 1);
    await world.run(world.inner, "pack-refs", "--all");
    assert.ok(await watch.next());
    await Deno.remove(join(world.inner, ".git"), { recursive: true });
    assert.ok(await watch.next());
    assert.equal(await watch.end(), 0);
  },
);

Deno.test(
  "other branches are watched where they come out, links are not followed",
  onLinux,
  async () => {
    await using world = await openLandingWorld({ a: "a" });
    const heads = join(world.inner, ".git", "refs", "heads");
    await Deno.symlink(heads, join(heads, "loop"));
    const watch = await openWatch(world, ["*"]);
    await world.run(world.inner, "update-ref", "refs/heads/fix/it", "HEAD");
    // More than once where the disk is slow: the lock of the branch is seen, too.
    assert.ok(await watch.next());
    assert.equal(await watch.end(), 0);
  },
);

Deno.test("the program is told of other branches only where they come out", () => {
  const args = (branches: string[]) =>
    planWatchCommand({ promote: { branches, pin: { innerBranch: "main" } } }, { gitDir: "/g" })
      .slice(3);
  assert.deepEqual(args([]), ["/g", "main"]);
  assert.deepEqual(args(["fix/*"]), ["/g", "main", "all"]);
});
