import * as fs from "node:fs";
import type { Streams } from "./link.ts";
import { findErrorCode } from "./refusal.ts";

const STDIN = 0;
const STDOUT = 1;
const PAUSE_MS = 1;

/** Standard input and output, read and written in place. */
export function openStreams(): Streams {
  const input = openBlocking(STDIN, fs.constants.O_RDONLY);
  const output = openBlocking(STDOUT, fs.constants.O_WRONLY);
  return {
    read: (buffer) => insist(() => fs.readSync(input, buffer)),
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += insist(() => fs.writeSync(output, bytes, at));
    },
  };
}

/** Engines hand over pipes that do not wait; the same pipe opened again does. */
function openBlocking(fd: number, flags: number): number {
  try {
    return fs.openSync(`/proc/self/fd/${fd}`, flags);
  } catch {
    // No pipe, or one of somebody else's: then it is asked again and again.
    return fd;
  }
}

function insist(act: () => number): number {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (findErrorCode(error) !== "EAGAIN") throw error;
      Atomics.wait(SLEEP, 0, 0, PAUSE_MS);
    }
  }
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4));
