/** One `key = value` of a git config file. */
export type GitConfigEntry = {
  /** `section.name` or `section.subsection.name`; section and name in lower case. */
  key: string;
  /** `true` for a key without a value, as git reads it. */
  value: string;
};

/**
 * Parses a git config file. Reading it ourselves keeps git, which executes what a config names, away
 * from files an agent may have written; and costs no process.
 *
 * @throws {SyntaxError} On a line that git would refuse, with its number.
 * @see {@link https://git-scm.com/docs/git-config#_syntax}
 */
export function parseGitConfig(text: string): GitConfigEntry[] {
  const entries: GitConfigEntry[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  let section = "";
  for (let at = 0; at < lines.length; at++) {
    let line = (lines[at] ?? "").trim();
    const header = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (header !== null) {
      const name = (header[1] ?? "").toLowerCase();
      section = header[2] === undefined ? name : `${name}.${header[2].replace(/\\(.)/g, "$1")}`;
      line = line.slice(header[0].length).trim();
    }
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const name = /^([A-Za-z][A-Za-z0-9-]*)\s*(=?)/.exec(line);
    if (name === null || section === "") throw new SyntaxError(`bad git config line ${at + 1}`);
    // Joined at the end: a stranger's file may go on for as many lines as it likes.
    const parts = [line.slice(name[0].length)];
    while (hasContinuation(parts.at(-1)!) && at + 1 < lines.length) {
      parts.push(parts.pop()!.slice(0, -1), lines[++at]!);
    }
    const raw = parts.join("");
    entries.push({
      key: `${section}.${(name[1] ?? "").toLowerCase()}`,
      value: name[2] === "" ? "true" : parseValue(raw.trimStart()),
    });
  }
  return entries;
}

/** The value that counts: the last one of the key. */
export function findGitValue(entries: readonly GitConfigEntry[], key: string): string | undefined {
  return entries.findLast((entry) => entry.key === key)?.value;
}

function hasContinuation(raw: string): boolean {
  let start = raw.length;
  while (start > 0 && raw[start - 1] === "\\") start--;
  return (raw.length - start) % 2 === 1;
}

const ESCAPE: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b" };

function parseValue(raw: string): string {
  let value = "";
  let kept = 0;
  let quoted = false;
  for (let at = 0; at < raw.length; at++) {
    const char = raw[at] ?? "";
    if (char === '"') {
      quoted = !quoted;
      kept = value.length;
    } else if (char === "\\") {
      const next = raw[++at] ?? "";
      value += ESCAPE[next] ?? next;
      kept = value.length;
    } else if (!quoted && (char === "#" || char === ";")) {
      break;
    } else {
      value += char;
      if (quoted || !/\s/.test(char)) kept = value.length;
    }
  }
  return value.slice(0, kept);
}
