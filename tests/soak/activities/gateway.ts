import assert from "node:assert/strict";
import { docker } from "../../../tools/engine_state.ts";
import { LABEL } from "../../../src/names.ts";
import { makeCaged } from "../../e2e/support/caged.ts";
import { waitFor } from "../../e2e/support/files.ts";
import { startInternet } from "../../e2e/support/internet/internet.ts";
import type { Running } from "../../e2e/support/sandcage.ts";
import type { World } from "../../e2e/support/world.ts";
import type { Activity } from "../activity.ts";
import { countTemporary } from "../world.ts";

/**
 * Requests of one play: answered over one connection, over a connection each, and denied. The first
 * play has many: a gateway's heap is at its full size after some thousand decisions (measured: from
 * 21 to 28 MiB in the first 5,000, to 29 MiB in the next).
 */
const REQUESTS = { kept: 60, fresh: 15, denied: 15, deniedAtOnce: 300, deniedFirst: 6_000 };

/** A session with a gateway for the whole time, with traffic, denials and rules that change. */
export const gatewayActivity: Activity = {
  name: "gateway",
  weight: 4,
  async open() {
    await using stack = new AsyncDisposableStack();
    const internet = stack.use(await startInternet());
    const world = await makeCaged("soak-gateway", internet, {
      network: 'allow = ["allowed.test", "also.test"]\n',
    });
    stack.use(await countTemporary(world));
    const session = await openLasting(world);
    stack.defer(() => session.child.end("SIGTERM").then(() => {}));
    const gatewayPid = Number(await docker(["inspect", "-f", "{{.State.Pid}}", session.gateway]));
    const owned = stack.move();
    return {
      residents: [
        { name: "client of a session", pid: session.child.pid },
        { name: "gateway", pid: await findServing(gatewayPid) },
      ],
      async play({ random, index }) {
        await internet.clear();
        const fetch = (url: string, count: number) => fetchFresh(session.agent, url, count);
        const scheme = random.pick(["http", "https"]);
        const kept = await fetchKept(session.agent, `${scheme}://allowed.test/`, REQUESTS.kept);
        assert.deepEqual(kept, Array(REQUESTS.kept).fill("200"));
        const many = index === 0 ? REQUESTS.deniedFirst : REQUESTS.deniedAtOnce;
        const refused = await fetchKept(session.agent, "http://evil.test/", many);
        assert.deepEqual(refused, Array(many).fill("403"));
        const fresh = await fetch(`${scheme}://allowed.test/`, REQUESTS.fresh);
        assert.deepEqual(fresh, Array(REQUESTS.fresh).fill("200"));
        const denied = await fetch(`${scheme}://evil.test/`, REQUESTS.denied);
        assert.ok(!denied.includes("200") && denied.length === REQUESTS.denied, denied.join(" "));
        for (const [change, answer] of [["add", true], ["rm", false]] as const) {
          const changed = await world.sandcage(["domain", change, "big.test"]);
          assert.equal(changed.code, 0, changed.stderr);
          const [code] = await fetch(`${scheme}://big.test/`, 1);
          assert.equal(code === "200", answer, `big.test answers ${code} after domain ${change}`);
        }
        if (index % 3 !== 0) return;
        const line = "curl -s -o /dev/null http://allowed.test/ && ! curl -sf http://evil.test/";
        const short = await world.sandcage(["shell", "--", "sh", "-c", line]);
        assert.equal(short.code, 0, short.stderr);
        assert.match(short.stderr, /blocked 1 host: evil\.test/);
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

/** Codes of answers to so many requests of the agent over one connection. */
async function fetchKept(agent: string, url: string, count: number): Promise<string[]> {
  const words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}\\n", `${url}[1-${count}]`];
  return (await docker(["exec", agent, ...words])).split("\n");
}

/** Codes of answers to so many requests, each over a connection of its own. */
async function fetchFresh(agent: string, url: string, count: number): Promise<string[]> {
  const line = `for n in $(seq ${count}); do curl -s -o /dev/null -m 10 -w '%{http_code}\\n' ` +
    `"$0"; done; true`;
  return (await docker(["exec", agent, "sh", "-c", line, url])).split("\n");
}

async function openLasting(
  world: World,
): Promise<{ child: Running; agent: string; gateway: string }> {
  const child = world.spawn(["shell", "--", "sh", "-c", "touch .lasting; exec sleep infinity"]);
  const early: { end?: { code: number; stderr: string } } = {};
  child.ended.then((end) => early.end = end);
  await waitFor("the session", async () => {
    if (early.end !== undefined) throw new Error(`The session ended: ${early.end.stderr}`);
    return (await world.read(".lasting").catch(() => undefined)) === "" || undefined;
  }, { timeoutMs: 60_000 });
  const find = (role: string) =>
    docker([
      ...["ps", "--format", "{{.Names}}", "--filter", `label=${LABEL.role}=${role}`],
      ...["--filter", `label=${LABEL.project}=${world.project}`],
    ]);
  return { child, agent: await find("agent"), gateway: await find("gateway") };
}

/** The program below an init, as the host sees it; the init itself when it has no child. */
async function findServing(init: number): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${init}/task/${init}/children`);
  return Number(children.trim().split(" ")[0]) || init;
}
