#!/opt/cage/node/bin/node
// The far end of the mailbox: JSON lines over stdio, for as long as stdin is open.
//   out: hello {protocol} · message {name, text} · bad {name, why} · idle · delivered {seq, was}
//        · failed {why}
//   in:  taken {names} · refused {name} · deliver {seq, id, text} · look
import * as fs from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openBox, print, readOrdinary, syncDir, writeWhole } from "./box.mjs";
import { LIMITS } from "./envelope.mjs";

const PROTOCOL = 1;
// What is on its way and not yet taken.
const WINDOW = { messages: 512, bytes: 4_194_304 };
const LOOK_MS = 2000;
// Left over by a sender that was killed.
const STALE_MS = 3_600_000;

const text = new TextDecoder("utf-8", { fatal: true });

function say(kind, more = {}) {
  print(JSON.stringify({ kind, ...more }) + "\n");
}

function serve(root) {
  const box = openBox(root);
  const sent = new Map();
  const ignored = new Set();
  let sentBytes = 0;
  let waiting = [];
  let asked = false;

  const pathOf = (name) =>
    Buffer.concat([Buffer.from(`${box.outbox}/`), Buffer.from(name, "latin1")]);

  function list() {
    const names = fs.readdirSync(box.outbox, { encoding: "buffer" })
      .map((name) => name.toString("latin1"))
      .filter((name) => name !== "bad" && !sent.has(name) && !ignored.has(name));
    for (const name of names) if (name.startsWith(".")) removeStale(name);
    return names.filter((name) => !name.startsWith(".")).sort().reverse();
  }

  function removeStale(name) {
    const stat = fs.lstatSync(pathOf(name), { throwIfNoEntry: false });
    if (stat?.isFile() && Date.now() - stat.mtimeMs > STALE_MS) {
      fs.rmSync(pathOf(name), { force: true });
    }
  }

  function putAside(name) {
    for (const end of ["", `.${Date.now()}`]) {
      try {
        const to = Buffer.concat([Buffer.from(`${box.bad}/`), Buffer.from(name + end, "latin1")]);
        // A rename would replace what was put aside before it.
        if (end === "" && fs.lstatSync(to, { throwIfNoEntry: false }) !== undefined) continue;
        fs.renameSync(pathOf(name), to);
        return;
      } catch (error) {
        if (error.code === "ENOENT") return;
      }
    }
    ignored.add(name);
  }

  function sendOne(name) {
    let bytes;
    try {
      if (!/^[\w.-]{1,200}\.json$/.test(name)) throw new Error("no message has such a name");
      bytes = readOrdinary(pathOf(name), LIMITS.messageBytes);
      say("message", { name, text: text.decode(bytes) });
    } catch (error) {
      if (error.code === "ENOENT") return;
      const why = error.code === "ELOOP"
        ? "it is a link"
        : error.code === "ERR_ENCODING_INVALID_ENCODED_DATA"
        ? "it is no UTF-8"
        : error.message;
      putAside(name);
      return say("bad", { name: name.slice(0, 200), why });
    }
    sent.set(name, bytes.length);
    sentBytes += bytes.length;
  }

  function look() {
    if (waiting.length === 0) waiting = list();
    while (waiting.length > 0 && sent.size < WINDOW.messages && sentBytes < WINDOW.bytes) {
      sendOne(waiting.pop());
      if (waiting.length === 0) waiting = list();
    }
    if (asked && sent.size === 0 && waiting.length === 0) {
      asked = false;
      say("idle");
    }
  }

  function settle(name, act) {
    if (!sent.has(name)) return;
    sentBytes -= sent.get(name);
    sent.delete(name);
    act(name);
  }

  function deliver({ seq, id, text: body }) {
    const name = `${String(seq).padStart(10, "0")}-${id}.json`;
    const isThere = [box.inbox, box.read].some((dir) => fs.existsSync(join(dir, name))) ||
      fs.readdirSync(box.cursor).some((claim) => claim.endsWith(`--${name}`));
    if (!isThere) writeWhole(join(box.inbox, name), body);
    say("delivered", { seq, was: isThere ? "there" : "new" });
  }

  function hear(line) {
    const order = JSON.parse(line);
    if (order.kind === "taken") {
      for (const name of order.names) {
        settle(name, (one) => fs.rmSync(pathOf(one), { force: true }));
      }
      syncDir(box.outbox);
    } else if (order.kind === "refused") settle(order.name, putAside);
    else if (order.kind === "deliver") deliver(order);
    else if (order.kind === "look") {
      asked = true;
      // What came since the last list belongs to what was asked for.
      waiting = [];
    }
    look();
  }

  say("hello", { protocol: PROTOCOL });
  const guarded = (act) => (...args) => {
    try {
      act(...args);
    } catch (error) {
      fail(error);
    }
  };
  createInterface({ input: process.stdin }).on("line", guarded(hear)).on(
    "close",
    () => process.exit(0),
  );
  try {
    fs.watch(box.outbox, guarded(look)).on("error", () => {});
  } catch {
    // No more watches to be had: looking from time to time does as well.
  }
  setInterval(guarded(look), LOOK_MS);
  look();
}

function fail(error) {
  say("failed", { why: error.message });
  process.exit(1);
}

try {
  serve(process.argv[2]);
} catch (error) {
  fail(error);
}
