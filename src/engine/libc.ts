import { constants, fstatSync, openSync } from "node:fs";

/** An open pipe or socket. */
export type PolledFile = { fd: number; kind: "pipe" | "socket" };

/** Calls of the C library of Linux. A call that would wait answers `-1`, as one that fails does. */
export type Libc = {
  /** Connects to a socket; `undefined` when that fails. */
  connect(path: string): PolledFile | undefined;
  /** How many bytes came; 0 at the end. */
  read(file: PolledFile, buffer: Uint8Array): number;
  /** How many bytes were taken. */
  write(file: PolledFile, bytes: Uint8Array): number;
  /** Says that nothing more comes. */
  closeWrite(socket: PolledFile): void;
  close(fd: number): void;
  /** After a `-1`: it would have waited, and may be tried again. */
  isTransient(): boolean;
  /** poll(2) on a table of its structures, in this thread. */
  poll(table: Uint8Array, timeoutMs: number): number;
  /** The same in a thread of its own, without a limit. */
  pollBeside(table: Uint8Array): Promise<number>;
  /** Makes a file that is readable between {@link ring} and {@link quiet}. */
  openBell(): number;
  ring(bell: number): void;
  quiet(bell: number): void;
  /** As `indexOf` of an array, an order of magnitude faster in a long one. */
  find(bytes: Uint8Array, byte: number, from: number): number;
};

/** Size of a structure of poll(2). */
export const POLL_ENTRY = 8;

const SYMBOLS = {
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  pollBeside: {
    name: "poll",
    parameters: ["buffer", "u64", "i32"],
    result: "i32",
    nonblocking: true,
  },
  // Counts are below 2³¹: the lower half of the results says all.
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  memchr: { parameters: ["buffer", "i32", "usize"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

// The same on x86_64 and arm64: asm-generic of Linux.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const CLOSE_ON_EXEC = 0o2000000;
const NO_WAIT = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const EINTR = 4;
const EAGAIN = 11;

/** Bytes of the name in an address of a socket, its closing zero included. */
const MAX_SOCKET_PATH = 108;

/** From here on a call of the library is faster than a loop here. */
const FIND_FROM = 512;

/** Opens the library; `undefined` where there is none that is known. */
export function openLibc(): Libc | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return planCalls(Deno.dlopen("libc.so.6", SYMBOLS).symbols);
  } catch {
    return undefined;
  }
}

/**
 * Opens a file that this process has, to read or write it without waiting; `undefined` for what is
 * neither pipe nor socket. A pipe is opened anew: its mode is shared with other processes.
 */
export function openOwn(fd: number, mode: "read" | "write"): PolledFile | undefined {
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket()) return { fd, kind: "socket" };
    if (!stat.isFIFO()) return undefined;
    const way = mode === "read" ? constants.O_RDONLY : constants.O_WRONLY;
    return { fd: openSync(`/proc/self/fd/${fd}`, way | constants.O_NONBLOCK), kind: "pipe" };
  } catch {
    return undefined;
  }
}

function planCalls(calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>): Libc {
  const one = new Uint8Array(new BigUint64Array([1n]).buffer);
  const count = new Uint8Array(8);
  const entries = (table: Uint8Array) => BigInt(table.length / POLL_ENTRY);
  return {
    connect(path) {
      const name = new TextEncoder().encode(path);
      if (name.length >= MAX_SOCKET_PATH) return undefined;
      const address = new Uint8Array(2 + MAX_SOCKET_PATH);
      new Uint16Array(address.buffer)[0] = AF_UNIX;
      address.set(name, 2);
      const fd = calls.socket(AF_UNIX, SOCK_STREAM | CLOSE_ON_EXEC, 0);
      if (fd < 0) return undefined;
      if (calls.connect(fd, address, address.length) === 0) return { fd, kind: "socket" };
      calls.close(fd);
      return undefined;
    },
    read: ({ fd, kind }, buffer) =>
      kind === "pipe"
        ? calls.read(fd, buffer, BigInt(buffer.length))
        : calls.recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT),
    write: ({ fd, kind }, bytes) =>
      kind === "pipe"
        ? calls.write(fd, bytes, BigInt(bytes.length))
        : calls.send(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL),
    closeWrite: ({ fd }) => void calls.shutdown(fd, SHUT_WR),
    close: (fd) => void calls.close(fd),
    isTransient() {
      const errno = new Deno.UnsafePointerView(calls.__errno_location()!).getInt32();
      return errno === EAGAIN || errno === EINTR;
    },
    poll: (table, timeoutMs) => calls.poll(table, entries(table), timeoutMs),
    pollBeside: (table) => calls.pollBeside(table, entries(table), -1),
    openBell: () => calls.eventfd(0, CLOSE_ON_EXEC | NO_WAIT),
    ring: (bell) => void calls.write(bell, one, 8n),
    quiet: (bell) => void calls.read(bell, count, 8n),
    find(bytes, byte, from) {
      if (bytes.length - from < FIND_FROM) return bytes.indexOf(byte, from);
      const rest = bytes.subarray(from);
      const at = calls.memchr(rest, byte, BigInt(rest.length));
      if (at === null) return -1;
      return from + Number(
        Deno.UnsafePointer.value(at) - Deno.UnsafePointer.value(Deno.UnsafePointer.of(rest)),
      );
    },
  };
}
