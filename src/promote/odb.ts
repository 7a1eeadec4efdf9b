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

/** So many ids are asked for at once: what git answers meanwhile waits in its pipe. */
const ASK_AT_ONCE = 4_096;

/** Opens the objects of a repository. */
export function openOdb(git: Git): Odb {
  let reader: Process | undefined;
  let rest: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<void> => {
    const piece = await reader!.read();
    if (piece === undefined) throw brokenError(git, "git ended before it had answered");
    rest = rest.length === 0 ? piece : concat([rest, piece]);
  };
  const readLine = async (): Promise<string> => {
    let end: number;
    while ((end = rest.indexOf(0x0a)) < 0) await more();
    const line = new TextDecoder().decode(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
    return line;
  };
  const readBody = async (size: number): Promise<Uint8Array> => {
    if (rest.length <= size) {
      const pieces = [rest];
      for (let held = rest.length; held <= size;) {
        const piece = await reader!.read();
        if (piece === undefined) throw brokenError(git, "git ended before it had answered");
        pieces.push(piece);
        held += piece.length;
      }
      rest = concat(pieces);
    }
    const body = rest.subarray(0, size);
    rest = rest.subarray(size + 1);
    return body;
  };
  return {
    async read(ids, type) {
      reader ??= git.start(["cat-file", "--batch"], { timeoutMs: READER_MS });
      const found: Uint8Array[] = [];
      for (let from = 0; from < ids.length; from += ASK_AT_ONCE) {
        const asked = ids.slice(from, from + ASK_AT_ONCE);
        const asking = reader.write(new TextEncoder().encode(asked.join("\n") + "\n"));
        // Told below: the reader has ended then.
        asking.catch(() => {});
        for (const id of asked) {
          const [, kind, size] = (await readLine()).split(" ");
          if (kind !== type) {
            throw brokenError(git, `${id} is ${size === undefined ? "missing" : `a ${kind}`}`);
          }
          found.push(await readBody(Number(size)));
        }
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await reader?.[Symbol.asyncDispose]();
    },
  };
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
