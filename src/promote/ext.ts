/**
 * The address by which git talks to a program's stdin and stdout. The helper splits it at blanks and
 * knows `%` sequences; nothing else in it means anything, and no shell is involved.
 *
 * @throws {Error} If a word is empty or holds a NUL: the address cannot say it.
 * @see {@link https://git-scm.com/docs/git-remote-ext}
 */
export function formatExtUrl(command: readonly string[]): string {
  const words = command.map((word) => {
    if (word === "" || word.includes("\0")) throw new Error("A word of the command cannot be said");
    return word.replaceAll("%", "%%").replaceAll(" ", "% ");
  });
  return `ext::${words.join(" ")}`;
}

/** What a repository says first. */
export type Advertisement = {
  /** True if it was said to the end. */
  whole: boolean;
  refs: { id: string; name: string }[];
};

/**
 * Reads what `git upload-pack` says before it is asked anything. It comes from a cage: what is not
 * understood ends the reading.
 *
 * @see {@link https://git-scm.com/docs/gitprotocol-pack#_reference_discovery}
 */
export function parseAdvertisement(bytes: Uint8Array): Advertisement {
  const refs: Advertisement["refs"] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = decoder.decode(bytes.subarray(at, at + 4));
    if (length === "0000") return { whole: true, refs };
    const size = /^[0-9a-f]{4}$/.test(length) ? parseInt(length, 16) : 0;
    if (size < 5 || at + size > bytes.length) break;
    const line = decoder.decode(bytes.subarray(at + 4, at + size)).split("\0")[0]!.trimEnd();
    const match = /^([0-9a-f]{40}) (\S+)$/.exec(line);
    if (match !== null && match[2] !== "capabilities^{}") {
      refs.push({ id: match[1]!, name: match[2]! });
    }
    at += size;
  }
  return { whole: false, refs };
}
