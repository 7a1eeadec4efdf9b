import type { Run } from "../engine/process.ts";
import type { Host } from "../host.ts";
import { readSecrets } from "./store.ts";

/** Where a secret comes from, as configured: `env`, `store`, `cmd:COMMAND` or `file:PATH`. */
export type SecretSource = { from: string };

/** A secret this machine does not have, and why in words that say what to do. */
export type MissingSecret = { name: string; why: string };

/** The secrets of a session and the ones that could not be had. */
export type ResolvedSecrets = {
  values: ReadonlyMap<string, string>;
  missing: MissingSecret[];
};

/** What fetching needs of the machine. */
export type SourceOptions = {
  host: Pick<Host, "env" | "home" | "platform">;
  run: Run;
  stateDir: string;
};

/** How long a command may take to print a secret, in milliseconds: a person may have to unlock it. */
const COMMAND_MS = 30_000;

/** Largest value, in bytes: the largest keys and tokens have a few KiB. */
const VALUE_BYTES_MAX = 64 * 1024;

/** Shortest value: a shorter one is found by chance in what a host answers, and replaced there. */
const VALUE_MIN = 8;

/** A value, or why there is none. */
type Found = { value: string } | { why: string };

/**
 * Fetches secrets from where the configuration says, all at once; a variable that is not set is
 * looked for in the store. No value is in any `why`.
 */
export async function resolveSecrets(
  secrets: Readonly<Record<string, SecretSource>>,
  options: SourceOptions,
): Promise<ResolvedSecrets> {
  const names = Object.keys(secrets);
  const needsStore = names.some((name) => {
    const { from } = secrets[name]!;
    return from === "store" || (from === "env" && !options.host.env[name]);
  });
  const stored = needsStore ? await readSecrets(options.stateDir) : new Map<string, string>();
  const found = await Promise.all(
    names.map(async (name): Promise<[string, Found]> => {
      const { from } = secrets[name]!;
      return [name, checkValue(await findValue(name, from, { ...options, stored }))];
    }),
  );
  const values = new Map<string, string>();
  const missing: MissingSecret[] = [];
  for (const [name, result] of found) {
    if ("value" in result) values.set(name, result.value);
    else missing.push({ name, why: result.why });
  }
  return { values, missing };
}

async function findValue(
  name: string,
  from: string,
  options: SourceOptions & { stored: ReadonlyMap<string, string> },
): Promise<Found> {
  const stored = options.stored.get(name);
  if (from === "env") {
    const value = options.host.env[name] || stored;
    if (value !== undefined) return { value };
    return { why: `${name} is not set; set it, or run: sandcage secret set ${name}` };
  }
  if (from === "store") {
    return stored === undefined
      ? { why: `it is not stored; run: sandcage secret set ${name}` }
      : { value: stored };
  }
  if (from.startsWith("cmd:")) return await runCommand(from.slice("cmd:".length).trim(), options);
  if (from.startsWith("file:")) return await readValueFile(from.slice("file:".length), options);
  return { why: "its source is none of env, store, cmd: and file:" };
}

/** What the command says is not repeated, not even when it fails: it may hold half a secret. */
async function runCommand(command: string, options: SourceOptions): Promise<Found> {
  const { host, run } = options;
  const [shell, flags] = host.platform === "windows"
    ? ["cmd", ["/d", "/s", "/c"]] as const
    : ["/bin/sh", ["-c"]] as const;
  try {
    const { code, stdout, timedOut } = await run(shell, [...flags, command], {
      cwd: host.home,
      timeoutMs: COMMAND_MS,
    });
    if (timedOut) return { why: `its command did not end within ${COMMAND_MS / 1000} seconds` };
    if (code !== 0) return { why: `its command failed with exit code ${code}` };
    const value = trimLineEnd(stdout);
    return value === "" ? { why: "its command printed nothing" } : { value };
  } catch (error) {
    return { why: `its command cannot be run: ${nameOf(error)}` };
  }
}

async function readValueFile(spelled: string, options: SourceOptions): Promise<Found> {
  const path = spelled.replace(/^~(?=$|[/\\])/, () => options.host.home);
  try {
    // Opening a FIFO would wait forever.
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) return { why: `${path} is no regular file` };
    if (size > VALUE_BYTES_MAX) return { why: `${path} is larger than a secret can be` };
    const value = trimLineEnd(await Deno.readTextFile(path));
    return value === "" ? { why: `${path} is empty` } : { value };
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? { why: `there is no file ${path}` }
      : { why: `${path} cannot be read: ${nameOf(error)}` };
  }
}

function checkValue(found: Found): Found {
  if ("why" in found) return found;
  const problem = findValueProblem(found.value);
  return problem === undefined ? found : { why: problem };
}

/** Says why a value cannot be put into a request; `undefined` when it can. */
export function findValueProblem(value: string): string | undefined {
  if (/[\0\r\n]/.test(value)) return "its value has a line break or a NUL byte";
  if (value.length < VALUE_MIN) {
    return `its value is shorter than ${VALUE_MIN} characters: too short to be told from other text`;
  }
  if (new TextEncoder().encode(value).length > VALUE_BYTES_MAX) {
    return `its value is larger than ${VALUE_BYTES_MAX / 1024} KiB`;
  }
  return undefined;
}

/** Takes one line end away: programs print one behind a value, editors save one. */
export function trimLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown error";
}
