import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { LABEL } from "../names.ts";

/** Something on the engine that sandcage made. */
export type ManagedObject = {
  kind: "container" | "network" | "volume" | "image";
  /** What the engine removes it by. */
  id: string;
  /** What people know it by. */
  title: string;
  /** Cage it belongs to; images and shared networks belong to none. */
  cage?: string;
  /** Service it runs or holds. */
  service?: string;
  /** Containers only: it runs or is paused. */
  running?: boolean;
  /** What a container or a volume is for, where it is not a session or a home. */
  role?: "gateway" | "courier" | "work" | "checkpoints";
};

const FILTER = ["--filter", `label=${LABEL.managed}=true`];

/** Labels and titles may hold any character, so each row is a JSON list. */
const row = (...fields: string[]) => `[${fields.map((field) => `{{json ${field}}}`).join(",")}]`;
const CAGE = `(.Label "${LABEL.cage}")`;
const SERVICE = `(.Label "${LABEL.service}")`;
const ROLE = `(.Label "${LABEL.role}")`;

/** How each kind is asked for; images have no label function, so their rows say less. */
const QUESTIONS = {
  container: [
    "ps",
    "--all",
    "--no-trunc",
    "--format",
    row(".ID", ".Names", CAGE, SERVICE, ".State", ROLE),
  ],
  network: ["network", "ls", "--no-trunc", "--format", row(".ID", ".Name", CAGE, SERVICE)],
  volume: ["volume", "ls", "--format", row(".Name", ".Name", CAGE, SERVICE, ".Driver", ROLE)],
  image: ["image", "ls", "--no-trunc", "--format", row(".ID", ".Repository", ".Tag")],
} as const;

/**
 * Looks at everything on the engine that carries {@link LABEL.managed}.
 *
 * @throws {UserError} With code `engine-failed` if the engine does not answer with a list.
 */
export async function observeManaged(
  engine: Pick<Engine, "docker">,
  kinds: readonly ManagedObject["kind"][] = ["container", "network", "volume", "image"],
): Promise<ManagedObject[]> {
  const lists = await Promise.all(kinds.map(async (kind) => {
    const result = await engine.docker([...QUESTIONS[kind], ...FILTER]);
    if (result.code === 0) return parseManaged(kind, result.stdout);
    throw new UserError(`Cannot list the ${kind}s of the engine`, {
      hint: result.stderr.trim(),
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }));
  return lists.flat();
}

/** Reads the engine's rows of one kind; an image with several tags is one object. Pure. */
export function parseManaged(kind: ManagedObject["kind"], text: string): ManagedObject[] {
  const found = new Map<string, ManagedObject>();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const fields = (JSON.parse(line) as unknown[]).map(String);
    const [id = "", name = "", cage = "", service = "", state = "", role = ""] = fields;
    if (kind === "image") {
      const title = name === "<none>" ? id.replace(/^sha256:/, "").slice(0, 12) : `${name}:${cage}`;
      const known = found.get(id);
      found.set(id, { kind, id, title: known === undefined ? title : `${known.title} ${title}` });
      continue;
    }
    found.set(id, {
      kind,
      id,
      title: name,
      ...(cage === "" ? {} : { cage }),
      ...(service === "" ? {} : { service }),
      ...(kind === "container" ? { running: state === "running" || state === "paused" } : {}),
      ...(isRole(role) ? { role } : {}),
    });
  }
  return [...found.values()];
}

const ROLES: readonly string[] = ["gateway", "courier", "work", "checkpoints"];

function isRole(text: string): text is NonNullable<ManagedObject["role"]> {
  return ROLES.includes(text);
}
