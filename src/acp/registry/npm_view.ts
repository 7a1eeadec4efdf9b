import type { Engine } from "../../engine/engine.ts";
import { UserError } from "../../errors.ts";
import { LABEL } from "../../names.ts";

/** An npm package as its registry knows it now. */
export type NpmPackage = {
  /** `@scope/name@1.2.3`. */
  exact: string;
  version: string;
  /** What `npx` would start. */
  program: string;
  /** `sha512-…`, which npm checks when it installs. */
  integrity?: string;
};

/** How long npm may take to answer, in milliseconds. */
const VIEW_TIMEOUT_MS = 120_000;

/** Reads the login from stdin: it stands on no command line and in no layer. */
const SCRIPT = 'umask 077; cat >/tmp/.npmrc; exec npm view --json --userconfig /tmp/.npmrc "$1" ' +
  "name version bin dist.integrity";

/**
 * Asks npm's registry about a package, with the npm of the base image: the host needs none, and what
 * is asked is what the build will reach.
 *
 * @param spec Package, with a version, a tag or a range.
 * @param options.base Reference of the base image.
 * @throws {UserError} If there is no such package or version, or npm cannot ask.
 */
export async function viewPackage(
  spec: string,
  options: {
    engine: Pick<Engine, "docker">;
    base: string;
    npmrc?: string;
    proxies: readonly string[];
    signal?: AbortSignal;
  },
): Promise<NpmPackage> {
  const { engine, base, npmrc = "", proxies, signal } = options;
  const result = await engine.docker([
    ...["run", "--rm", "--interactive", "--label", `${LABEL.managed}=true`],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"],
    ...["--tmpfs", "/tmp:mode=1777", "--user", "65534:65534", "--pids-limit", "256"],
    ...["--env", "HOME=/tmp", "--env", "NPM_CONFIG_CACHE=/tmp/cache"],
    ...["--env", "NPM_CONFIG_UPDATE_NOTIFIER=false", "--workdir", "/tmp"],
    ...proxies.flatMap((name) => ["--env", name]),
    ...["--entrypoint", "sh", base, "-c", SCRIPT, "sh", spec],
  ], {
    stdin: npmrc,
    timeoutMs: VIEW_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.code !== 0) throw explainFailure(spec, result);
  const found = parseView(result.stdout);
  if (found !== undefined) return found;
  throw new UserError(`Cannot install ${spec}: npm says nothing that names one program`, {
    hint: "A package for npx has one program, or one that is called like the package",
  });
}

/**
 * Reads what `npm view --json` printed: one package, or for a range all that are in it, of which the
 * newest counts. Pure.
 */
export function parseView(text: string): NpmPackage | undefined {
  const value = parseJson(text);
  const newest: unknown = Array.isArray(value)
    ? value.reduce((best, next) => isNewer(next, best) ? next : best, value[0])
    : value;
  if (!isRecord(newest)) return undefined;
  const { name, version, bin } = newest;
  if (typeof name !== "string" || typeof version !== "string") return undefined;
  const program = findProgram(name, bin);
  if (program === undefined) return undefined;
  const integrity = newest["dist.integrity"];
  return {
    exact: `${name}@${version}`,
    version,
    program,
    ...(typeof integrity === "string" ? { integrity } : {}),
  };
}

// npm takes a pre-release into a range only where the range names one: numbers decide.
function isNewer(a: unknown, b: unknown): boolean {
  const [left, right] = [a, b].map((value) =>
    isRecord(value) ? String(value.version).split(/[.+-]/).slice(0, 3).map(Number) : []
  );
  const at = left!.findIndex((part, index) => part !== right![index]);
  return at >= 0 && left![at]! > (right![at] ?? -1);
}

/** npx's own rule: the only program, else the one called like the package without its scope. */
function findProgram(name: string, bin: unknown): string | undefined {
  const own = name.split("/").at(-1)!;
  if (typeof bin === "string") return own;
  if (!isRecord(bin)) return undefined;
  const programs = Object.keys(bin);
  const program = new Set(Object.values(bin)).size === 1
    ? programs[0]
    : programs.find((program) => program === own);
  return program !== undefined && /^[A-Za-z0-9._-]+$/.test(program) ? program : undefined;
}

function explainFailure(spec: string, result: { stdout: string; stderr: string }): UserError {
  const answer = parseJson(result.stdout);
  const error = isRecord(answer) && isRecord(answer.error) ? answer.error : {};
  if (error.code === "E404" || error.code === "ETARGET") {
    return new UserError(`npm has no package ${spec}`, {
      hint: "Give a version that exists: sandcage acp install ID@VERSION",
    });
  }
  const said = typeof error.summary === "string" && error.summary !== ""
    ? error.summary
    : result.stderr.trim();
  return new UserError(`Cannot ask npm about ${spec}`, {
    hint: said.split("\n").slice(0, 5).join("\n") || "npm ended without a word",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
