import { EXIT, UserError } from "../errors.ts";
import { concat } from "./bytes.ts";
import type { Process } from "./child.ts";
import type { Git } from "./git.ts";
import type { ObjectId } from "./types.ts";

/** Objects of a repository, read by one git that stays. */
export type Odb = AsyncDisposable & {
  /**
   * The bytes of objects, in the order asked for. One question at a time.
   *
   * @throws {UserError} If one is missing or of another kind.
   */
  read(ids: readonly ObjectId[], type: "commit" | "tree"): Promise<Uint8Array[]>;
};

/** Upper bound of a whole rewrite in milliseconds: a hundred thousand commits, not a hung disk. */
const READER_MS = 30 * 60_000;

/**
 * From so many objects on a git of their own is quicker: one that stays has to hand out each object
 * by itself, one that ends may hand out all at once (measured: 1,000 in 9 ms instead of 60).
 */
const OWN_READER = 64;

/** Opens the objects of a repository. */
export function openOdb(git: Git): Odb {
  let reader: Process | undefined;
  let answers: Answers | undefined;
  return {
    async read(ids, type) {
      if (ids.length === 0) return [];
      const stdin = new TextEncoder().encode(ids.join("\n") + "\n");
      if (ids.length >= OWN_READER) {
        const what = "Cannot read commits";
        const call = { what, stdin, timeoutMs: READER_MS };
        const all = await git.read(["cat-file", "--batch", "--buffer"], call);
        return await takeAll(createAnswers(git, once(all)), { git, ids, type });
      }
      reader ??= git.start(["cat-file", "--batch"], { timeoutMs: READER_MS });
      answers ??= createAnswers(git, reader.read);
      const asking = reader.write(stdin);
      // Told below: the reader has ended then.
      asking.catch(() => {});
      return await takeAll(answers, { git, ids, type });
    },
    async [Symbol.asyncDispose]() {
      await reader?.[Symbol.asyncDispose]();
    },
  };
}

function once(bytes: Uint8Array): () => Promise<Uint8Array | undefined> {
  let left: Uint8Array | undefined = bytes;
  return () => {
    const piece = left;
    left = undefined;
    return Promise.resolve(piece);
  };
}

async function takeAll(
  answers: Answers,
  { git, ids, type }: { git: Git; ids: readonly ObjectId[]; type: string },
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const id of ids) {
    const head = answers.line() ?? await answers.laterLine();
    const [, kind, size] = head.split(" ");
    if (kind !== type) {
      throw brokenError(git, `${id} is ${size === undefined ? "missing" : `a ${kind}`}`);
    }
    found.push(answers.body(Number(size)) ?? await answers.laterBody(Number(size)));
  }
  return found;
}

/** What git answers: lines, and bodies of a known size. `undefined` if it has not arrived yet. */
type Answers = {
  line(): string | undefined;
  laterLine(): Promise<string>;
  body(size: number): Uint8Array | undefined;
  laterBody(size: number): Promise<Uint8Array>;
};

function createAnswers(git: Git, more: () => Promise<Uint8Array | undefined>): Answers {
  const decoder = new TextDecoder();
  let rest: Uint8Array = new Uint8Array(0);
  const fill = async (least: number): Promise<void> => {
    const pieces = [rest];
    for (let held = rest.length; held < least;) {
      const piece = await more();
      if (piece === undefined) throw brokenError(git, "git ended before it had answered");
      pieces.push(piece);
      held += piece.length;
    }
    rest = concat(pieces);
  };
  const answers: Answers = {
    line() {
      const end = rest.indexOf(0x0a);
      if (end < 0) return undefined;
      const line = decoder.decode(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      return line;
    },
    async laterLine() {
      for (;;) {
        await fill(rest.length + 1);
        const line = answers.line();
        if (line !== undefined) return line;
      }
    },
    body(size) {
      // A newline follows it.
      if (rest.length <= size) return undefined;
      const body = rest.subarray(0, size);
      rest = rest.subarray(size + 1);
      return body;
    },
    async laterBody(size) {
      await fill(size + 1);
      return answers.body(size)!;
    },
  };
  return answers;
}

/**
 * The commits that `tip` has and `from` has not, parents before children.
 *
 * @throws {UserError} If git cannot list them.
 */
export async function listCommits(
  git: Git,
  range: { from: ObjectId; tip: ObjectId; only?: "first-parents" },
): Promise<ObjectId[]> {
  const only = range.only === undefined ? [] : ["--first-parent"];
  const args = ["rev-list", "--topo-order", "--reverse", ...only];
  const what = "Cannot list the commits to promote";
  const lines = await git.read([...args, range.tip, `^${range.from}`], { what });
  return new TextDecoder().decode(lines).split("\n").filter((line) => line !== "");
}

/** Which of these ids the repository has not. */
export async function findMissing(git: Git, ids: readonly ObjectId[]): Promise<Set<ObjectId>> {
  if (ids.length === 0) return new Set();
  const told = await git.read(["cat-file", "--batch-check=%(objectname)", "--buffer"], {
    what: "Cannot look for commits",
    stdin: new TextEncoder().encode(ids.join("\n") + "\n"),
  });
  const lines = new TextDecoder().decode(told).split("\n");
  return new Set(
    lines.filter((line) => line.endsWith(" missing")).map((line) => line.slice(0, 40)),
  );
}

function brokenError(git: Git, why: string): UserError {
  return new UserError(`Cannot read the repository ${git.gitDir}: ${why}`, {
    hint: `Look for damage: git --git-dir=${JSON.stringify(git.gitDir)} fsck`,
    exit: EXIT.failed,
  });
}
