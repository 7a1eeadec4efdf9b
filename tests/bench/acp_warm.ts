import { join } from "node:path";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { openEditor } from "../e2e/support/editor.ts";
import { waitFor } from "../e2e/support/files.ts";
import { makeWorld, type World } from "../e2e/support/world.ts";
import { formatBench, judge, type Target, type Timing } from "./measure.ts";

const COLD = "initialize of a claude started for it";
const WARM = "initialize of a claude that waited";

const TARGETS: readonly Target[] = [{ subject: WARM, limit: { times: COLD, of: 0.25 } }];

/** What an agent gets to come to rest before its editor comes, in milliseconds. */
const REST_MS = 4_000;

/** Times the first answer of claude to its editor: started for it, and waiting for it. */
export async function benchAcpWarm(options: { rounds: number; json: boolean }): Promise<string> {
  await ensureEngine({});
  await makeBundle();
  await using cold = await makeWorld("bench-cold");
  await using warm = await makeWorld("bench-warm", { config: "[acp]\nwarm = true\n" });
  for (const world of [cold, warm]) {
    say("Warming up");
    const built = await world.sandcage(["build", "claude", "--acp"], { timeoutMs: 1_200_000 });
    if (built.code !== 0) throw new Error(built.stderr);
    await timeInitialize(world);
  }
  const timings: Timing[] = [{ name: COLD, samplesMs: [] }, { name: WARM, samplesMs: [] }];
  for (let round = 0; round < options.rounds; round++) {
    await waitFor("a waiting agent", () => findSocket(warm.state));
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    for (const [index, world] of [cold, warm].entries()) {
      timings[index]!.samplesMs.push(await timeInitialize(world));
    }
  }
  await warm.sandcage(["stop"]);
  if (options.json) return JSON.stringify(timings, null, 2);
  return formatBench(timings, judge(timings, TARGETS));
}

/** From the start of `sandcage acp run` to the answer, in milliseconds. */
async function timeInitialize(world: World): Promise<number> {
  await using editor = openEditor(world, ["acp", "run", "claude"]);
  const answer = await editor.ask("initialize", { protocolVersion: 1, clientCapabilities: {} }, {
    timeoutMs: 120_000,
  });
  const { stderr } = await editor.leave();
  if (answer.kind !== "result") throw new Error(`${JSON.stringify(answer)}: ${stderr}`);
  return answer.ms;
}

async function findSocket(state: string): Promise<string | undefined> {
  for await (const { name } of Deno.readDir(join(state, "cages"))) {
    const sessions = join(state, "cages", name, "sessions");
    for await (const { name: file } of Deno.readDir(sessions)) {
      if (file.endsWith(".sock")) return file;
    }
  }
  return undefined;
}
