/** One place apt fetches from, whichever of its two file formats it stood in. */
export type AptSource = {
  uri: string;
  suites: string[];
  components: string[];
  /** Keyring path or an armoured key, as it stood there. */
  signedBy: string | undefined;
};

/** An apt source file as read. */
export type AptFile = { path: string; text: string };

/**
 * Reads apt's source files: deb822 (`*.sources`) and one-line (`*.list`). What apt would ignore or
 * refuse is left out.
 *
 * @see {@link https://manpages.debian.org/sources.list.5}
 */
export function parseAptSources(files: readonly AptFile[]): AptSource[] {
  return files.flatMap(({ path, text }) =>
    path.endsWith(".sources") ? parseDeb822(text) : parseOneLine(text)
  );
}

function parseDeb822(text: string): AptSource[] {
  const stanzas = text.split("\n").filter((line) => !line.startsWith("#")).join("\n")
    .split(/\n[ \t]*\n/);
  return stanzas.flatMap((stanza) => {
    const fields = parseFields(stanza);
    const types = words(fields.get("types"));
    if (!types.includes("deb") || fields.get("enabled")?.trim().toLowerCase() === "no") return [];
    return words(fields.get("uris")).map((uri) => ({
      uri,
      suites: words(fields.get("suites")),
      components: words(fields.get("components")),
      signedBy: fields.get("signed-by"),
    }));
  });
}

/** Continuation lines start with blank space and keep their line break. */
function parseFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of stanza.split("\n")) {
    const field = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (field?.[1] !== undefined) {
      current = field[1].toLowerCase();
      fields.set(current, (field[2] ?? "").trimEnd());
    } else if (current !== undefined && /^[ \t]/.test(line)) {
      fields.set(current, `${fields.get(current)}\n${line}`);
    }
  }
  return fields;
}

function parseOneLine(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (match === null) return [];
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uri, suites: [suite], components: words(components), signedBy }];
  });
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

/** The archive of the distribution itself: the source with the release's own suite and `main`. */
export function findArchive(
  sources: readonly AptSource[],
  codename: string,
): AptSource | undefined {
  const own = sources.filter((source) =>
    source.suites.includes(codename) && source.components.includes("main")
  );
  return own.find((source) => source.signedBy?.includes("archive-keyring")) ?? own[0];
}

/** A deb822 file with one suite of an archive that is already trusted. */
export function formatDeb822(source: AptSource, suite: string): string {
  const fields = [`Types: deb`, `URIs: ${source.uri}`, `Suites: ${suite}`, `Components: main`];
  if (source.signedBy !== undefined) fields.push(`Signed-By: ${source.signedBy}`);
  return fields.join("\n") + "\n";
}
