// The mailbox: folders in which every message is one file, and moves by renaming alone.
//   outbox/       sent, not yet taken; outbox/bad/ what is no message
//   inbox/        delivered, not yet shown; inbox/read/ shown
//   cursor/       being shown: whoever does it has put its own name before the message's
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { LIMITS, makeMessage } from "./envelope.mjs";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;

// Where it is: below the home, except where homes are shared.
export function findBox(env = process.env) {
  return env.CAGE_MAIL || join(env.HOME || "/home/agent", ".cage");
}

export function openBox(root) {
  const box = {
    root,
    outbox: join(root, "outbox"),
    bad: join(root, "outbox", "bad"),
    inbox: join(root, "inbox"),
    read: join(root, "inbox", "read"),
    cursor: join(root, "cursor"),
  };
  for (const dir of Object.values(box)) fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  return box;
}

// Writes a file that is there whole or not at all, whatever is killed or loses power.
export function writeWhole(path, text) {
  const dir = dirname(path);
  const temporary = join(dir, `.${process.pid}-${randomBytes(8).toString("hex")}.tmp`);
  try {
    const file = fs.openSync(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
    try {
      fs.writeFileSync(file, text);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncDir(dir);
}

export function syncDir(dir) {
  const handle = fs.openSync(dir, O_RDONLY);
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

// Reads what must be an ordinary file; a link, a pipe or more bytes than allowed is refused.
export function readOrdinary(path, most) {
  const file = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(file);
    if (!stat.isFile()) throw new Error("it is no ordinary file");
    if (stat.size > most) throw new Error(`it is longer than ${most} bytes`);
    const bytes = Buffer.alloc(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const count = fs.readSync(file, bytes, filled, bytes.length - filled, filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    fs.closeSync(file);
  }
}

let sent = 0;

// Puts a message into the outbox. Names sort by the time they were sent at.
export function send(box, { type, payload }) {
  const message = makeMessage(type, payload);
  const text = JSON.stringify(message) + "\n";
  if (Buffer.byteLength(text) > LIMITS.messageBytes) {
    throw new Error(`the message is longer than ${LIMITS.messageBytes} bytes: send less of it`);
  }
  if (fs.readdirSync(box.outbox).length > LIMITS.messages) {
    throw new Error(`${LIMITS.messages} messages wait already: nobody takes them`);
  }
  const order = `${String(Date.now()).padStart(13, "0")}-${String(sent++).padStart(6, "0")}`;
  writeWhole(join(box.outbox, `${order}-${message.id}.json`), text);
  return message;
}

// Writes to stdout or stderr at once, also where it is a pipe that is full for a moment.
export function print(text, descriptor = 1) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(descriptor, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

// Says what is wrong and ends the program.
export function fail(problem, { code }) {
  print(`${problem}\n`, 2);
  process.exit(code);
}
