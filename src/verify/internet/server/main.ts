/** The whole internet of a test in one container: name server, web servers, and every other address. */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Command, Event, Reply, Seen, ServerSettings } from "../types.ts";
import { type NameServer, startNameServer } from "./dns.ts";
import { startWeb } from "./web.ts";

type Wire = { sync(id: number): void };

const handled = new Set<string>();
const calls = new Map<number, (reply: Reply) => void>();
let names: NameServer | undefined;
let wire: Wire | undefined;

createInterface({ input: process.stdin })
  .on("line", (line) => {
    obey(JSON.parse(line) as Command).catch((error) => {
      log({ kind: "failed", reason: String(error?.stack ?? error) });
      process.exit(1);
    });
  })
  // Whoever started this is gone.
  .on("close", () => process.exit(0));

async function obey(command: Command): Promise<void> {
  switch (command.type) {
    case "start":
      return await start(command.settings);
    case "script":
      return names?.script(command.name, command.script);
    case "handle":
      return void handled.add(command.host);
    case "reply":
      calls.get(command.call)?.(command.reply);
      return void calls.delete(command.call);
    case "sync":
      return wire?.sync(command.id);
    default:
      return command satisfies never;
  }
}

async function start(settings: ServerSettings): Promise<void> {
  wire = await startWire(settings);
  const started = await startNameServer(settings, log);
  names = started;
  await startWeb(settings, {
    log,
    serveNames: started.serve,
    call: (host, request) => handled.has(host) ? call(host, request) : undefined,
  });
  log({ kind: "ready" });
}

let callCount = 0;

/** Lets the test answer a request. */
function call(host: string, request: { seen: Seen; body: Buffer }): Promise<Reply> {
  const id = ++callCount;
  return new Promise((resolve) => {
    calls.set(id, resolve);
    log({ kind: "call", call: id, host, seen: request.seen, body: request.body.toString() });
  });
}

/** Starts the packet record; resolves when every address leads here. */
function startWire({ subnet, addresses }: ServerSettings): Promise<Wire> {
  const script = fileURLToPath(new URL("wire.py", import.meta.url));
  const child = spawn("python3", [script, subnet, ...Object.values(addresses)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => reject(new Error(`wire.py ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as Event;
      if (event.kind !== "routed") return log(event);
      resolve({
        sync: (id) => void child.stdin.write(`${JSON.stringify({ kind: "synced", id })}\n`),
      });
    });
  });
}

function log(event: Event): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
