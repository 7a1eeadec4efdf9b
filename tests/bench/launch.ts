import { join } from "node:path";
import { type ProcessResult, run } from "../../src/engine/process.ts";
import { say } from "../../tools/shell.ts";
import type { World } from "../e2e/support/world.ts";
import { measure, type Timing } from "./measure.ts";
import { pickService } from "./references.ts";

export const LAUNCH = "sandcage launch --background";
export const COMPOSE = "docker compose run -d";
const BEHIND_GATEWAY = "the same launch behind its gateway";

/**
 * Starts an agent that only waits, by launch and by compose alone: until each has returned. The
 * gateway of a third is what compose alone does not have.
 */
export async function timeLaunch(
  worlds: { open: World; held: World },
  rounds: number,
): Promise<Timing[]> {
  const { open, held } = worlds;
  say("Warming up");
  for (const world of [open, held]) {
    done(await world.sandcage(["shell", "--", "true"], { timeoutMs: 1_200_000 }));
  }
  const reference = await planReference(open);
  const timings = await measure([
    planLaunch(open, LAUNCH),
    { name: COMPOSE, prepare: reference.remove, run: reference.start },
    planLaunch(held, BEHIND_GATEWAY),
  ], rounds);
  for (const world of [open, held]) done(await world.sandcage(["stop"]));
  await reference.remove();
  return timings;
}

function planLaunch(world: World, name: string) {
  const args = ["launch", "--service", "shell", "-p", "sleep 600", "--background"];
  return {
    name,
    prepare: async () => done(await world.sandcage(["stop"])),
    run: async () => done(await world.sandcage([...args, "--no-inject-messaging"])),
  };
}

async function planReference(world: World) {
  const shown = await world.sandcage(["config", "show", "--compose"]);
  done(shown);
  const text = pickService(shown.stdout, "shell");
  const file = join(world.root, "reference.compose.yml");
  await Deno.writeTextFile(file, text);
  const project: string = JSON.parse(text).name;
  const container = `${project}-bench-reference`;
  return {
    async start() {
      const compose = ["compose", "--project-name", project, "--file", file];
      done(
        await run("docker", [
          ...compose,
          ...["run", "--detach", "--no-TTY", "--name", container, "shell", "sleep", "600"],
        ], { cwd: world.project, timeoutMs: 60_000 }),
      );
    },
    async remove() {
      await run("docker", ["rm", "--force", container], { timeoutMs: 60_000 });
    },
  };
}

function done(result: ProcessResult): void {
  if (result.code !== 0) throw new Error(`ended with ${result.code}: ${result.stderr}`);
}
