import { findSocket } from "./attach.ts";
import type { Engine } from "./engine.ts";

/** How far back events are asked for, in seconds: nothing is missed between asking and answering. */
const BACK_S = 1;

/** Longest pieces of answers that are put together, in bytes. */
const CHUNK = 16_384;

/**
 * Waits until the engine has started a container of that name, which need not exist yet. Over a
 * socket of this machine the engine is asked within this process.
 *
 * @returns Whether it has started; `false` when `signal` is aborted, or the engine cannot say.
 * @see {@link https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemEvents}
 */
export async function waitForStart(
  engine: Pick<Engine, "url" | "composeCommand">,
  options: { container: string; signal: AbortSignal },
): Promise<boolean> {
  const { container, signal } = options;
  const since = Math.floor(Date.now() / 1000) - BACK_S;
  const socket = findSocket(engine.url);
  try {
    return socket === undefined
      ? await waitByClient(engine, { container, signal, since })
      : await waitByApi(socket, { container, signal, since });
  } catch {
    // The session tells what is wrong with an engine.
    return false;
  }
}

type Wait = { container: string; signal: AbortSignal; since: number };

async function waitByApi(socket: string, { container, signal, since }: Wait): Promise<boolean> {
  if (signal.aborted) return false;
  const filters = JSON.stringify({ type: ["container"], event: ["start"], container: [container] });
  const query = `since=${since}&filters=${encodeURIComponent(filters)}`;
  const connection = await Deno.connect({ transport: "unix", path: socket });
  const close = () => {
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    const request = `GET /events?${query} HTTP/1.1\r\nHost: docker\r\n\r\n`;
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(CHUNK);
    let text = "";
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return false;
      text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0 && !/^HTTP\/1\.[01] 200 /.test(text)) return false;
      // The engine also tells of containers whose names only begin so.
      if (text.includes(`"name":${JSON.stringify(container)}`)) return true;
    }
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

async function waitByClient(
  engine: Pick<Engine, "composeCommand">,
  { container, signal, since }: Wait,
): Promise<boolean> {
  const filters = ["type=container", "event=start", `container=${container}`];
  const child = new Deno.Command("docker", {
    args: [
      "events",
      ...["--since", String(since)],
      ...filters.flatMap((filter) => ["--filter", filter]),
      ...["--format", "{{.Actor.Attributes.name}}"],
    ],
    env: engine.composeCommand([]).env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    signal,
  }).spawn();
  let hasStarted = false;
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream())) {
    hasStarted = line.split("\n").includes(container);
    if (hasStarted) break;
  }
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended already.
  }
  await child.status;
  return hasStarted;
}
