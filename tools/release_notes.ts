/** Prints the CHANGELOG section of a tag; fails when tag, deno.json and CHANGELOG.md disagree. */

/**
 * Finds the text below `## [VERSION]` up to the next section, without the heading.
 *
 * @see {@link https://keepachangelog.com/en/1.1.0/}
 */
export function findSection(changelog: string, version: string): string | undefined {
  const lines = changelog.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`## [${version}]`));
  if (start === -1) return undefined;
  const length = lines.slice(start + 1).findIndex((line) => /^## \[|^\[[^\]]+\]: /.test(line));
  const end = length === -1 ? lines.length : start + 1 + length;
  const text = lines.slice(start + 1, end).join("\n").trim();
  return text === "" ? undefined : text;
}

/**
 * The notes of a release.
 *
 * @param tag Git tag, `v` and the version.
 * @throws {Error} If the tag is not `v` and the manifest's version, or the changelog has no such section.
 */
export function planNotes(tag: string, files: { manifest: string; changelog: string }): string {
  const { version } = JSON.parse(files.manifest) as { version: string };
  if (tag !== `v${version}`) {
    throw new Error(`Tag ${tag} does not match version ${version} of deno.json`);
  }
  const section = findSection(files.changelog, version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section for ${version}`);
  return `${section}\n`;
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const notes = planNotes(Deno.args[0] ?? "", {
    manifest: await Deno.readTextFile(new URL("deno.json", root)),
    changelog: await Deno.readTextFile(new URL("CHANGELOG.md", root)),
  });
  await Deno.stdout.write(new TextEncoder().encode(notes));
}
