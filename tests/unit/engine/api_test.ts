import assert from "node:assert/strict";
import { join } from "node:path";
import { askEngine, parseAnswer } from "../../../src/engine/api.ts";
import { inspectAll } from "../../../src/engine/inspect.ts";
import { waitForStart } from "../../../src/engine/start_event.ts";

/** An engine on a socket that answers as told; disposing it closes both. */
async function serveEngine(handler: (url: URL) => Response | Promise<Response>) {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "docker.sock");
  const asked: string[] = [];
  const server = Deno.serve({ transport: "unix", path, onListen: () => {} }, (request) => {
    const url = new URL(request.url.replace(/^http\+unix:\/\/[^/]*/, "http://docker"));
    asked.push(url.pathname);
    return handler(url);
  });
  return {
    url: `unix://${path}`,
    path,
    asked,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

const MISSING = () => Response.json({ message: "no such object" }, { status: 404 });

const never = () => Promise.reject(new Error("the docker client was asked"));

Deno.test("askEngine() reads status and body, however large", async () => {
  const large = "x".repeat(300_000);
  await using engine = await serveEngine(() => Response.json({ large }));
  const { status, body } = await askEngine(engine.path, { path: "/info", timeoutMs: 60_000 });
  assert.equal(status, 200);
  assert.equal(JSON.parse(body).large, large);
});

Deno.test("askEngine() gives up on an engine that does not answer", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  await using engine = await serveEngine(() => promise);
  await assert.rejects(() => askEngine(engine.path, { path: "/info", timeoutMs: 50 }));
  resolve(MISSING());
});

for (const text of ["", "HTTP/1.0 200 OK", "no answer at all\r\n\r\n", "HTTP/2 200\r\n\r\n"]) {
  Deno.test(`parseAnswer() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseAnswer(text));
  });
}

Deno.test("inspectAll() asks a socket for every kind a name can be, and no client", async () => {
  await using engine = await serveEngine(({ pathname }) => {
    if (pathname === "/images/sandcage/shell:1/json") {
      return Response.json({
        Id: "sha256:aa",
        RepoTags: ["sandcage/shell:1"],
        Config: { Labels: { a: "1" } },
      });
    }
    if (pathname === "/volumes/home") {
      return Response.json({ Name: "home", Mountpoint: "/x", Labels: { b: "2" } });
    }
    // A container whose id begins with the name is another.
    if (pathname === "/containers/abc/json") {
      return Response.json({ Id: `abc${"0".repeat(61)}`, Name: "/other", HostConfig: {} });
    }
    return MISSING();
  });
  const found = await inspectAll({ docker: never, url: engine.url }, [
    "sandcage/shell:1",
    "home",
    "abc",
    "nothing",
  ]);
  assert.deepEqual([...found].map(([name, { kind, labels }]) => [name, kind, labels]), [
    ["sandcage/shell:1", "image", { a: "1" }],
    ["home", "volume", { b: "2" }],
  ]);
  assert.ok(!engine.asked.includes("/containers/sandcage/shell:1/json"), "no container's name");
});

Deno.test("inspectAll() asks the client where the engine does not say yes or no", async () => {
  await using engine = await serveEngine(() => new Response("", { status: 500 }));
  let asked = 0;
  const docker = () => {
    asked++;
    return Promise.resolve({
      code: 0,
      stdout: JSON.stringify([{ Name: "home", Mountpoint: "/x", Labels: null }]),
      stderr: "",
      timedOut: false,
    });
  };
  for (const url of [engine.url, "unix:///nowhere/docker.sock"]) {
    const found = await inspectAll({ docker, url }, ["home"]);
    assert.equal(found.get("home")?.kind, "volume");
  }
  assert.equal(asked, 2);
});

const event = (name: string) =>
  `${JSON.stringify({ Action: "start", Actor: { Attributes: { name } } })}\n`;

Deno.test("waitForStart() hears of the very container, not of one whose name only begins so", async () => {
  const { promise: second, resolve } = Promise.withResolvers<void>();
  await using engine = await serveEngine(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          const send = (text: string) => controller.enqueue(new TextEncoder().encode(text));
          send(event("run-1-gateway"));
          await second;
          send(event("run-1"));
        },
      }),
    )
  );
  const ended = new AbortController();
  const at = { container: "run-1", signal: ended.signal };
  const composeCommand = () => ({ command: "", args: [], env: {} });
  let hasStarted = false;
  const waiting = waitForStart({ url: engine.url, composeCommand }, at)
    .then((answer) => hasStarted = answer);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(hasStarted, false);
  resolve();
  assert.equal(await waiting, true);
});

Deno.test("waitForStart() ends when it is told to, and where no engine is", async () => {
  await using engine = await serveEngine(() => new Response(new ReadableStream({})));
  const composeCommand = () => ({ command: "", args: [], env: {} });
  const ended = new AbortController();
  const waiting = waitForStart({ url: engine.url, composeCommand }, {
    container: "run-1",
    signal: ended.signal,
  });
  setTimeout(() => ended.abort(), 20);
  assert.equal(await waiting, false);
  const gone = { url: "unix:///nowhere/docker.sock", composeCommand };
  assert.equal(
    await waitForStart(gone, { container: "x", signal: new AbortController().signal }),
    false,
  );
});
