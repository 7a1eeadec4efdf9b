/** Who has said the lines. */
export type Side = "editor" | "agent";

/** Where an agent may be asked to work, and what it may read, as the rules of the campaign say. */
const ROOMS = { plain: ["/work/api", "/docs"], mapped: ["/work/project"] };
const OPENING = ["session/new", "session/load", "session/resume", "session/fork"];

/**
 * Reads what has passed as whoever gets it may read it: a message in each line, a carriage return
 * ends one, too, names are told apart by their letters alone. Answers what should not be in it.
 */
export function findLeak(
  text: string,
  { side, isMapped }: { side: Side; isMapped: boolean },
): string | undefined {
  for (const line of text.split("\n")) {
    for (const part of new Set([line, ...line.split("\r")])) {
      const value = parse(part);
      for (const message of Array.isArray(value) ? value : [value]) {
        const leak = findInMessage(message, { side, isMapped });
        if (leak !== undefined) return leak;
      }
    }
  }
  return undefined;
}

function findInMessage(
  value: unknown,
  { side, isMapped }: { side: Side; isMapped: boolean },
): string | undefined {
  if (!isRecord(value)) return undefined;
  const message = fold(value);
  const method = message.method;
  if (typeof method !== "string") return undefined;
  const params = isRecord(message.params) ? fold(message.params) : {};
  if (side === "agent") {
    if (method.startsWith("terminal/")) return method;
    if (!method.startsWith("fs/") || typeof params.path !== "string") return undefined;
    // A mapped path has become the editor's by now: both projects are the same one there.
    const isInside = isBelow(params.path, ["/work/api", ...(isMapped ? [] : ["/host/docs"])]);
    return isInside || params.path.startsWith("/alias") ? undefined : `${method} ${params.path}`;
  }
  if (method === "initialize") {
    for (const name of ["clientcapabilities", "capabilities"]) {
      const given = params[name];
      const own = isRecord(given) ? fold(given) : {};
      if (own.terminal !== undefined && own.terminal !== false && own.terminal !== null) {
        return `${name}.terminal`;
      }
    }
    return undefined;
  }
  if (!OPENING.includes(method)) return undefined;
  const more = params.additionaldirectories;
  const directories = [params.cwd, ...(Array.isArray(more) ? more : [])];
  const rooms = isMapped ? ROOMS.mapped : ROOMS.plain;
  const far = directories.find((path) => typeof path === "string" && !isBelow(path, rooms));
  return far === undefined ? undefined : `${method} ${far}`;
}

function isBelow(path: string, rooms: readonly string[]): boolean {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  const plain = `/${parts.join("/")}`;
  return path.startsWith("/") &&
    rooms.some((room) => plain === room || plain.startsWith(`${room}/`));
}

/** Names in small letters; of two that become the same the last one counts, as for most readers. */
function fold(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name.toLowerCase(), child]),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
