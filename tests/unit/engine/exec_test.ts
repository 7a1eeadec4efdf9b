import assert from "node:assert/strict";
import { openExec } from "../../../src/engine/exec.ts";

/** An engine that answers requests as it was told, and keeps what was asked. */
async function listen(answer: (request: string, connection: Deno.Conn) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/s`;
  const listener = Deno.listen({ transport: "unix", path });
  const requests: string[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(65_536);
      const count = await connection.read(buffer) ?? 0;
      const request = new TextDecoder().decode(buffer.subarray(0, count));
      requests.push(request);
      await answer(request, connection);
      try {
        connection.close();
      } catch {
        // The answer has closed it.
      }
    }
  })();
  return {
    engine: { url: `unix://${path}`, composeCommand: fail },
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {});
      await Deno.remove(dir, { recursive: true });
    },
  };
}

function fail(): never {
  throw new Error("the docker client is not asked");
}

async function say(connection: Deno.Conn, ...parts: (string | Uint8Array)[]): Promise<void> {
  for (const part of parts) {
    await connection.write(typeof part === "string" ? new TextEncoder().encode(part) : part);
  }
}

function frame(stream: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array([stream, 0, 0, 0, 0, 0, 0, bytes.length, ...bytes]);
}

const MADE = 'HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n{"Id":"ab12cd"}';
const UPGRADED = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\n";

Deno.test("a program is made, started and heard, its stderr apart, and its end is asked for", async () => {
  let input = "";
  await using socket = await listen(async (request, connection) => {
    if (request.startsWith("POST /containers/")) return await say(connection, MADE);
    if (request.startsWith("GET")) {
      return await say(connection, 'HTTP/1.1 200 OK\r\n\r\n{"Running":false,"ExitCode":3}');
    }
    await say(connection, UPGRADED, frame(1, "one "), frame(2, "trouble"));
    const buffer = new Uint8Array(100);
    for (let count; (count = await connection.read(buffer)) !== null;) {
      input += new TextDecoder().decode(buffer.subarray(0, count));
    }
    await say(connection, frame(1, "two"));
  });
  const call = { container: "sandcage-courier-x", command: ["/app/node", "serve"], user: "1:2" };
  const streams = await openExec(socket.engine, call);
  const read = async () => new TextDecoder().decode(await streams.read());
  assert.equal(await read(), "one ");
  await streams.write(new TextEncoder().encode("hello"));
  await streams.closeWrite();
  assert.equal(await read(), "two");
  assert.equal(await streams.read(), undefined);
  assert.equal(streams.stderr(), "trouble");
  assert.equal(await streams.exit(), 3);
  await streams.close();
  await streams.close();

  assert.equal(input, "hello");
  const [made, started, asked] = socket.requests;
  assert.match(made!, /^POST \/containers\/sandcage-courier-x\/exec HTTP\/1\.1\r\n/);
  assert.deepEqual(JSON.parse(made!.split("\r\n\r\n")[1]!), {
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Cmd: ["/app/node", "serve"],
    User: "1:2",
  });
  assert.match(started!, /^POST \/exec\/ab12cd\/start HTTP\/1\.1\r\n/);
  assert.match(started!, /\r\nConnection: Upgrade\r\n/);
  assert.match(asked!, /^GET \/exec\/ab12cd\/json HTTP\/1\.1\r\n/);
});

const refusals: [string, string, RegExp][] = [
  [
    "a container that is not there",
    'HTTP/1.1 404 Not Found\r\n\r\n{"message":"No such container: x"}\n',
    /^The engine does not start it: No such container: x$/,
  ],
  ["an answer that is none", "nonsense", /^The engine does not start it: nonsense$/],
  ["no answer", "", /^The engine does not start it: it gave no answer$/],
];
for (const [name, answer, message] of refusals) {
  Deno.test(`${name} is an error`, async () => {
    await using socket = await listen((_, connection) => say(connection, answer));
    await assert.rejects(openExec(socket.engine, { container: "x", command: ["y"] }), { message });
  });
}

Deno.test("a program that the engine made and does not start is an error", async () => {
  await using socket = await listen((request, connection) =>
    say(
      connection,
      request.startsWith("POST /containers/")
        ? MADE
        : 'HTTP/1.1 409 Conflict\r\n\r\n{"message":"Container x is not running"}',
    )
  );
  await assert.rejects(openExec(socket.engine, { container: "x", command: ["y"] }), {
    message: "The engine does not start it: Container x is not running",
  });
});

Deno.test("an engine that is not there is an error", async () => {
  const engine = { url: "unix:///nowhere/docker.sock", composeCommand: fail };
  await assert.rejects(openExec(engine, { container: "x", command: ["y"] }), { name: "NotFound" });
});
