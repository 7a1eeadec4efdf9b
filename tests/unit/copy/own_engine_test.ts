import assert from "node:assert/strict";
import { describeEngine, requireSameEngine } from "../../../src/copy/own_engine.ts";
import { LABEL } from "../../../src/names.ts";
import { fakeEngine } from "../cage/support.ts";

const COPY = {
  id: "web-0a0a0a",
  name: "web",
  volumes: { work: "sandcage-work-web-0a0a0a", checkpoints: "c" },
};

/** An engine with or without the volume of that cage. */
function engineWith(change: { title?: string; id?: string; volumeOf?: string }) {
  const { engine, calls } = fakeEngine((args) => {
    if (args[0] !== "inspect" && args[1] !== "inspect") return undefined;
    if (change.volumeOf === undefined) return { code: 1, stdout: "[]\n", stderr: "no such volume" };
    const Labels = { [LABEL.managed]: "true", [LABEL.cage]: change.volumeOf };
    return { stdout: JSON.stringify([{ Name: COPY.volumes.work, Labels }]) };
  });
  const { title = engine.title, id = "A" } = change;
  return { engine: { ...engine, title, capabilities: { ...engine.capabilities, id } }, calls };
}

const HERE = "the default engine";
const TCP = "tcp://10.0.0.1:2375";

const rows: [
  name: string,
  copy: { engine: string; engineId?: string },
  engine: Parameters<typeof engineWith>[0],
  refusal: RegExp | undefined,
][] = [
  ["the same title and id", { engine: HERE, engineId: "A" }, {}, undefined],
  ["the same title, of a time without ids", { engine: HERE }, {}, undefined],
  [
    "the same title, of an engine without an id",
    { engine: HERE, engineId: "A" },
    { id: "" },
    undefined,
  ],
  [
    "another way to where its volume is",
    { engine: TCP, engineId: "A" },
    { volumeOf: COPY.id },
    undefined,
  ],
  [
    "an engine that was set up anew",
    { engine: HERE, engineId: "B" },
    { volumeOf: COPY.id },
    undefined,
  ],
  [
    "another title and no volume, with the same id",
    { engine: TCP, engineId: "A" },
    {},
    /is on tcp:\/\/10.*, this is the default/,
  ],
  [
    "another title and a volume of that name of another cage",
    { engine: TCP },
    { volumeOf: "x" },
    /is on tcp:/,
  ],
  [
    "the same title, and it means another engine by now",
    { engine: HERE, engineId: "B" },
    {},
    /on another engine, which was the default engine then/,
  ],
];

for (const [name, copy, engine, refusal] of rows) {
  Deno.test(`requireSameEngine() ${refusal === undefined ? "takes" : "refuses"} ${name}`, async () => {
    const asked = requireSameEngine({ ...COPY, ...copy }, engineWith(engine).engine);
    if (refusal === undefined) return await asked;
    await assert.rejects(asked, { message: refusal, exit: 5, hint: /--context or DOCKER_HOST/ });
  });
}

Deno.test("requireSameEngine() asks nothing of the engine that it knows", async () => {
  const { engine, calls } = engineWith({});
  await requireSameEngine({ ...COPY, ...describeEngine(engine) }, engine);
  assert.deepEqual(calls, []);
});
