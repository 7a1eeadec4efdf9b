import assert from "node:assert/strict";
import { join } from "node:path";
import type { HeldRecord } from "../../../src/hold/held.ts";
import {
  arrives,
  commit,
  git,
  makePromoteWorld,
  must,
  openInside,
  start,
  status,
  until,
} from "../../e2e/support/promote_world.ts";
import type { World } from "../../e2e/support/world.ts";
import type { Activity, Resident } from "../activity.ts";
import { countTemporary } from "../world.ts";

/** A cage whose commits land by themselves, for the whole time. */
export const promoteActivity: Activity = {
  name: "promote",
  weight: 3,
  async open() {
    await using stack = new AsyncDisposableStack();
    const world = stack.use(await countTemporary(await makePromoteWorld("soak-promote")));
    await start(world);
    stack.defer(() => world.sandcage(["clear", "--discard-pending"]).then(() => {}));
    const inside = await openInside(world);
    const { id } = await status(world);
    const residents = await findHolders(join(world.state, "cages", id, "held"));
    assert.equal(residents.length, 2, `held: ${residents.map(({ name }) => name).join(", ")}`);
    const owned = stack.move();
    return {
      residents,
      async play({ random, index }) {
        const commits = 1 + random.integer(4);
        for (let at = 0; at < commits; at++) {
          await inside(commit(`file-${at}.txt`, `play ${index} commit ${at}`));
        }
        if (random.oneIn(3)) {
          await world.write("mine.txt", `${index}\n`);
          await commitMine(world, `mine_${index}`);
        }
        await inside(commit(`last-${index}.txt`));
        await arrives(world, `last-${index}.txt`);
        await until("all has landed", async () => (await status(world)).state === "idle");
        assert.equal(await git(world, "status --porcelain"), "");
        if (random.oneIn(4)) await must(world.sandcage(["log"]));
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

/** Where commits land in the same moment, git says that another git is at work: once more, then. */
async function commitMine(world: World, message: string): Promise<void> {
  await until("git takes the user's commit", async () => {
    try {
      await git(world, "add mine.txt");
      await git(world, `commit -qm ${message}`);
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.includes("index.lock")) return false;
      throw error;
    }
  });
}

/** Processes that hold something of a cage, by what they have written down. */
async function findHolders(dir: string): Promise<Resident[]> {
  const found: Resident[] = [];
  for await (const { name } of Deno.readDir(dir)) {
    if (!name.endsWith(".json")) continue;
    const { pid }: HeldRecord = JSON.parse(await Deno.readTextFile(join(dir, name)));
    found.push({ name: `holder of ${name.replace(".json", "")}`, pid });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
