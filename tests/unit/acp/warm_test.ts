import assert from "node:assert/strict";
import { join } from "node:path";
import { connectTo, openDoor, type WarmDoor } from "../../../src/acp/warm_door.ts";
import { planIdentity, type WarmFacts } from "../../../src/acp/warm_key.ts";
import { parseAnswer, parseRequest, readLine, writeLine } from "../../../src/acp/warm_protocol.ts";
import { takeWarmAgent } from "../../../src/acp/warm_take.ts";
import { passBytes } from "../../../src/acp/warm_bytes.ts";

const FACTS: WarmFacts = {
  version: "1",
  cageId: "c",
  project: "/p",
  workdir: "/p",
  command: ["agent", "acp"],
  images: ["i:1", ""],
  engine: "e",
  config: { a: { x: 1, y: [1, 2] }, b: null },
  secrets: new Map([["A", "secret-a"], ["B", "secret-b"]]),
};

const SAME = [
  ["the order of keys", { config: { b: null, a: { y: [1, 2], x: 1 } } }],
  ["the order of secrets", { secrets: new Map([["B", "secret-b"], ["A", "secret-a"]]) }],
] as const;

for (const [title, change] of SAME) {
  Deno.test(`a started agent is as good whatever ${title}`, () => {
    assert.deepEqual(planIdentity({ ...FACTS, ...change }), planIdentity(FACTS));
  });
}

const OTHER: [string, Partial<WarmFacts>, "kind" | "key"][] = [
  ["a value in the configuration", { config: { a: { x: 2, y: [1, 2] }, b: null } }, "key"],
  ["the order of a list", { config: { a: { x: 1, y: [2, 1] }, b: null } }, "key"],
  ["an image", { images: ["i:2", ""] }, "key"],
  ["a secret's value", { secrets: new Map([["A", "other"], ["B", "secret-b"]]) }, "key"],
  ["a secret that is gone", { secrets: new Map([["A", "secret-a"]]) }, "key"],
  ["sandcage itself", { version: "2" }, "key"],
  ["the engine", { engine: "f" }, "key"],
  ["the command line", { command: ["agent", "acp", "-v"] }, "kind"],
  ["the directory", { workdir: "/p/sub" }, "kind"],
];

for (const [title, change, part] of OTHER) {
  Deno.test(`another agent is needed for a change of ${title}`, () => {
    const [was, is] = [planIdentity(FACTS), planIdentity({ ...FACTS, ...change })];
    assert.notEqual(is.key, was.key);
    assert.equal(is.kind === was.kind, part === "key");
  });
}

Deno.test("requests and answers that are none are read as none", () => {
  for (const value of [undefined, null, 1, "x", [], {}, { want: "agent", kind: 1, key: "k" }]) {
    assert.equal(parseRequest(value), undefined);
    assert.deepEqual(parseAnswer(value), { answer: "no" });
  }
  assert.deepEqual(parseAnswer({ answer: "yes", token: "t" }), { answer: "no" });
});

const IDENTITY = planIdentity(FACTS);

type World = AsyncDisposable & {
  dir: string;
  path: string;
  open(options?: { idleMs?: number; onTaken?: () => void }): WarmDoor;
};

/** A directory deeper than the name of a socket may be long. */
async function makeWorld(): Promise<World> {
  const root = await Deno.makeTempDir({ prefix: "sandcage-warm-" });
  const dir = join(root, "d".repeat(120));
  await Deno.mkdir(dir);
  const doors: WarmDoor[] = [];
  const path = join(dir, "one.sock");
  return {
    dir,
    path,
    open({ idleMs = 60_000, onTaken = () => {} } = {}) {
      const door = openDoor(path, { identity: IDENTITY, container: "box", idleMs, onTaken });
      doors.push(door);
      return door;
    },
    async [Symbol.asyncDispose]() {
      for (const door of doors) await door.close();
      await Deno.remove(root, { recursive: true });
    },
  };
}

const take = (world: World, identity = IDENTITY, say: (text: string) => void = () => {}) =>
  takeWarmAgent(world.dir, { identity, say });

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);

