import type { Engine } from "../engine/engine.ts";
import { EXIT } from "../errors.ts";
import type { Host } from "../host.ts";
import { INSIDE } from "../names.ts";
import { pause } from "../pause.ts";
import { planDeskAttach } from "./desk.ts";
import { findGoneClients, forgetClient, openDeskClient } from "./clients.ts";
import { planTerminalEnv } from "../cage/session_plan.ts";

/** How a terminal left a desk. */
export type DeskEnd =
  /** The person detached: everything goes on. */
  | { kind: "detached" }
  /** Its last pane was closed, or it was stopped while this terminal was attached. */
  | { kind: "ended" }
  /** This terminal was closed, or this process asked to end; the desk goes on. */
  | { kind: "left" }
  /** The client could not attach. */
  | { kind: "failed"; code: number };

/**
 * Attaches the terminal of this process to a desk until it leaves: by its own keys, with the desk's
 * end, or because the terminal is closed. Then its client inside is ended, which nobody else would:
 * the engine leaves it running, and the panes would keep its size.
 */
export async function attachDesk(
  desk: { container: string; cageId: string },
  options: {
    engine: Pick<Engine, "docker" | "composeCommand">;
    host: Pick<Host, "env" | "stateDir">;
    takeSignals(): Disposable;
  },
): Promise<DeskEnd> {
  const { engine, host, takeSignals } = options;
  const { container, cageId } = desk;
  await endGoneClients(desk, { engine, stateDir: host.stateDir });
  using _signals = takeSignals();
  await using client = await openDeskClient(host.stateDir, cageId);
  const { id } = client;
  const child = new Deno.Command("docker", {
    args: planDeskAttach(container, { id, env: planTerminalEnv(host.env, true) }),
    env: engine.composeCommand([]).env,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let leaving: Promise<void> | undefined;
  const leave = () => leaving ??= endClientInside(container, { engine, id });
  using _ending = onEnding(() => leave().finally(() => endChild(child)));
  const { code } = await child.status;
  if (code === EXIT.ok && leaving === undefined) {
    return await isOpen(container, engine) ? { kind: "detached" } : { kind: "ended" };
  }
  // The terminal's own end reaches the client before this process hears of it.
  await leave();
  if (!await isOpen(container, engine)) return { kind: "ended" };
  return code === EXIT.ok || code > SIGNALLED ? { kind: "left" } : { kind: "failed", code };
}

/** A process that was killed could not end its client inside, whose size the panes would keep. */
async function endGoneClients(
  desk: { container: string; cageId: string },
  options: { engine: Pick<Engine, "docker">; stateDir: string },
): Promise<void> {
  const { container, cageId } = desk;
  const { engine, stateDir } = options;
  for (const id of await findGoneClients(stateDir, cageId)) {
    await endClientInside(container, { engine, id });
    await forgetClient(stateDir, { cageId, id });
  }
}

/** Exit codes above it tell of a signal. */
const SIGNALLED = 128;

/**
 * A terminal that is closed says so twice, by its shell and by its end; the second time it may be the
 * one who tells the client inside that hears of it. Times in milliseconds.
 */
const LEAVE_TRIES = 3;
const LEAVE_PAUSE_MS = 200;
const LEAVE_MS = 5_000;

async function endClientInside(
  container: string,
  options: { engine: Pick<Engine, "docker">; id: string },
): Promise<void> {
  const { engine, id } = options;
  for (let tries = 0; tries < LEAVE_TRIES; tries++) {
    const told = await engine.docker(["exec", container, INSIDE.desk, "leave", id], {
      timeoutMs: LEAVE_MS,
    }).catch(() => undefined);
    if (told?.code === 0) return;
    await pause(LEAVE_PAUSE_MS);
  }
}

/** Typed interrupts are the desk's: the terminal passes them on as bytes. */
function onEnding(leave: () => void): Disposable {
  const names: Deno.Signal[] = Deno.build.os === "windows" ? [] : ["SIGHUP", "SIGTERM"];
  for (const name of names) Deno.addSignalListener(name, leave);
  return {
    [Symbol.dispose]() {
      for (const name of names) Deno.removeSignalListener(name, leave);
    },
  };
}

function endChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It ended with its client inside.
  }
}

async function isOpen(container: string, engine: Pick<Engine, "docker">): Promise<boolean> {
  return (await engine.docker(["exec", container, INSIDE.desk, "alive"])).code === 0;
}
