import { askEngine } from "./api.ts";
import { findSocket } from "./attach.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Engine } from "./engine.ts";

/** Something the engine has, as `docker inspect` shows it. */
export type InspectedObject = {
  kind: "container" | "image" | "volume" | "network";
  /** Full id; a volume's id is its name. */
  id: string;
  labels: Record<string, string>;
  /** The whole answer, for the few fields a caller needs. */
  raw: Record<string, unknown>;
};

/**
 * Looks at images, volumes, networks and containers in one process.
 *
 * @param names Names, references or ids, of any kind.
 * @returns What exists, by the name asked for; what does not exist is absent.
 * @throws {UserError} With code `engine-failed`, if the answer is not what docker prints.
 */
export async function inspectAll(
  engine: Pick<Engine, "docker"> & Partial<Pick<Engine, "url">>,
  names: readonly string[],
): Promise<Map<string, InspectedObject>> {
  const asked = [...new Set(names)];
  if (asked.length === 0) return new Map();
  const socket = findSocket(engine.url);
  const known = socket === undefined ? undefined : await inspectByApi(socket, asked);
  if (known !== undefined) return known;
  // Exit code 1 with the rest of the answer is how docker says that a name does not exist.
  const result = await engine.docker(["inspect", ...asked]);
  return matchObjects(asked, parseObjects(result.stdout, result.stderr));
}

/** How long the engine may take to answer, in milliseconds; the docker client then tells what is wrong. */
const API_MS = 10_000;

/** Where the engine answers for each kind, in docker's own order, and what can be called so. */
const PLACES: readonly { pattern: RegExp; path(name: string): string }[] = [
  { pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]*$/, path: (name) => `/containers/${name}/json` },
  { pattern: /^[A-Za-z0-9][A-Za-z0-9_./:@-]*$/, path: (name) => `/images/${name}/json` },
  { pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]*$/, path: (name) => `/networks/${name}` },
  { pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]*$/, path: (name) => `/volumes/${name}` },
];

/** Asks for every name as every kind it can be, at once; `undefined` when the client has to be asked. */
async function inspectByApi(
  socket: string,
  names: readonly string[],
): Promise<Map<string, InspectedObject> | undefined> {
  try {
    const found = await Promise.all(names.map(async (name) => {
      const places = PLACES.filter(({ pattern }) => pattern.test(name));
      const objects = await Promise.all(places.map(({ path }) => askObject(socket, path(name))));
      return [
        name,
        objects.find((object) => object !== undefined && isNamed(object, name)),
      ] as const;
    }));
    return new Map(
      found.flatMap(([name, raw]) => raw === undefined ? [] : [[name, parseObject(raw)]]),
    );
  } catch {
    return undefined;
  }
}

async function askObject(
  socket: string,
  path: string,
): Promise<Record<string, unknown> | undefined> {
  const { status, body } = await askEngine(socket, { path, timeoutMs: API_MS });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`The engine answered ${status}`);
  return JSON.parse(body);
}

function parseObjects(stdout: string, stderr: string): Record<string, unknown>[] {
  try {
    const value: unknown = JSON.parse(stdout);
    if (Array.isArray(value)) return value;
  } catch {
    // Told below, with what docker said instead.
  }
  throw new UserError("Cannot understand the engine: docker inspect printed no list", {
    hint: stderr.trim().split("\n")[0] || "See what it says: docker inspect",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

/** Docker answers in the order asked and leaves out what is missing. Pure. */
export function matchObjects(
  names: readonly string[],
  objects: readonly Record<string, unknown>[],
): Map<string, InspectedObject> {
  const found = new Map<string, InspectedObject>();
  let next = 0;
  for (const name of names) {
    const raw = objects[next];
    if (raw === undefined) break;
    if (!isNamed(raw, name)) continue;
    found.set(name, parseObject(raw));
    next++;
  }
  return found;
}

function parseObject(raw: Record<string, unknown>): InspectedObject {
  const config = raw.Config as { Labels?: Record<string, string> | null } | undefined;
  const labels = config?.Labels ?? raw.Labels as Record<string, string> | null | undefined;
  const id = typeof raw.Id === "string" ? raw.Id : String(raw.Name);
  return { kind: findKind(raw), id, labels: labels ?? {}, raw };
}

function findKind(raw: Record<string, unknown>): InspectedObject["kind"] {
  if ("RootFS" in raw || "RepoTags" in raw) return "image";
  if ("HostConfig" in raw) return "container";
  if ("Mountpoint" in raw) return "volume";
  return "network";
}

function isNamed(raw: Record<string, unknown>, name: string): boolean {
  const id = typeof raw.Id === "string" ? raw.Id : "";
  if (raw.Name === name || raw.Name === `/${name}` || id === name) return true;
  if (/^[0-9a-f]{12,}$/.test(name) && id.replace(/^sha256:/, "").startsWith(name)) return true;
  const references = [raw.RepoTags, raw.RepoDigests].flatMap((list) =>
    Array.isArray(list) ? list as unknown[] : []
  );
  return references.some((reference) => isReference(String(reference), name));
}

/**
 * Whether an image's tag or digest is what the short name means: `debian` is `debian:latest`. Podman
 * says the registry of each, and `localhost` of what was loaded without one.
 */
function isReference(reference: string, name: string): boolean {
  const bare = name.replace(HOME_OF_NAMES, "");
  const whole = /[:@][^/]*$/.test(bare) ? bare : `${bare}:latest`;
  return reference === name || reference.replace(HOME_OF_NAMES, "") === whole;
}

/** What stands before names that have no registry of their own. */
const HOME_OF_NAMES = /^(docker\.io\/|localhost\/)?(library\/)?/;
