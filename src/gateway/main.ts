import process from "node:process";
import type { GatewayMessage } from "../policy/protocol.ts";
import { findVersion, type HostLine, readHostLines } from "./control.ts";
import { type Gateway, StartError, startGateway } from "./gateway.ts";

/** Our own fault, as everywhere in sandcage. */
const EXIT_BUG = 70;
const EXIT_FAILED = 1;
/** Time for the last events to leave, in milliseconds. */
const FAREWELL_MS = 250;

let gateway: Gateway | undefined;
let isEnding = false;

process.on("uncaughtException", failClosed);
process.on("unhandledRejection", failClosed);
process.on("SIGTERM", () => end(0));
process.on("SIGINT", () => end(0));
// The host is gone: so are we.
process.stdout.on("error", () => process.exit(0));

for await (const line of readHostLines(process.stdin)) {
  // Messages are taken in order, but none waits for a policy to be compiled except the start.
  if (gateway === undefined) await start(line);
  else take(line, gateway);
}
end(0);

async function start(line: HostLine): Promise<void> {
  if (line.kind === "malformed") return fail(line.problem);
  if (line.message.type !== "start") return fail("The first message is not start");
  const { settings, policy } = line.message;
  try {
    gateway = await startGateway({ settings, policy, send });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    fail(error.message);
  }
}

function take(line: HostLine, running: Gateway): void {
  if (line.kind === "malformed") {
    send({ type: "rejected", version: line.version, problems: [line.problem] });
    return;
  }
  const { message } = line;
  switch (message.type) {
    case "start":
      send({
        type: "rejected",
        version: findVersion(message.policy),
        problems: ["It runs already"],
      });
      break;
    case "policy":
      void running.applyPolicy(message.policy, findVersion(message.policy));
      break;
    case "audit-written":
      running.confirmAudit(message.sequence);
      break;
    case "audit-failed":
      running.failAudit();
      break;
    default:
      message satisfies never;
  }
}

function send(message: GatewayMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function fail(reason: string): void {
  send({ type: "failed", reason });
  end(EXIT_FAILED);
}

/** Ends every connection, then the process; the last events get a moment to leave. */
function end(code: number): void {
  if (isEnding) return;
  isEnding = true;
  setTimeout(() => process.exit(code), FAREWELL_MS);
  gateway?.close();
  setImmediate(() => {
    gateway?.flush();
    process.stdout.write("", () => process.exit(code));
  });
}

/** Nothing is known about the state any more: no traffic may pass. */
function failClosed(error: unknown): void {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  process.stderr.write(`sandcage-gateway: ${text}\n`);
  process.exit(EXIT_BUG);
}
