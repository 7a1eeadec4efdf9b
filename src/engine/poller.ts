import { type Libc, openLibc, openOwn, POLL_ENTRY, type PolledFile } from "./libc.ts";

/** One end of a conversation that goes through a {@link Poller}. */
export type PolledStream = {
  /** Reads some bytes; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes all of them; answers nothing when that is done already. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Says that nothing more comes. Of a socket. */
  closeWrite(): Promise<void>;
  close(): void;
};

/**
 * Waits for several pipes and sockets in the thread of the program, as long as they are busy.
 *
 * The runtime waits for a pipe in another thread, and for a socket in its event loop: each message
 * wakes two threads or runs through the loop before it is read. Here a message costs a poll, a read
 * and a write. Timers, signals and everything else of the event loop wait meanwhile, for
 * {@link TURN_MS} at most; when nothing comes for {@link BUSY_MS}, the wait moves to another thread.
 */
export type Poller = {
  /** A file this process was given; `undefined` when it is neither pipe nor socket. */
  openOwn(fd: number, mode: "read" | "write"): PolledStream | undefined;
  /** @throws {Error} If nobody listens there. */
  connect(path: string): PolledStream;
  /** As `indexOf` of an array, an order of magnitude faster in a long one. */
  find: Libc["find"];
  /** Lets go of all files. Nothing may be read or written any more. */
  close(): void;
};

/** How long the program's own thread waits for the next bytes, in milliseconds. */
const BUSY_MS = 2;

/** How long the event loop stands still at most, in milliseconds. */
const TURN_MS = 10;

/** Files of one poller, each way: two of both, and some. */
const SLOTS = 8;

/**
 * How often in a row a call fails before it is believed. `errno` is asked for by a call of its own,
 * and the runtime may have failed at something in between.
 */
const TRIES = 2;

const POLLIN = 0x001;
const POLLOUT = 0x004;

/** Nothing is waited for in such an entry. */
const UNUSED = -1;

/** Makes a poller; `undefined` on other systems than Linux. */
export function openPoller(): Poller | undefined {
  const libc = openLibc();
  return libc === undefined ? undefined : createPoller(libc);
}

function createPoller(libc: Libc): Poller {
  const nowMs = () => performance.now();
  const bell = libc.openBell();
  const table = new Uint8Array((SLOTS + 1) * POLL_ENTRY);
  const fds = new Int32Array(table.buffer);
  const events = new Int16Array(table.buffer);
  const wakers: (() => void)[] = [];
  const opened = new Set<PolledStream>();
  let waiting = 0;
  // Who reads goes on with what it read: when as many wait as there are sources, nobody is at work.
  let sources = 0;
  let turnAt = nowMs() + TURN_MS;
  let isBeside = false;
  let isPlanned = false;
  let isClosed = false;
  for (let slot = 0; slot <= SLOTS; slot++) fds[slot * 2] = UNUSED;

  /** Wakes who can go on; answers how many. */
  const poll = (timeoutMs: number): number => {
    if (libc.poll(table, timeoutMs) <= 0) return 0;
    let woken = 0;
    for (let slot = 0; slot < wakers.length; slot++) {
      if (fds[slot * 2] === UNUSED || events[slot * 4 + 3] === 0) continue;
      fds[slot * 2] = UNUSED;
      waiting--;
      woken++;
      wakers[slot]!();
    }
    // Who was woken may be away for long.
    if (waiting > 0) plan();
    return woken;
  };
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      if (waiting > 0 && !isBeside && !isClosed) waitBeside();
    });
  };
  const waitBeside = async () => {
    isBeside = true;
    const copy = table.slice();
    new Int32Array(copy.buffer)[SLOTS * 2] = bell;
    new Int16Array(copy.buffer)[SLOTS * 4 + 2] = POLLIN;
    await libc.pollBeside(copy);
    libc.quiet(bell);
    isBeside = false;
    turnAt = nowMs() + TURN_MS;
    if (isClosed) libc.close(bell);
    else if (waiting > 0 && poll(0) === 0) turn();
  };
  const turn = () => {
    // What that thread waits for has changed.
    if (isBeside) return libc.ring(bell);
    if (waiting >= sources) {
      if (nowMs() < turnAt && poll(BUSY_MS) > 0) return;
      waitBeside();
      // Others are at work, and mostly come to wait before this does.
    } else plan();
  };
  const openSlot = (fd: number, event: number) => {
    const slot = wakers.length;
    if (slot === SLOTS) throw new Error("A poller has no room for another file");
    wakers.push(() => {});
    events[slot * 4 + 2] = event;
    return {
      /** Never resolves once the file is closed. */
      wait: () =>
        new Promise<void>((resolve) => {
          wakers[slot] = resolve;
          fds[slot * 2] = fd;
          waiting++;
          turn();
        }),
      forget() {
        if (fds[slot * 2] === UNUSED) return;
        fds[slot * 2] = UNUSED;
        waiting--;
      },
    };
  };
  const open = (
    file: PolledFile,
    { reads, owns }: { reads: boolean; owns: boolean },
  ): PolledStream => {
    const readable = openSlot(file.fd, POLLIN);
    const writable = openSlot(file.fd, POLLOUT);
    let isOpen = true;
    let isSource = reads;
    if (isSource) sources++;
    const end = () => {
      if (isSource) sources--;
      isSource = false;
      if (waiting > 0) plan();
    };
    const attempt = (bytes: Uint8Array): number => {
      for (let tries = 0; isOpen && tries < TRIES; tries++) {
        const count = libc.write(file, bytes);
        if (count >= 0) return count;
        if (libc.isTransient()) return 0;
      }
      throw new Deno.errors.BrokenPipe("Nobody takes it any more");
    };
    const writeRest = async (bytes: Uint8Array, from: number) => {
      for (let at = from; at < bytes.length;) {
        await writable.wait();
        at += attempt(bytes.subarray(at));
      }
    };
    const stream: PolledStream = {
      async read(buffer) {
        for (let failures = 0; isSource;) {
          await readable.wait();
          const count = libc.read(file, buffer);
          if (count > 0) return count;
          if (count < 0 && (libc.isTransient() || ++failures < TRIES)) continue;
          end();
          if (count < 0) throw new Deno.errors.ConnectionReset("It cannot be read any more");
        }
        return null;
      },
      write(bytes) {
        try {
          const done = attempt(bytes);
          return done === bytes.length ? undefined : writeRest(bytes, done);
        } catch (error) {
          return Promise.reject(error);
        }
      },
      closeWrite() {
        if (isOpen) libc.closeWrite(file);
        return Promise.resolve();
      },
      close() {
        if (!isOpen) return;
        isOpen = false;
        readable.forget();
        writable.forget();
        end();
        if (owns) libc.close(file.fd);
        opened.delete(stream);
      },
    };
    opened.add(stream);
    return stream;
  };
  return {
    openOwn(fd, mode) {
      const file = openOwn(fd, mode);
      return file && open(file, { reads: mode === "read", owns: file.fd !== fd });
    },
    connect(path) {
      const file = libc.connect(path);
      if (file === undefined) throw new Deno.errors.ConnectionRefused(`Cannot connect to ${path}`);
      return open(file, { reads: true, owns: true });
    },
    find: libc.find,
    close() {
      if (isClosed) return;
      isClosed = true;
      for (const stream of [...opened]) stream.close();
      if (isBeside) libc.ring(bell);
      else libc.close(bell);
    },
  };
}
