#!/opt/cage/node/bin/node
// cage-wait: waits for the next message from outside and prints it.
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fail, findBox, openBox, print, readOrdinary, send } from "./box.mjs";

const USAGE = `Usage: cage-wait [--timeout SECONDS]

Waits for the next message and prints it as one line of JSON. Each message is printed once.
When none comes in time (7200 seconds by default), tells so outside with going_idle.

Ends with 0 when it printed a message, 124 when none came, 2 for a wrong command line, 1 when the
mailbox cannot be read. When it was cut off before, nothing is lost: run it again.`;

const TIMEOUT_S = 7200;
// A change in the folder wakes it up at once; where nothing tells of changes, this does.
const LOOK_MS = 1000;
// A message that another container was showing is free again after this.
const ELSEWHERE_MS = 30_000;
const MOST_BYTES = 2_097_152;

function parseArgs(args) {
  if (args.includes("--help") || args.includes("-h")) {
    print(`${USAGE}\n`);
    process.exit(0);
  }
  if (args.length === 0) return TIMEOUT_S;
  const [flag, value, ...more] = args[0].startsWith("--timeout=")
    ? ["--timeout", args[0].slice("--timeout=".length), ...args.slice(1)]
    : args;
  if (flag !== "--timeout" || more.length > 0 || !/^\d+(\.\d+)?$/.test(value ?? "")) {
    fail("cage-wait: it takes --timeout SECONDS and nothing else\nRun: cage-wait --help", {
      code: 2,
    });
  }
  return Number(value);
}

// When a process began, in ticks: an id that is used again is another process.
function findStart(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

const OWN = `${hostname()}.${process.pid}.${findStart(process.pid)}--`;

// Gives back what somebody was about to show who is gone.
function releaseDead(box) {
  for (const name of fs.readdirSync(box.cursor)) {
    const claim = /^(.+)\.(\d+)\.(\d+)--(.+)$/.exec(name);
    if (claim === null) continue;
    const [, host, pid, start, message] = claim;
    if (host === hostname()) {
      if (findStart(pid) === start) continue;
    } else {
      const stat = fs.lstatSync(join(box.cursor, name), { throwIfNoEntry: false });
      if (stat === undefined || Date.now() - stat.ctimeMs < ELSEWHERE_MS) continue;
    }
    move(join(box.cursor, name), join(box.inbox, message));
  }
}

// Whether it was there to be moved: of several that try, one moves it.
function move(from, to) {
  try {
    fs.renameSync(from, to);
    return true;
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

// Takes the next message and prints it; false when there is none.
function showNext(box) {
  releaseDead(box);
  const names = fs.readdirSync(box.inbox).filter((name) => /^[^.].*\.json$/.test(name)).sort();
  for (const name of names) {
    const claim = join(box.cursor, OWN + name);
    if (!move(join(box.inbox, name), claim)) continue;
    let line;
    try {
      line = JSON.stringify(JSON.parse(readOrdinary(claim, MOST_BYTES).toString("utf8")));
    } catch (error) {
      print(`cage-wait: ${name} is no message and was put aside: ${error.message}\n`, 2);
      move(claim, join(box.bad, name));
      continue;
    }
    try {
      print(line + "\n");
    } catch (error) {
      move(claim, join(box.inbox, name));
      fail(`cage-wait: cannot print: ${error.message}`, { code: 1 });
    }
    // From here on it counts as seen; a cut before this line shows it again.
    move(claim, join(box.read, name));
    return true;
  }
  return false;
}

function main(args) {
  const seconds = parseArgs(args);
  const box = openBox(findBox());
  const endMs = performance.now() + seconds * 1000;
  const look = () => {
    try {
      if (showNext(box)) process.exit(0);
      if (performance.now() < endMs) return;
      const reason = `no message came within ${seconds} seconds`;
      send(box, { type: "going_idle", payload: { reason, waited_seconds: seconds } });
      fail(`cage-wait: ${reason}; this was told outside`, { code: 124 });
    } catch (error) {
      fail(`cage-wait: ${error.message}`, { code: 1 });
    }
  };
  look();
  try {
    fs.watch(box.inbox, look).on("error", () => {});
  } catch {
    // No more watches to be had: looking from time to time does as well.
  }
  setInterval(look, LOOK_MS);
  setTimeout(look, Math.min(seconds * 1000, 2 ** 31 - 1) + 1);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail(`cage-wait: ${error.message}`, { code: 1 });
}
