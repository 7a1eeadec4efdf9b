import { findSocket } from "./attach.ts";
import type { Engine } from "./engine.ts";
import { openFrames, readReason } from "./frames.ts";

/** A program in a running container, and its streams. */
export type ExecStreams = {
  /** The next bytes of its stdout, valid until the next call; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Waits until the bytes are on their way; they may be used again then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends its stdin; what it still says is read. */
  closeWrite(): Promise<void>;
  /** The last it said on stderr. */
  stderr(): string;
  /** How it ended, once {@link read} has come to the end; `undefined` when nobody knows. */
  exit(): Promise<number | undefined>;
  /** Lets go of it: its stdin ends, and nobody listens. Can be called twice. */
  close(): Promise<void>;
};

/** Which program, where. */
export type ExecCall = { container: string; command: readonly string[]; user?: string };

/** Bytes read at once: eight frames of the engine. */
const CHUNK = 262_144;

/** Longest answer of the engine before the stream begins, in bytes. */
const MAX_ANSWER = 65_536;

/** What is kept of stderr, in characters: its end says why. */
const MAX_STDERR = 4_096;

/**
 * Starts a program in a running container. Over a socket of this machine the engine is asked within
 * this process, which saves the docker client's start; any other engine is asked by the client. The
 * program gets the end of its stdin when this process dies, however it dies.
 *
 * @throws {Error} If it does not start: no such container, or one that does not run.
 * @see {@link https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Exec}
 */
export function openExec(
  engine: Pick<Engine, "url" | "composeCommand">,
  call: ExecCall,
): Promise<ExecStreams> {
  const socket = findSocket(engine.url);
  return socket === undefined
    ? Promise.resolve(openByClient(engine.composeCommand([]).env, call))
    : openByApi(socket, call);
}

async function openByApi(socket: string, call: ExecCall): Promise<ExecStreams> {
  const made = await ask(socket, {
    path: `/containers/${encodeURIComponent(call.container)}/exec`,
    body: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Cmd: call.command,
      ...(call.user === undefined ? {} : { User: call.user }),
    },
  });
  const id = /"Id":\s*"([0-9a-f]+)"/.exec(made)?.[1];
  if (id === undefined) throw new Error(`The engine does not start it: ${readReason(made)}`);
  const connection = await Deno.connect({ transport: "unix", path: socket });
  const buffer = new Uint8Array(CHUNK);
  const said = createTail();
  let read: ExecStreams["read"];
  try {
    const body = { Detach: false, Tty: false };
    await writeAll(connection, formatRequest({ path: `/exec/${id}/start`, body, upgrade: true }));
    read = await openFrames(connection, { buffer, task: "start it", onStderr: said.add });
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    read,
    write: (bytes) => writeAll(connection, bytes),
    closeWrite: () => connection.closeWrite(),
    stderr: said.text,
    async exit() {
      const answer = await ask(socket, { path: `/exec/${id}/json` }).catch(() => "");
      const code = /"ExitCode":\s*(\d+)/.exec(answer)?.[1];
      return code === undefined ? undefined : Number(code);
    },
    close() {
      closeQuietly(connection);
      return Promise.resolve();
    },
  };
}

/** Starts a container of its own for as long as its program runs. */
export function openRun(
  engine: Pick<Engine, "composeCommand">,
  args: readonly string[],
): ExecStreams {
  return openClient(engine.composeCommand([]).env, args);
}

/**
 * Starts a container that was created, and holds its streams; it gets the end of its stdin when this
 * process dies, however it dies.
 */
export function openStart(
  engine: Pick<Engine, "composeCommand">,
  container: string,
): ExecStreams {
  return openClient(engine.composeCommand([]).env, [
    "start",
    "--attach",
    "--interactive",
    container,
  ]);
}

function openByClient(env: Record<string, string>, call: ExecCall): ExecStreams {
  const user = call.user === undefined ? [] : ["--user", call.user];
  return openClient(env, ["exec", "--interactive", ...user, call.container, ...call.command]);
}

/** The streams of a docker client. */
function openClient(env: Record<string, string>, args: readonly string[]): ExecStreams {
  const child = new Deno.Command("docker", {
    args: [...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = child.stdout.getReader();
  const stdin = child.stdin.getWriter();
  // Its failures are told by each write.
  stdin.closed.catch(() => {});
  const said = createTail();
  const listening = (async () => {
    for await (const piece of child.stderr) said.add(piece);
  })().catch(() => {});
  return {
    async read() {
      const { value } = await stdout.read();
      // The last words on stderr say why it ended.
      if (value === undefined) await listening;
      return value;
    },
    write: (bytes) => stdin.write(bytes),
    closeWrite: () => stdin.close(),
    stderr: said.text,
    exit: async () => (await child.status).code,
    async close() {
      await stdin.abort().catch(() => {});
      await stdout.cancel().catch(() => {});
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await Promise.all([child.status, listening]);
    },
  };
}

type Request = { path: string; body?: unknown; upgrade?: true };

/** One question and its whole answer, head and body. */
async function ask(socket: string, request: Request): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  await writeAll(connection, formatRequest(request));
  const buffer = new Uint8Array(MAX_ANSWER);
  let filled = 0;
  while (filled < buffer.length) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return new TextDecoder().decode(buffer.subarray(0, filled));
}

function formatRequest({ path, body, upgrade }: Request): Uint8Array {
  const encoder = new TextEncoder();
  const payload = encoder.encode(body === undefined ? "" : JSON.stringify(body));
  const head = [
    `${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1`,
    "Host: docker",
    ...(upgrade ? ["Connection: Upgrade", "Upgrade: tcp"] : ["Connection: close"]),
    ...(body === undefined ? [] : ["Content-Type: application/json"]),
    `Content-Length: ${payload.length}`,
  ].join("\r\n");
  return new Uint8Array([...encoder.encode(`${head}\r\n\r\n`), ...payload]);
}

function createTail(): { add(bytes: Uint8Array): void; text(): string } {
  let text = "";
  const decoder = new TextDecoder();
  return {
    add(bytes) {
      text = (text + decoder.decode(bytes, { stream: true })).slice(-MAX_STDERR);
    },
    text: () => text,
  };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
