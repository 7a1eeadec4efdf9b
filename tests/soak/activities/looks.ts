import assert from "node:assert/strict";
import { makeWorld, type World } from "../../e2e/support/world.ts";
import type { Activity } from "../activity.ts";
import { countTemporary } from "../world.ts";

/** What a user looks at, and programs read. */
export const lookActivity: Activity = {
  name: "look",
  weight: 2,
  async open() {
    const world = await countTemporary(await makeWorld("soak-look"));
    return {
      residents: [],
      async play() {
        for (const args of [["list", "--json"], ["doctor", "--json"], ["audit", "--json"]]) {
          const { code, stdout, stderr } = await world.sandcage(args);
          assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
          if (args[0] !== "audit") JSON.parse(stdout);
        }
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};

/** The walls of a cage, as its user tries them. */
export const verifyActivity: Activity = {
  name: "verify",
  weight: 1,
  async open() {
    const world = await countTemporary(await makeWorld("soak-verify"));
    return {
      residents: [],
      async play() {
        const { code, stdout, stderr } = await world.sandcage(["verify", "--quick"]);
        assert.equal(code, 0, `${stdout}\n${stderr}`);
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};

/** Configuration that changes, is wrong, asks for what is not trusted, and is right again. */
export const configActivity: Activity = {
  name: "config",
  weight: 2,
  async open() {
    const world = await countTemporary(await makeWorld("soak-config"));
    return {
      residents: [],
      async play({ random }) {
        const memory = `${256 + random.integer(8) * 64}m`;
        await world.configure(`[limits]\nmemory = "${memory}"\n`);
        assert.match(await see(world, ["config", "show", "--compose"], 0), new RegExp(memory));
        await world.configure("[limits\n");
        await see(world, ["shell", "--", "true"], 3);
        await world.configure(`[limits]\nmemory = "${memory}"\n`);
        await world.write(".sandcage.yml", "version: 1\nports: [8080:3000]\n");
        await see(world, ["shell", "--", "true"], 3);
        await world.write(".sandcage.yml", "version: 1\n");
        await see(world, ["shell", "--", "true"], 0);
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};

async function see(world: World, args: readonly string[], code: number): Promise<string> {
  const result = await world.sandcage(args);
  assert.equal(result.code, code, `${args.join(" ")}: ${result.stdout}\n${result.stderr}`);
  return result.stdout;
}
