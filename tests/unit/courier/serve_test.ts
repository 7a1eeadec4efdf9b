import assert from "node:assert/strict";
import { createLink } from "../../../src/courier/link.ts";
import { nodeFs } from "../../../src/courier/node_fs.ts";
import { serve } from "../../../src/courier/serve.ts";
import {
  COURIER_PROTOCOL,
  createFrameParser,
  formatFrame,
  type FrameKind,
} from "../../../src/tree/frames.ts";

/** What is said to a courier: kinds of frames and what they hold. */
type Said = [kind: Exclude<FrameKind, "data">, value: unknown];

/** Lets a courier answer on directories of this machine; what it says, `data` left out. */
async function converse(said: readonly Said[], prepare?: (work: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    const places = { work: `${dir}/work`, checkpoints: `${dir}/checkpoints` };
    for (const place of Object.values(places)) await Deno.mkdir(place);
    await Deno.mkdir(`${places.work}/project`);
    await prepare?.(places.work);
    const input = new Uint8Array(said.flatMap(([kind, value]) => [...formatFrame(kind, value)]));
    const answers: [FrameKind, unknown][] = [];
    const parse = createFrameParser();
    let at = 0;
    const link = createLink({
      read(buffer) {
        const piece = input.subarray(at, at += Math.min(buffer.length, input.length - at));
        buffer.set(piece);
        return piece.length;
      },
      write(bytes) {
        for (const frame of parse(bytes)) {
          if (frame.kind !== "data") answers.push([frame.kind, frame.value]);
        }
      },
    });
    let error: unknown;
    try {
      serve({
        ...{ link, fs: nodeFs(), places, lease: { token: "00ff", release() {} } },
        ...{ isLive: (token) => token === "00ff", canWrite: () => true },
      });
    } catch (cause) {
      error = cause;
    }
    const left = Array.from(Deno.readDirSync(places.work), ({ name }) => name).toSorted();
    return { answers, error, left };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "requests are answered one after the other, each with its result at the end",
  ignore,
  async fn() {
    const { answers, error } = await converse([
      ...[["request", { op: "scan", root: "project" }], ["end", null]] as Said[],
      ...[["request", { op: "hash", root: "project" }], ["list", ["a", "none"]]] as Said[],
      ...[["end", null], ["request", { op: "remove", root: "project" }]] as Said[],
      ...[["list", ["a"]], ["end", null]] as Said[],
      ...[["request", { op: "scan", root: "project" }], ["end", null]] as Said[],
      ...[["request", { op: "scan", root: "nobody/made/it" }], ["end", null]] as Said[],
    ], (work) => Deno.writeTextFile(`${work}/project/a`, "abc"));
    assert.equal(error, undefined);
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.deepEqual(answers[0], ["hello", { protocol: COURIER_PROTOCOL, canWrite: true }]);
    assert.deepEqual((answers[1]![1] as { path: string }[]).map(({ path }) => path), ["a"]);
    assert.deepEqual(answers.slice(3, 6), [
      ["list", [["a", sha256]]],
      ["done", null],
      ["done", null],
    ]);
    assert.deepEqual(answers.slice(6).map(([kind]) => kind), ["done", "done"]);
  },
});

Deno.test({
  name: "the repository of all the work is asked for by the root without a name",
  ignore,
  async fn() {
    const { answers, error } = await converse([
      ...[["request", { op: "repositories", root: "" }], ["end", null]] as Said[],
      ...[["request", { op: "repositories", root: "project" }], ["end", null]] as Said[],
    ], async (work) => {
      for (const path of [".git", "project/.git", "project/sub/.git"]) {
        await Deno.mkdir(`${work}/${path}`, { recursive: true });
      }
    });
    assert.equal(error, undefined);
    const counts = answers.filter(([kind]) => kind === "done")
      .map(([, value]) => (value as { repositories: number }).repositories);
    assert.deepEqual(counts, [1, 2]);
  },
});

const refused: [string, Said[], RegExp][] = [
  ["no request", [["list", []]], /A list came in place of a request/],
  ["an operation that there is not", [["request", { op: "rm" }]], /no such request/],
  ["a root outside", [["request", { op: "fill", root: "../etc" }]], /no place below \/work/],
  ["a root that is the courier's", [["request", { op: "scan", root: ".sandcage-x" }]], /no place/],
  ["a root that is no text", [["request", { op: "scan", root: 7 }]], /no place below/],
  [
    "a path outside",
    [["request", { op: "remove", root: "project" }], ["list", ["../x"]], ["end", null]],
    /leads out of its root/,
  ],
  [
    "an expectation that is none",
    [["request", { op: "change", root: "project" }], ["list", [{ expect: 1 }]], ["end", null]],
    /An expectation is none/,
  ],
  ["a checkpoint of no name", [["request", { op: "checkpoint", name: 5 }], ["end", null]], /named/],
];
for (const [name, said, message] of refused) {
  Deno.test({
    name: `${name} is refused, and ends the program`,
    ignore,
    async fn() {
      const { error, answers } = await converse(said);
      assert.match((error as Error).message, message);
      assert.deepEqual(answers.map(([kind]) => kind), ["hello"]);
    },
  });
}

Deno.test({
  name: "what looks like a stage and is none is no reason not to serve",
  ignore,
  async fn() {
    const { error, left } = await converse(
      [["request", { op: "checkpoints" }], ["end", null]],
      async (work) => {
        await Deno.mkdir(`${work}/.sandcage-change-ab-project`);
        await Deno.writeTextFile(`${work}/.sandcage-change-ab-project/journal`, "no journal\n");
        await Deno.writeTextFile(`${work}/.sandcage-change-cd-project`, "no directory");
        await Deno.mkdir(`${work}/.sandcage-change-ef-%ff`);
        await Deno.mkdir(`${work}/.sandcage-change-00ff-project`);
        await Deno.mkdir(`${work}/.sandcage-change-0a-project`);
      },
    );
    assert.equal(error, undefined);
    assert.ok(left.includes(".sandcage-change-00ff-project"), "one of a living program stays");
    assert.ok(!left.includes(".sandcage-change-0a-project"), "one that was cut goes");
  },
});
