import type { TreeFs } from "../tree/fs.ts";
import { readSmallFile } from "../tree/small_file.ts";
import { createSha256 } from "../tree/sha256.ts";
import { readContents } from "./contents.ts";
import type { PlannedWrite } from "./plan_transfer.ts";
import { needsReviewText, type Texts, type TextsOf } from "./review.ts";
import type { CageRoot, Courier } from "./types.ts";

/** What a review reads, and the hashes of what it read: nothing else may land in its place. */
export type ReviewTexts = { textsOf: TextsOf; sha256: ReadonlyMap<string, string> };

/** A file that is larger is shown as one that cannot be read. */
const MOST_BYTES = 4 << 20;

/** Reads the files on both sides whose review depends on what is in them. */
export async function readReviewTexts(
  writes: readonly PlannedWrite[],
  options: { courier: Pick<Courier, "read">; root: CageRoot; target: string; fs: TreeFs },
): Promise<ReviewTexts> {
  const { courier, root, target, fs } = options;
  const files = writes.filter(({ path, entry }) => entry.kind === "file" && needsReviewText(path))
    .map(({ path, entry }) => ({ path, size: entry.size }));
  const contents = await readContents({ courier, root: root.name, files, mostBytes: MOST_BYTES });
  const texts = new Map<string, Texts>();
  const sha256 = new Map<string, string>();
  for (const [path, bytes] of contents) {
    const before = readSmallFile(`${target}/${path}`, { fs, mostBytes: MOST_BYTES });
    texts.set(path, {
      after: new TextDecoder().decode(bytes),
      ...(before === undefined ? {} : { before }),
    });
    sha256.set(path, createSha256().update(bytes).digest("hex"));
  }
  return { textsOf: (path) => texts.get(path), sha256 };
}
