import { type Archived, openArchive } from "./archive_write.ts";
import { listRaw, lstatRaw, type RawPath, withinRaw } from "./raw_fs.ts";

/**
 * Archives every `.git` below a root, whatever it is, and nothing else: repositories as they are, with
 * hooks, configuration and all, for somebody who knows that an agent ruled there.
 *
 * @param options.below Whether directories below the root are looked into. Defaults to `all`.
 * @param write Takes the bytes; what it gets is valid during the call.
 * @returns How many there were.
 */
export function archiveRepositories(
  root: RawPath,
  write: (bytes: Uint8Array) => void,
  options: { below?: "all" | "none" } = {},
): Archived & { repositories: number } {
  const archive = openArchive(root, write);
  let repositories = 0;
  const walk = (dir: RawPath) => {
    const place = dir === "" ? root : `${root}/${dir}`;
    const stat = lstatRaw(place);
    if (stat?.isDirectory() !== true) return;
    withinRaw(place, {
      mode: stat.mode,
      act() {
        for (const name of listRaw(place)) {
          const path = dir === "" ? name : `${dir}/${name}`;
          if (name === ".git") {
            repositories++;
            archive.add(path);
          } else if (options.below !== "none") walk(path);
        }
      },
    });
  };
  walk("");
  return { ...archive.end(), repositories };
}