Deno.test("a client takes the agent: bytes both ways, words for its stderr, the exit code", async () => {
  await using world = await makeWorld();
  let taken = 0;
  const door = world.open({ onTaken: () => taken++ });
  assert.equal((await Deno.stat(world.path)).mode! & 0o777, 0o600);
  const said: string[] = [];
  const agent = await take(world, IDENTITY, (word) => said.push(word));
  assert.ok(agent);
  assert.deepEqual([agent.container, taken], ["box", 1]);
  await agent.streams.sink.write(bytes("to the agent"));
  assert.equal(text(await door.client.source.read()), "to the agent");
  await door.client.sink.write(bytes("to the client"));
  assert.equal(text(await agent.streams.source.read()), "to the client");
  await agent.streams.sink.close();
  assert.equal(await door.client.source.read(), undefined);
  await door.client.sink.write(bytes("still said"));
  assert.equal(text(await agent.streams.source.read()), "still said");
  assert.equal(await door.tell({ said: "hello\n" }), true);
  assert.equal(await door.tell({ exit: 7 }), true);
  assert.equal(await agent.exit, 7);
  assert.deepEqual(said, ["hello\n"]);
  agent.close();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(world.dir)), []);
});

Deno.test("of many clients at once one gets the agent", async () => {
  await using world = await makeWorld();
  world.open();
  const agents = await Promise.all(Array.from({ length: 8 }, () => take(world)));
  assert.equal(agents.filter((agent) => agent !== undefined).length, 1);
  for (const agent of agents) agent?.close();
});

Deno.test("a client with another key gets nothing, and the agent leaves", async () => {
  await using world = await makeWorld();
  const door = world.open();
  assert.equal(await take(world, { ...IDENTITY, key: "other" }), undefined);
  await door.gone;
  assert.equal(await door.client.source.read(), undefined);
  assert.equal(await take(world), undefined);
});

Deno.test("a client of another kind gets nothing, and the agent stays", async () => {
  await using world = await makeWorld();
  world.open();
  assert.equal(await take(world, { kind: "other", key: IDENTITY.key }), undefined);
  const agent = await take(world);
  assert.ok(agent);
  agent.close();
});

Deno.test("an agent that nobody takes leaves after its time", async () => {
  await using world = await makeWorld();
  const door = world.open({ idleMs: 1 });
  await door.gone;
  assert.equal(await door.client.source.read(), undefined);
  await assert.rejects(
    async () => await door.client.sink.write(bytes("x")),
    Deno.errors.BrokenPipe,
  );
});

Deno.test("a client that dies is noticed, whatever its streams do", async () => {
  await using world = await makeWorld();
  const door = world.open();
  const agent = await take(world);
  agent!.close();
  await door.gone;
  assert.equal(await door.client.source.read(), undefined);
});

Deno.test("a holder that died leaves a socket that the next client removes", async () => {
  await using world = await makeWorld();
  const listener = Deno.listen({ transport: "unix", path: join(world.dir, "../o.sock") });
  await Deno.rename(join(world.dir, "../o.sock"), world.path);
  listener.close();
  assert.equal(await take(world), undefined);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(world.dir)), []);
});

Deno.test("whoever knows the socket and no token gets no streams", async () => {
  await using world = await makeWorld();
  world.open();
  using stranger = await connectTo(world.path);
  await writeLine(stranger, { want: "streams", token: "guessed" });
  assert.deepEqual(await readLine(stranger), { answer: "no" });
  using babbler = await connectTo(world.path);
  await babbler.write(bytes("not json\n"));
  assert.deepEqual(await readLine(babbler), { answer: "no" });
  const agent = await take(world);
  assert.ok(agent);
  agent.close();
});

/** One side of a pipe with the given pieces, which keeps what it is told. */
function scriptedSide(pieces: string[]) {
  const told: string[] = [];
  const closed = Promise.withResolvers<void>();
  return {
    told,
    closed: closed.promise,
    side: {
      source: {
        read: () => Promise.resolve(pieces.length === 0 ? undefined : bytes(pieces.shift()!)),
      },
      sink: {
        write: (piece: Uint8Array) => Promise.resolve(void told.push(text(piece)!)),
        close: () => Promise.resolve(closed.resolve()),
      },
    },
  };
}

Deno.test("passBytes() passes what each side says and ends with the agent", async () => {
  const [client, agent] = [scriptedSide(["a", "b"]), scriptedSide(["c", "d", "e"])];
  const ends: string[] = [];
  let heard = 0;
  await passBytes({ client: client.side, agent: agent.side }, {
    onClientEnd: (how) => ends.push(how),
    onAgentBytes: () => heard++,
  });
  await agent.closed;
  assert.deepEqual([agent.told, client.told], [["a", "b"], ["c", "d", "e"]]);
  assert.deepEqual([ends, heard], [["ended"], 3]);
});
