import type { KnownItem } from "../tree/dir_digest.ts";
import type { TreeItem, TreeProblem } from "../tree/entry.ts";
import {
  batchRows,
  type ChangeAnswer,
  type ChangeRow,
  type CourierRequest,
  createDataPacker,
  type Frame,
  type ScanRow,
} from "../tree/frames.ts";
import type { RuleSource } from "../tree/rules.ts";
import type { CourierCage } from "./courier_container.ts";
import { type CourierLink, openCourierLink } from "./courier_link.ts";
import type { Checkpoint, Courier, Expected } from "./types.ts";

/** Characters of a row that is sent, besides its path. */
const ROW_CHARS = 120;

/**
 * The way to the files of a copy cage. Nothing is started before the first call. Calls that follow
 * each other share one program inside; calls at the same time have one each.
 *
 * @param options.signal Ends what is under way, which rejects with its reason.
 * @param options.begins Starts the program of the first call at once, for a caller who has something
 * else to do until then. Defaults to false.
 */
export function openCourier(
  cage: CourierCage,
  options: { signal?: AbortSignal | undefined; begins?: boolean } = {},
): Promise<Courier> {
  const pool = createPool(cage, options);
  const ask = (request: CourierRequest, input: Input = {}) => converse(pool, request, input);
  return Promise.resolve({
    async *scan(root, rules, { onClock } = {}) {
      const lists = [batchRows(rules, sizeOfRule)];
      for await (const frame of ask({ op: "scan", root }, { lists })) {
        if (frame.kind === "list") yield frame.value as TreeItem[];
        else if (frame.kind === "done") onClock?.(Number(frame.value));
      }
    },
    async *scanKnown(root, rules, { known, onClock }) {
      const rows: ScanRow[] = [...rules, ...known.map(([dir, digest]) => ({ dir, digest }))];
      const lists = [batchRows(rows, sizeOfScanRow)];
      for await (const frame of ask({ op: "scan", root }, { lists })) {
        if (frame.kind === "list") yield frame.value as KnownItem[];
        else if (frame.kind === "done") onClock?.(Number(frame.value));
      }
    },
    async hash(root, paths) {
      const known = new Map<string, string>();
      for await (
        const frame of ask({ op: "hash", root }, { lists: [batchRows(paths, sizeOfPath)] })
      ) {
        if (frame.kind !== "list") continue;
        for (const [path, sha256] of frame.value as [string, string][]) known.set(path, sha256);
      }
      return known;
    },
    async *read(root, paths, { onProblem } = {}) {
      for await (
        const frame of ask({ op: "read", root }, { lists: [batchRows(paths, sizeOfPath)] })
      ) {
        if (frame.kind === "data") yield frame.bytes;
        else if (frame.kind === "list") {
          (frame.value as TreeProblem[]).forEach((one) => onProblem?.(one));
        }
      }
    },
    async *repositories(root, { onCount } = {}) {
      for await (const frame of ask({ op: "repositories", root })) {
        if (frame.kind === "data") yield frame.bytes.slice();
        else if (frame.kind === "done") {
          onCount?.((frame.value as { repositories: number }).repositories);
        }
      }
    },
    async fill(root, tar) {
      await drain(ask({ op: "fill", root }, { data: tar }));
    },
    async change(root, { tar, removes, expected }) {
      const rows = [
        ...removes.map((remove): ChangeRow<Expected> => ({ remove })),
        ...expected.map((expect): ChangeRow<Expected> => ({ expect })),
      ];
      const result = { changed: [] as string[], refusedLinks: [] as string[] };
      const lists = [batchRows(rows, sizeOfChangeRow)];
      for await (const frame of ask({ op: "change", root }, { lists, data: tar })) {
        if (frame.kind !== "list") continue;
        for (const row of frame.value as ChangeAnswer[]) {
          if ("changed" in row) result.changed.push(row.changed);
          else result.refusedLinks.push(row.refusedLink);
        }
      }
      return result;
    },
    async remove(root, paths) {
      await drain(ask({ op: "remove", root }, { lists: [batchRows(paths, sizeOfPath)] }));
    },
    checkpoint: async (name) => await drain(ask({ op: "checkpoint", name })) as Checkpoint,
    checkpoints: async () => await drain(ask({ op: "checkpoints" })) as Checkpoint[],
    async restore(name) {
      await drain(ask({ op: "restore", name }));
    },
    async forgetCheckpoint(name) {
      await drain(ask({ op: "forget", name }));
    },
    [Symbol.asyncDispose]: () => pool.close(),
  });
}

