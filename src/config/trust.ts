import { EXIT, UserError } from "../errors.ts";
import { quoteShell } from "../shell_quote.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import type { Grant } from "./grant.ts";
import type { LoadedConfig } from "./layers.ts";
import type { StoredGrant } from "./trust_store.ts";

/** What the gate needs. */
export type TrustOptions = { host: Host; io: Io; projectPath: string };

/** A grant and the hash under which it is stored. */
export type PendingGrant = Grant & { sha256: string };

/**
 * The gate between a project's files and the cage: passes when they widen nothing or the user has
 * said yes to exactly this, asks once at a terminal, and refuses everywhere else.
 *
 * @throws {UserError} Exit 3, code `not-trusted`, with all that is asked and the command that grants
 *   it.
 */
export async function requireTrust(loaded: LoadedConfig, options: TrustOptions): Promise<void> {
  const isPlain = !loaded.layers.some(({ name }) => name === "project" || name === "local");
  if (isPlain) return;
  const pending = await findPendingGrants(loaded, options);
  if (pending.length === 0) return;
  const { host, io } = options;
  const projectPath = await Deno.realPath(options.projectPath);
  if (io.interactive) {
    io.talk(`${projectPath} asks for more than your own config gives:\n${formatGrants(pending)}`);
    if (await io.confirm("Allow this for this project?", { assumed: false })) {
      await storeGrants(projectPath, pending, { host });
      return;
    }
  }
  throw new UserError(
    `${projectPath} asks for more than your own config gives, and you have not allowed it:\n${
      formatGrants(pending)
    }`,
    {
      exit: EXIT.config,
      code: "not-trusted",
      hint: `If you trust it, run: sandcage trust -p ${quoteShell(projectPath)}`,
    },
  );
}

/** What a project asks for and the user has not granted yet. */
export async function findPendingGrants(
  loaded: LoadedConfig,
  options: Pick<TrustOptions, "host" | "projectPath">,
): Promise<PendingGrant[]> {
  const { planGrants } = await import("./grants.ts");
  const grants = planGrants(loaded);
  if (grants.length === 0) return [];
  const { readTrust } = await import("./trust_store.ts");
  const [trust, projectPath, hashed] = await Promise.all([
    readTrust(options.host),
    Deno.realPath(options.projectPath),
    Promise.all(grants.map(hashGrant)),
  ]);
  const stored = Object.hasOwn(trust.projects, projectPath)
    ? trust.projects[projectPath]?.grants ?? []
    : [];
  const known = new Set(stored.map((grant) => grant.sha256));
  return hashed.filter((grant) => !known.has(grant.sha256));
}

/** Remembers a yes; what was granted before stays. `projectPath` is canonical. */
export async function storeGrants(
  projectPath: string,
  granted: readonly PendingGrant[],
  options: { host: Pick<Host, "stateDir"> },
): Promise<void> {
  const { changeTrust } = await import("./trust_store.ts");
  await changeTrust(options.host, (trust) => {
    const before = Object.hasOwn(trust.projects, projectPath)
      ? trust.projects[projectPath]?.grants ?? []
      : [];
    const added: StoredGrant[] = granted
      .filter((grant) => !before.some((old) => old.sha256 === grant.sha256))
      .map(({ key, sha256, shown }) => ({ key, sha256, shown }));
    return {
      ...trust,
      projects: { ...trust.projects, [projectPath]: { grants: [...before, ...added] } },
    };
  });
}

/**
 * Takes back a yes for values that a project no longer asks for: were they asked for again, it would
 * be by somebody else. `projectPath` is canonical.
 */
export async function forgetGrants(
  projectPath: string,
  gone: { key: string; shown: readonly string[] },
  options: { host: Pick<Host, "stateDir"> },
): Promise<void> {
  if (gone.shown.length === 0) return;
  const { changeTrust } = await import("./trust_store.ts");
  await changeTrust(options.host, (trust) => {
    if (!Object.hasOwn(trust.projects, projectPath)) return trust;
    const grants = trust.projects[projectPath]!.grants.filter(({ key, shown }) =>
      key !== gone.key || !gone.shown.includes(shown)
    );
    return { ...trust, projects: { ...trust.projects, [projectPath]: { grants } } };
  });
}

/** The grants as a list for people, one line each. */
export function formatGrants(grants: readonly Grant[]): string {
  return grants
    .map((grant) =>
      `  ${grant.key}: ${printable(grant.shown)} (${grant.file}:${grant.line}): ${grant.why}`
    )
    .join("\n");
}

/** Hashes key and value, and the content of the file the value names. */
async function hashGrant(grant: Grant): Promise<PendingGrant> {
  let content: string | null = null;
  if (grant.contentOf !== undefined) {
    const { readConfigText } = await import("./read.ts");
    content = await readConfigText(grant.contentOf) ?? null;
    if (content === null) {
      throw new UserError(
        `${grant.file}:${grant.line}: ${grant.key}: ${grant.contentOf} is missing`,
        {
          exit: EXIT.config,
          code: "config-invalid",
          hint: "Create the file, or remove the key",
        },
      );
    }
  }
  const bytes = new TextEncoder().encode(JSON.stringify([grant.key, grant.value, content]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...grant, sha256 };
}

/** Text of a project file must not move the cursor or hide other lines. */
function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
