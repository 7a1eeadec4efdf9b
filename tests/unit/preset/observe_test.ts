import assert from "node:assert/strict";
import { join } from "node:path";
import type { Engine } from "../../../src/engine/engine.ts";
import { observeHost } from "../../../src/host.ts";
import { observeClientHosts } from "../../../src/preset/observe.ts";

const IMAGE = { ref: "sandcage/shell:0123456789ab", recipe: "0123456789abcdef" };

/** An engine that gives one answer, and everything that was asked and said. */
async function look(stateDir: string, answer: { code: number; stdout: string; stderr: string }) {
  const asked: string[][] = [];
  const warned: string[] = [];
  const engine: Pick<Engine, "docker"> = {
    docker(args) {
      asked.push([...args]);
      return Promise.resolve({ ...answer, timedOut: false });
    },
  };
  const io = {
    warn: (text: string) => warned.push(text),
    progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
  };
  const host = { ...observeHost(), stateDir };
  return { hosts: await observeClientHosts(IMAGE, { engine, host, io }), asked, warned };
}

async function withStateDir(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const GOOD = { code: 0, stdout: '{"npm":["https://r.test"]}', stderr: "" };

Deno.test("an image is asked once, without a network and without rights", () =>
  withStateDir(async (dir) => {
    const first = await look(dir, GOOD);
    assert.deepEqual(first.hosts, { npm: ["https://r.test"] });
    const line = first.asked.map((args) => args.join(" ")).join("\n");
    assert.match(line, /^run --rm --network none --read-only .*--cap-drop ALL/);
    assert.match(
      line,
      /--entrypoint \/opt\/cage\/bin\/registry-hosts sandcage\/shell:0123456789ab$/,
    );
    const second = await look(dir, { code: 1, stdout: "", stderr: "not asked" });
    assert.deepEqual([second.hosts, second.asked], [first.hosts, []]);
  }));

Deno.test("a broken cache is asked anew", () =>
  withStateDir(async (dir) => {
    await look(dir, GOOD);
    await Deno.writeTextFile(join(dir, "cache", "clients-0123456789ab.json"), '{"schema":1,');
    const again = await look(dir, GOOD);
    assert.equal(again.asked.length, 1);
    assert.deepEqual(again.hosts, { npm: ["https://r.test"] });
  }));

for (
  const [what, answer] of [
    ["fails", { code: 127, stdout: "", stderr: "docker: x\nexec: no such file\n" }],
    ["answers nonsense", { code: 0, stdout: '{"npm":["*"]}', stderr: "exec: no such file" }],
  ] as const
) {
  Deno.test(`an image that ${what} allows nothing, says so, and is asked again`, () =>
    withStateDir(async (dir) => {
      const first = await look(dir, answer);
      assert.deepEqual(first.hosts, {});
      assert.match(first.warned.join(), /sandcage\/shell:0123456789ab.*no such file/);
      assert.equal((await look(dir, GOOD)).asked.length, 1);
    }));
}
