import { insidePath } from "../workspace/inside_path.ts";
import type { Line } from "./verdict.ts";
import type { Edit } from "./verdict.ts";
import type { WantedNames } from "./wanted.ts";

/** Which way a message goes. */
export type Direction = "inward" | "outward";

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
 * and neither is any byte that is not part of a path. Only for editors on Windows: elsewhere the
 * project has the same path on both sides.
 */
export function planPathEdits(line: Pick<Line, "found">, direction: Direction): Edit[] {
  return line.found.flatMap(({ path, value, start, end }) => {
    if (value.kind !== "text" || !/(^|\.)(cwd|path|oldPath|uri|\*)$/.test(path)) return [];
    const mapped = mapPath(value.text, direction);
    return mapped === value.text ? [] : [{ start, end, text: JSON.stringify(mapped) }];
  });
}

/** Maps one path or `file:` URI; anything else stays as it is. Pure. */
export function mapPath(text: string, direction: Direction): string {
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
