import { insidePath } from "../workspace/inside_path.ts";
import type { Line } from "./verdict.ts";
import type { Edit } from "./verdict.ts";
import type { WantedNames } from "./wanted.ts";

/** Which way a message goes. */
export type Direction = "inward" | "outward";

/** Turns a path or `file:` URI of one side into the other's; anything else stays as it is. Pure. */
export type MapPath = (text: string, direction: Direction) => string;

/** Content that may name a file: a link, an embedded resource, a diff, a list of them. */
const CONTENT = {
  uri: {},
  resource: { uri: {} },
} satisfies WantedNames;

/** What a tool call says of files. */
const TOOL_CALL = {
  locations: { "*": { path: {} } },
  // Version 1 names the one file of a diff, version 2 each change in it.
  content: { "*": { path: {}, changes: { "*": { path: {}, oldPath: {} } }, content: CONTENT } },
} satisfies WantedNames;

/** Where messages of an editor name paths. */
export const PATHS_OF_CLIENT = {
  params: {
    cwd: {},
    additionalDirectories: { "*": {} },
    prompt: { "*": CONTENT },
  },
} satisfies WantedNames;

/** Where messages of an agent name paths. */
export const PATHS_OF_AGENT = {
  params: {
    path: {},
    cwd: {},
    update: {
      ...TOOL_CALL,
      uri: {},
      cwd: {},
      content: { ...CONTENT, "*": TOOL_CALL.content["*"] },
    },
    toolCall: TOOL_CALL,
    // Version 2 says so of what permission is asked for.
    subject: { cwd: {}, toolCall: TOOL_CALL },
  },
  result: { sessions: { "*": { cwd: {}, additionalDirectories: { "*": {} } } } },
} satisfies WantedNames;

/**
 * Plans the edits that turn a message's paths into those of the other side. Prose is never touched,
 * and neither is any byte that is not part of a path. Only where the project has not the same path
 * on both sides: on Windows, and in a cage with files of its own.
 */
export function planPathEdits(
  line: Pick<Line, "found">,
  { direction, map }: { direction: Direction; map: MapPath },
): Edit[] {
  return line.found.flatMap(({ path, value, start, end }) => {
    if (value.kind !== "text" || !/(^|\.)(cwd|path|oldPath|uri|\*)$/.test(path)) return [];
    const mapped = map(value.text, direction);
    return mapped === value.text ? [] : [{ start, end, text: JSON.stringify(mapped) }];
  });
}

/** Maps between Windows and the cage: `C:\x` is `/c/x` inside. */
export function mapWindowsPath(text: string, direction: Direction): string {
  if (/^file:/i.test(text)) return mapFileUri(text, direction);
  return direction === "inward" ? mapInward(text) : mapOutward(text);
}

/** `C:\x` is `/c/x` inside. */
function mapInward(path: string): string {
  return /^(\\\\\?\\)?[A-Za-z]:([\\/]|$)/.test(path) ? insidePath(path, "windows") : path;
}

/** `/c/x` is `C:\x` outside. Other paths of the cage are nowhere outside, and stay. */
function mapOutward(path: string): string {
  const drive = /^\/([a-z])(\/.*)?$/s.exec(path);
  if (drive === null) return path;
  return `${drive[1]!.toUpperCase()}:${(drive[2] ?? "/").replaceAll("/", "\\")}`;
}

/** `file:///C:/x` is `file:///c/x` inside; the escapes in it stay as they are. */
function mapFileUri(uri: string, direction: Direction): string {
  const pattern = direction === "inward"
    ? /^file:\/\/(?:localhost)?\/([A-Za-z])(?::|%3A)(?=\/|$)/i
    : /^file:\/\/(?:localhost)?\/([a-z])(?=\/|$)/;
  const drive = pattern.exec(uri);
  if (drive === null) return uri;
  const rest = uri.slice(drive[0].length);
  return direction === "inward"
    ? `file:///${drive[1]!.toLowerCase()}${rest}`
    : `file:///${drive[1]!.toUpperCase()}:${rest === "" ? "/" : rest}`;
}

/**
 * Maps directories of the host to those of a cage that has files of its own. What lies in none of
 * them stays, and is refused as it stands.
 *
 * @param realPath Resolves every link of the part of a host path that exists: since a path becomes
 * another one anyway, one that leads into a directory by links is as good.
 */
export function createRootMap(
  roots: readonly { outside: string; inside: string }[],
  realPath: (path: string) => string,
): MapPath {
  const pairs = roots.flatMap(({ outside, inside }) => [
    { outside, inside },
    { outside: `file://${encodeURI(outside)}`, inside: `file://${encodeURI(inside)}` },
  ]).toSorted((one, other) => other.outside.length - one.outside.length);
  const replace = (text: string, direction: Direction) => {
    for (const { outside, inside } of pairs) {
      const [from, to] = direction === "inward" ? [outside, inside] : [inside, outside];
      if (text === from || text.startsWith(`${from}/`)) return to + text.slice(from.length);
    }
    return undefined;
  };
  return (text, direction) => {
    const replaced = replace(text, direction);
    if (replaced !== undefined) return replaced;
    const isLinked = direction === "inward" && text.startsWith("/") && !text.includes("\0");
    return (isLinked ? replace(realPath(text), direction) : undefined) ?? text;
  };
}