/** What follows a request. */
type Input = {
  lists?: Iterable<readonly unknown[]>[];
  data?: AsyncIterable<Uint8Array>;
};

/** Sends a request and gives the frames of its answer; the last one is `done`. */
async function* converse(
  pool: Pool,
  request: CourierRequest,
  input: Input,
): AsyncGenerator<Frame> {
  const link = await pool.take();
  let sending: Promise<void> | undefined;
  let isClean = false;
  try {
    // Listening from the start: a courier that gives up says why, and takes no more.
    let first: Promise<Frame> | undefined = link.next();
    first.catch(() => {});
    sending = send(link, request, input);
    sending.catch(() => {});
    await Promise.race([sending, first]);
    await sending;
    for (;;) {
      const frame: Frame = await (first ?? link.next());
      first = undefined;
      isClean = frame.kind === "done";
      yield frame;
      if (isClean) return;
    }
  } catch (error) {
    pool.signal?.throwIfAborted();
    throw error;
  } finally {
    if (isClean) pool.giveBack(link);
    else await pool.drop(link);
    await sending?.catch(() => {});
  }
}

async function send(link: CourierLink, request: CourierRequest, input: Input): Promise<void> {
  await link.send("request", request);
  for (const list of input.lists ?? []) {
    for (const batch of list) await link.send("list", batch);
  }
  const packer = createDataPacker();
  for await (const bytes of input.data ?? []) {
    for (const frame of packer.add(bytes)) await link.sendBytes(frame);
  }
  const rest = packer.rest();
  if (rest !== undefined) await link.sendBytes(rest);
  await link.send("end", null);
}

/** The result of a request that answers with nothing else. */
async function drain(frames: AsyncIterable<Frame>): Promise<unknown> {
  for await (const frame of frames) {
    if (frame.kind === "done") return frame.value;
  }
  return undefined;
}

/** The programs inside that this process speaks to. */
type Pool = {
  signal: AbortSignal | undefined;
  take(): Promise<CourierLink>;
  giveBack(link: CourierLink): void;
  drop(link: CourierLink): Promise<void>;
  close(): Promise<void>;
};

function createPool(
  cage: CourierCage,
  { signal, begins = false }: { signal?: AbortSignal | undefined; begins?: boolean },
): Pool {
  let begun = begins ? openCourierLink(cage, { signal }) : undefined;
  // Whoever takes it is told.
  begun?.catch(() => {});
  const takeBegun = () => {
    const link = begun;
    begun = undefined;
    return link;
  };
  const links = new Set<CourierLink>();
  const idle: CourierLink[] = [];
  let isClosed = false;
  const drop = async (link: CourierLink) => {
    links.delete(link);
    await link.close();
  };
  const closeAll = async () => {
    idle.length = 0;
    await Promise.all([...links].map(drop));
  };
  const onAbort = () => void closeAll();
  signal?.addEventListener("abort", onAbort);
  return {
    signal,
    async take() {
      signal?.throwIfAborted();
      const link = idle.pop() ?? await (takeBegun() ?? openCourierLink(cage, { signal }));
      links.add(link);
      if (isClosed || signal?.aborted) {
        await drop(link);
        signal?.throwIfAborted();
        throw new Error(`The courier of cage ${cage.id} was let go`);
      }
      return link;
    },
    giveBack(link) {
      if (links.has(link)) idle.push(link);
    },
    drop,
    async close() {
      isClosed = true;
      signal?.removeEventListener("abort", onAbort);
      await takeBegun()?.then((link) => link.close(), () => {});
      await closeAll();
    },
  };
}

function sizeOfPath(path: string): number {
  return path.length + ROW_CHARS;
}

function sizeOfScanRow(row: ScanRow): number {
  return "dir" in row ? row.dir.length + ROW_CHARS : sizeOfRule(row);
}

function sizeOfRule({ base, text, origin }: RuleSource): number {
  return base.length + text.length + origin.length + ROW_CHARS;
}

function sizeOfChangeRow(row: ChangeRow<Expected>): number {
  return ("remove" in row ? row.remove.length : row.expect.path.length) + ROW_CHARS;
}
