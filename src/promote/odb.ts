import { EXIT, UserError } from "../errors.ts";
import { latin1 } from "./bytes.ts";
import type { Process } from "./child.ts";
import type { Git } from "./git.ts";
import type { ObjectType } from "./pack.ts";
import type { ObjectId } from "./types.ts";

/** Objects of a repository, read by one git that stays. */
export type Odb = AsyncDisposable & {
  /**
   * Objects in the order asked for, each as text of one byte in each character: one conversion for
   * all is ten times as fast as one for each. One question at a time.
   *
   * @throws {UserError} If one is missing or of another kind.
   */
  read(ids: readonly ObjectId[], type: ObjectType): Promise<string[]>;
};

/** Upper bound of a whole rewrite in milliseconds: a hundred thousand commits, not a hung disk. */
const READER_MS = 30 * 60_000;

/**
 * From so many objects on a git of their own is quicker: one that stays has to hand out each object
 * by itself, one that ends may hand out all at once (measured: 1,000 in 9 ms instead of 60).
 */
const OWN_READER = 64;

/** Characters of an id. */
const ID_LENGTH = 40;

/** Opens the objects of a repository. */
export function openOdb(git: Git): Odb {
  let staying: Process | undefined;
  return {
    async read(ids, type) {
      if (ids.length === 0) return [];
      const asked: Asked = { git, ids, type };
      if (ids.length < OWN_READER) {
        staying ??= git.start(["cat-file", "--batch"], { timeoutMs: READER_MS });
        return await ask(staying, asked);
      }
      await using own = git.start(["cat-file", "--batch", "--buffer"], { timeoutMs: READER_MS });
      return await ask(own, { ...asked, last: true });
    },
    async [Symbol.asyncDispose]() {
      await staying?.[Symbol.asyncDispose]();
    },
  };
}

type Asked = { git: Git; ids: readonly ObjectId[]; type: string; last?: true };

async function ask(reader: Process, asked: Asked): Promise<string[]> {
  const asking = reader.write(new TextEncoder().encode(asked.ids.join("\n") + "\n"))
    .then(() => asked.last ? reader.closeWrite() : undefined);
  // Told by what it does not answer.
  asking.catch(() => {});
  const found: string[] = [];
  for (let rest = ""; found.length < asked.ids.length;) {
    const piece = await reader.read();
    if (piece === undefined) fail(asked.git, "git ended before it had answered");
    rest = takeAnswers(rest + latin1(piece), { asked, found });
  }
  return found;
}

/** Takes the objects that are whole out of what git answered; what is left belongs to the next. */
function takeAnswers(text: string, { asked, found }: { asked: Asked; found: string[] }): string {
  let at = 0;
  while (found.length < asked.ids.length) {
    const end = text.indexOf("\n", at);
    if (end < 0) break;
    const [id, kind, size] = text.slice(at, end).split(" ");
    if (kind !== asked.type) {
      fail(asked.git, `${id} is ${size === undefined ? "missing" : `a ${kind}`}`);
    }
    const next = end + 1 + Number(size);
    // A newline follows it.
    if (text.length <= next) break;
    found.push(text.slice(end + 1, next));
    at = next + 1;
  }
  return text.slice(at);
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

/**
 * The same, where `tip` is a descendant of `from`; `undefined` where it is none, or one of them is
 * missing.
 */
export async function listDescendants(
  git: Git,
  { from, tip }: { from: ObjectId; tip: ObjectId },
): Promise<ObjectId[] | undefined> {
  const args = ["rev-list", "--topo-order", "--reverse", "--parents", tip, `^${from}`];
  const told = await git.run(args, { timeoutMs: READER_MS });
  if (told.code !== 0) return undefined;
  const lines = latin1(told.stdout).split("\n").filter((line) => line !== "");
  // On each way down to it the last commit before it has it as a parent.
  if (!lines.some((line) => line.includes(from, ID_LENGTH))) return undefined;
  return lines.map((line) => line.slice(0, ID_LENGTH));
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

function fail(git: Git, why: string): never {
  throw new UserError(`Cannot read the repository ${git.gitDir}: ${why}`, {
    hint: `Look for damage: git --git-dir=${JSON.stringify(git.gitDir)} fsck`,
    exit: EXIT.failed,
  });
}
