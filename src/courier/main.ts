import * as fs from "node:fs";
import process from "node:process";
import { type CourierFailure, FrameError } from "../tree/frames.ts";
import { TarRefused } from "../tree/tar_refused.ts";
import { readLeases, takeLease } from "./lease.ts";
import { createLink, CutError, type Streams } from "./link.ts";
import { nodeFs } from "./node_fs.ts";
import { ownVolumes } from "./own.ts";
import type { Places } from "./place.ts";
import { findErrorCode, Refusal } from "./refusal.ts";
import { serve } from "./serve.ts";
import { openStreams } from "./streams.ts";
import { waitForIdle } from "./wait.ts";

/** Where the volumes are mounted. */
const PLACES: Places = { work: "/work", checkpoints: "/checkpoints" };

/** Where running programs are noted: a tmpfs, which is empty when the container is new. */
const LEASE_DIR = "/run/courier";

/** How long the container stays without use, and how often that is looked at, in milliseconds. */
const IDLE_MS = 10 * 60_000;
const LOOK_MS = 15_000;

const EXIT_FAILED = 1;
const DRAIN_BYTES = 262_144;

// Modes are what was asked for, as they are in what is carried.
process.umask(0);

const [command, ...args] = process.argv.slice(2);
if (command === "serve") process.exitCode = answerAll();
else if (command === "wait") await waitForIdle(LEASE_DIR, { idleMs: IDLE_MS, nextLook });
else if (command === "own") ownVolumes(PLACES, { uid: Number(args[0]), gid: Number(args[1]) });
else process.exitCode = EXIT_FAILED;

function nextLook(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

function answerAll(): number {
  const lease = takeLease(LEASE_DIR);
  const streams = openStreams();
  const link = createLink(streams);
  try {
    const { tokens } = readLeases(LEASE_DIR);
    serve({
      link,
      fs: nodeFs(),
      places: PLACES,
      lease,
      isLive: (token) => tokens.has(token),
      canWrite,
    });
    return 0;
  } catch (error) {
    if (error instanceof CutError) return EXIT_FAILED;
    link.send("failed", formatFailure(error));
    drain(streams);
    return EXIT_FAILED;
  } finally {
    lease.release();
  }
}

/** Who is still sending gets to read why it was for nothing, and then lets go. */
function drain({ read }: Streams): void {
  const buffer = new Uint8Array(DRAIN_BYTES);
  while (read(buffer) > 0);
}

function formatFailure(error: unknown): CourierFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Refusal) return { code: "refused", message, hint: error.hint };
  const isRule = error instanceof FrameError || error instanceof TarRefused;
  return { code: findErrorCode(error) ?? (isRule ? "refused" : "failed"), message };
}

/** A new volume belongs to root where the engine did not take over whose the image's directory is. */
function canWrite(): boolean {
  try {
    for (const place of Object.values(PLACES)) fs.accessSync(place, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
