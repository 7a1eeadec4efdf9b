import { EXIT, UserError } from "../errors.ts";
import { fromLatin1, latin1 } from "./bytes.ts";
import type { Identity, ObjectId } from "./types.ts";

/** One header; `line` is all of it, with the lines that continue it. Latin-1 text is bytes. */
export type CommitHeader = { key: string; line: string };

/**
 * A commit object, taken apart so that putting it together gives the same bytes. Texts hold one byte
 * in each character: what a commit says need not be UTF-8.
 */
export type Commit = {
  tree: ObjectId;
  parents: readonly ObjectId[];
  /** All headers in their order, those above among them. */
  headers: readonly CommitHeader[];
  /** Behind the empty line, untouched; `undefined` if there is not even an empty line. */
  message: string | undefined;
};

/** What the commit on the user's side has of its own. */
export type CommitChange = {
  tree: ObjectId;
  parents: readonly ObjectId[];
  identity: Identity;
  /** Value of a `gpgsig` header, its lines continued as they should be. */
  signature?: string;
};

/** What a signature covers is not what goes out. */
const DROPPED = ["gpgsig", "gpgsig-sha256", "mergetag"];

const OBJECT_ID = /^[0-9a-f]{40}$/;

/**
 * Takes a commit object apart.
 *
 * @param text Its bytes, one in each character.
 * @throws {Error} If it is no commit. git's own checker refuses such an object before we see it.
 * @see {@link https://git-scm.com/docs/gitformat-signature} for continuation lines
 */
export function parseCommit(text: string): Commit {
  const headers: CommitHeader[] = [];
  let at = 0;
  let message: string | undefined;
  while (at < text.length) {
    if (text[at] === "\n") {
      message = text.slice(at + 1);
      break;
    }
    const { line, next } = readHeader(text, at);
    headers.push({ key: line.split(/[ \n]/, 1)[0]!, line });
    at = next;
  }
  const [tree, ...others] = valuesOf(headers, "tree");
  const parents = valuesOf(headers, "parent");
  if (
    tree === undefined || others.length > 0 || ![tree, ...parents].every((id) => OBJECT_ID.test(id))
  ) {
    throw new Error("The object is no commit: it has not one tree, or a parent is no id");
  }
  return { tree, parents, headers, message };
}

function valuesOf(headers: readonly CommitHeader[], key: string): string[] {
  return headers.filter((header) => header.key === key).map(({ line }) =>
    line.slice(key.length + 1)
  );
}

/** A line with those that continue it: they begin with a blank. */
function readHeader(text: string, start: number): { line: string; next: number } {
  let end = text.indexOf("\n", start);
  while (end >= 0 && text[end + 1] === " ") end = text.indexOf("\n", end + 1);
  if (end < 0) throw new Error("The object is no commit: its last header has no end");
  return { line: text.slice(start, end), next: end + 1 };
}

/**
 * The bytes of the commit on the user's side: their name on it, its tree and parents; dates, zones,
 * encoding, headers of others and the message stay byte for byte. Signatures go, for they would be
 * wrong. Pure: the same input gives the same bytes.
 *
 * @throws {UserError} If nothing is left of the name once git's rules are applied.
 */
export function rewriteCommit(commit: Commit, change: CommitChange): Uint8Array<ArrayBuffer> {
  const encoding = valuesOf(commit.headers, "encoding")[0];
  const who = formatIdentity(change.identity, encoding);
  const lines = [`tree ${change.tree}`, ...change.parents.map((id) => `parent ${id}`)];
  for (const { key, line } of commit.headers) {
    if (key === "tree" || key === "parent" || isOfSignature(key)) continue;
    const isPerson = key === "author" || key === "committer";
    lines.push(isPerson ? `${key} ${who}${dateOf(line)}` : line);
  }
  if (change.signature !== undefined) lines.push(`gpgsig ${change.signature}`);
  const head = lines.join("\n") + "\n";
  return fromLatin1(commit.message === undefined ? head : `${head}\n${commit.message}`);
}

/** Is it a header that says something about the bytes of a commit, and goes with them? */
export function isOfSignature(key: string): boolean {
  return DROPPED.includes(key);
}

/** What follows the mail of an author line, ` 1700000000 +0100`. */
export function dateOf(line: string): string {
  const end = line.lastIndexOf(">");
  if (end < 0) throw new Error("The object is no commit: its author has no mail");
  return line.slice(end + 1);
}

/**
 * `Name <mail>` as a commit holds it: bytes in UTF-8, or in latin-1 where the commit says so and the
 * name allows it.
 */
function formatIdentity({ name, email }: Identity, encoding: string | undefined): string {
  const cleanName = cleanIdentity(name);
  if (cleanName === "") {
    throw new UserError(
      `Cannot put the name ${JSON.stringify(name)} on commits: git takes it for empty`,
      {
        hint: "Set one that has letters: git config --global user.name 'Your Name'",
        exit: EXIT.config,
        code: "config-invalid",
      },
    );
  }
  const text = `${cleanName} <${cleanIdentity(email)}>`;
  const isLatin = /^(iso-?8859-?1|latin-?1)$/i.test(encoding ?? "");
  // deno-lint-ignore no-control-regex
  if (isLatin && /^[\x00-\xff]*$/.test(text)) return text;
  return latin1(new TextEncoder().encode(text));
}

/** Characters that git cuts from both ends of a name. */
// deno-lint-ignore no-control-regex
const CRUD = /^[\x00-\x20.,:;<>"\\']+|[\x00-\x20.,:;<>"\\']+$/g;

/**
 * A name or mail as git writes it: without what would break the line, cut at both ends. Empty if
 * nothing is left; git takes a commit with an empty name for broken.
 *
 * @see {@link https://git-scm.com/docs/git-commit-tree#_commit_information}
 */
export function cleanIdentity(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(CRUD, "").replace(/[\n<>\x00]/g, "");
}
