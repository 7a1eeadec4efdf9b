import { quotePath } from "../tree/visible.ts";

/** One side of a file that is shown; `undefined` bytes: nothing is there. */
export type DiffSide = {
  bytes: Uint8Array | undefined;
  /** Bytes of the whole file, of which `bytes` may be the beginning. */
  size: number;
  /** As git writes modes: `100644`, `100755`, `120000`. */
  mode?: string;
};

/** What is shown of a file: lines of a unified diff, or why there are none. */
export type FileDiff = {
  text: string;
  added: number;
  removed: number;
  binary: boolean;
};

/** A file larger than this is not read to be shown. */
export const MOST_DIFF_BYTES = 1 << 20;

/**
 * Formats what turned one text into another, as `git diff` does. Nothing in it acts on a terminal:
 * control characters, escapes and what changes the direction of text are made visible.
 */
export async function formatFileDiff(
  path: string,
  sides: { before: DiffSide; after: DiffSide },
): Promise<FileDiff> {
  const { before, after } = sides;
  const head = formatHead(path, sides);
  if (before.bytes === undefined && after.bytes === undefined) return noText(head);
  const tooLarge = Math.max(before.size, after.size) > MOST_DIFF_BYTES;
  const [old, now] = [decode(before.bytes), decode(after.bytes)];
  if (old === undefined || now === undefined || tooLarge) {
    const what = tooLarge ? "Large files differ" : "Binary files differ";
    const text = `${head}${what} (${before.size} → ${after.size} bytes)\n`;
    return { text, added: 0, removed: 0, binary: true };
  }
  if (old === now) return noText(head);
  // Loaded here, as only this view needs it.
  const { patchText } = await import("./text_patch.ts");
  const names = [quoteName("a", path, before), quoteName("b", path, after)] as const;
  const patch = patchText(old, now);
  const text = `${head}--- ${names[0]}\n+++ ${names[1]}\n${patch.lines.join("\n")}\n`;
  return { text, added: patch.added, removed: patch.removed, binary: false };
}

/** Formats what turned one symlink into another. Pure. */
export function formatLinkDiff(path: string, targets: { before?: string; after?: string }): string {
  const side = (target: string | undefined): DiffSide => ({
    bytes: undefined,
    size: 0,
    ...(target === undefined ? {} : { mode: "120000" }),
  });
  const [before, after] = [targets.before, targets.after];
  const head = formatHead(path, { before: side(before), after: side(after) });
  const line = (sign: string, target: string | undefined) =>
    target === undefined ? "" : `${sign}${quotePath(target)}\n`;
  return head + line("-", before) + line("+", after);
}

function decode(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return "";
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function noText(head: string): FileDiff {
  return { text: head, added: 0, removed: 0, binary: false };
}

function formatHead(
  path: string,
  { before, after }: { before: DiffSide; after: DiffSide },
): string {
  const lines = [`diff ${quoteName("a", path)} ${quoteName("b", path)}`];
  if (before.mode === undefined && after.mode !== undefined) {
    lines.push(`new file mode ${after.mode}`);
  } else if (before.mode !== undefined && after.mode === undefined) {
    lines.push(`deleted file mode ${before.mode}`);
  } else if (before.mode !== after.mode) {
    lines.push(`old mode ${before.mode}`, `new mode ${after.mode}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A name as git writes it: quoted only where it has to be; `/dev/null` for what is not there. */
function quoteName(side: "a" | "b", path: string, file?: DiffSide): string {
  if (file !== undefined && file.bytes === undefined) return "/dev/null";
  const name = `${side}/${path}`;
  const quoted = quotePath(name);
  return quoted === `"${name}"` ? name : quoted;
}
