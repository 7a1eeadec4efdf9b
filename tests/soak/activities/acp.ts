import assert from "node:assert/strict";
import { pause } from "../../../src/pause.ts";
import { type Connection, makeAcpWorld, openRelayed } from "../../e2e/support/acp/client.ts";
import type { Activity } from "../activity.ts";
import { clearUp, endLate, listLate, settleLate } from "../late.ts";
import { countTemporary } from "../world.ts";

/**
 * Messages of one play, each with an answer. The first play has many: the heap of a relay is at its
 * full size after some ten thousand (measured: 43 MiB from the 20,000th to the 60,000th).
 */
const MESSAGES = { first: 20_000, lasting: 2_000, short: 300 };
/** How much one message carries at most, in bytes. */
const LARGEST = 4_096;
/** Latest moment at which an editor is killed, in milliseconds. */
const LATEST_KILL_MS = 2_500;

/** An editor that talks with its agent for the whole time, others that come, leave or are killed. */
export const acpActivity: Activity = {
  name: "acp",
  weight: 3,
  async open() {
    await using stack = new AsyncDisposableStack();
    const world = stack.use(await countTemporary(await makeAcpWorld("soak-acp")));
    const lasting = stack.use(openRelayed(world));
    await greet(lasting);
    // The commands that clear up have a home of their own.
    await clearUp(world);
    const owned = stack.move();
    return {
      residents: [{ name: "relay of an editor", pid: lasting.pid }],
      async play({ random, index }) {
        await settleLate([world]);
        const count = index === 0 ? MESSAGES.first : MESSAGES.lasting;
        await talk(lasting, { count, bytes: random.integer(LARGEST) });
        if (index % 2 === 1) {
          await using killed = openRelayed(world);
          await killed.send(request(0, "initialize", { protocolVersion: 1 }));
          await pause(random.integer(LATEST_KILL_MS));
          killed.signal("SIGKILL");
          await killed.ended;
          await clearUp(world);
        }
        await using short = openRelayed(world);
        await greet(short);
        await talk(short, {
          count: 1 + random.integer(MESSAGES.short),
          bytes: random.integer(LARGEST),
        });
        await short.end();
        const { code, stderr } = await short.ended;
        assert.equal(code, 0, stderr);
      },
      late: () => listLate([world]),
      async [Symbol.asyncDispose]() {
        await endLate([world]);
        await lasting.end();
        await lasting.ended;
        await owned.disposeAsync();
      },
    };
  },
};

function request(id: number, method: string, params: unknown): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
}

async function greet(connection: Connection): Promise<void> {
  await connection.send(request(0, "initialize", { protocolVersion: 1 }));
  const line = await connection.line();
  if (line === undefined) assert.fail(`no answer: ${(await connection.ended).stderr}`);
  assert.equal(JSON.parse(line).result.agentInfo.name, "scripted");
}

/** Says things and gets each of them back, in order. */
async function talk(
  connection: Connection,
  { count, bytes }: { count: number; bytes: number },
): Promise<void> {
  const text = "ä".repeat(bytes / 2);
  const sending = (async () => {
    for (let id = 1; id <= count; id++) await connection.send(request(id, "_echo", { id, text }));
  })();
  for (let id = 1; id <= count; id++) {
    const line = await connection.line();
    if (line === undefined) assert.fail(`ended after ${id - 1} of ${count} answers`);
    const { result } = JSON.parse(line);
    assert.deepEqual([result.echo.id, result.echo.params.text], [id, text]);
  }
  await sending;
}
