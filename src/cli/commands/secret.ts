import { loadConfig } from "../../config/layers.ts";
import type { SecretConfig } from "../../config/schema.ts";
import { run } from "../../engine/process.ts";
import { EXIT, UserError } from "../../errors.ts";
import { findProject } from "../../project/root.ts";
import { findKnownHosts, isSigningKey } from "../../secrets/known.ts";
import { findValueProblem, resolveSecrets, trimLineEnd } from "../../secrets/sources.ts";
import { listSecrets, removeSecret, setSecret } from "../../secrets/store.ts";
import type { CommandContext } from "../context.ts";
import { type HiddenPorts, readHidden } from "../hidden_input.ts";
import { formatJson, formatTable } from "../output.ts";
import { reloadSessions } from "../reload.ts";

/** Where a value to store is read from. */
export type ValuePorts = HiddenPorts & { readAll(): Promise<string> };

/** One secret as `secret list --json` prints it. No value is in it. */
export type ListedSecret = {
  name: string;
  /** As configured; `null` for one that is stored and not used. */
  source: string | null;
  to: string[];
  status: "ok" | "missing" | "unchecked" | "unused";
  why: string | null;
};

/** A name that can be a variable. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Most bytes read from a pipe. */
const INPUT_MAX = 64 * 1024;

/** `sandcage secret set`: stores a secret that is typed unseen, or piped in. */
export async function runSecretSet(
  options: { words: readonly string[]; path?: string },
  context: CommandContext & { ports?: ValuePorts },
): Promise<number> {
  const { host, io, ports = processValuePorts() } = context;
  const name = requireName(options.words);
  const typed = host.tty.stdin
    ? await readHidden(`Value of ${name} (not shown)`, ports)
    : await ports.readAll();
  const value = trimLineEnd(typed);
  const problem = value === "" ? "no value was given" : findValueProblem(value);
  if (problem !== undefined) {
    throw new UserError(`Cannot store ${name}: ${problem}`, {
      hint: `Give the value alone, for example: pass show ${name} | sandcage secret set ${name}`,
      exit: EXIT.usage,
      code: "usage",
    });
  }
  await setSecret(host.stateDir, { name, value }, { onRepair: warnOf(context) });
  io.talk(`Stored ${name}`);
  const config = await loadSecrets(options, context);
  if (!Object.hasOwn(config, name)) io.talk(formatUse(name));
  return await reloadSessions(context);
}

/** `sandcage secret rm`: removes a stored secret. */
export async function runSecretRemove(
  options: { name: string },
  context: CommandContext,
): Promise<number> {
  const { host, io } = context;
  const name = requireName([options.name]);
  if (!await removeSecret(host.stateDir, name, { onRepair: warnOf(context) })) {
    throw new UserError(`There is no stored secret ${name}`, { hint: "Run: sandcage secret list" });
  }
  io.talk(`Removed ${name}`);
  return await reloadSessions(context);
}

/** `sandcage secret list`: which secrets this project uses and which are there; never a value. */
export async function runSecretList(
  options: { json: boolean; path?: string },
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const config = await loadSecrets(options, context);
  const stored = await listSecrets(host.stateDir, { onRepair: warnOf(context) });
  // A command may ask for a password, and nobody has allowed a project's one yet.
  const checked = Object.fromEntries(
    Object.entries(config).filter(([, { from }]) => !from.startsWith("cmd:")),
  );
  const { missing } = await resolveSecrets(checked, { host, run, stateDir: host.stateDir });
  const why = new Map(missing.map((one) => [one.name, one.why]));
  const listed = listKnown(config, { stored, why });
  if (options.json) return io.out(formatJson(listed));
  if (listed.length === 0) {
    return io.talk("No secrets are configured or stored. Store one: sandcage secret set NAME");
  }
  const rows = listed.map((one) => [
    one.name,
    one.source ?? "store",
    one.to.join(", ") || "-",
    formatStatus(one),
  ]);
  io.out(formatTable(["NAME", "SOURCE", "TO", "STATUS"], rows, { color: io.color }));
  for (const { name, status } of listed) if (status === "unused") io.talk(formatUse(name));
}

/** Puts what is configured and what is stored into one list, by name. Pure. */
export function listKnown(
  config: Readonly<Record<string, SecretConfig>>,
  facts: { stored: readonly string[]; why: ReadonlyMap<string, string> },
): ListedSecret[] {
  const listed = Object.entries(config).map(([name, { from, to }]): ListedSecret => {
    const why = facts.why.get(name) ?? null;
    const status = from.startsWith("cmd:") ? "unchecked" : why === null ? "ok" : "missing";
    return { name, source: from, to: [...to], status, why };
  });
  const unused = facts.stored.filter((name) => !Object.hasOwn(config, name));
  listed.push(...unused.map((name): ListedSecret => ({
    name,
    source: null,
    to: [...(findKnownHosts(name) ?? [])],
    status: "unused",
    why: null,
  })));
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function formatStatus({ status, why }: ListedSecret): string {
  switch (status) {
    case "ok":
      return "ok";
    case "missing":
      return `MISSING: ${why}`;
    case "unchecked":
      return "asked for at session start";
    case "unused":
      return "stored, not used here";
  }
}

function formatUse(name: string): string {
  if (isSigningKey(name)) return `Requests are signed with ${name}: it cannot be put into them`;
  const entry = findKnownHosts(name) === undefined ? "{ to: [HOST] }" : "{}";
  return `To use ${name}, write into the configuration: secrets: { ${name}: ${entry} }`;
}

/** The secrets of this project, or of the user's own configuration where there is no project. */
async function loadSecrets(
  options: { path?: string },
  { host }: CommandContext,
): Promise<Record<string, SecretConfig>> {
  let projectPath: string;
  try {
    projectPath = (await findProject({ host, path: options.path })).path;
  } catch (error) {
    if (!(error instanceof UserError) || options.path !== undefined) throw error;
    projectPath = host.stateDir;
  }
  return (await loadConfig(projectPath, { host })).config.secrets;
}

function requireName(words: readonly string[]): string {
  const [name = "", ...rest] = words;
  if (rest.length > 0 || name.includes("=")) {
    throw new UserError("A value never goes on the command line", {
      hint: "Other programs can read it there, and the shell remembers it. Give the name alone: " +
        "you are asked for the value, or pipe it in",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  if (NAME.test(name) && name !== "__proto__") return name;
  throw new UserError(`${JSON.stringify(name)} cannot be the name of a secret`, {
    hint: "Give the name of the variable, letters, digits and underscores: ANTHROPIC_API_KEY",
    exit: EXIT.usage,
    code: "usage",
  });
}

function warnOf({ io }: CommandContext): (path: string) => void {
  return (path) => io.warn(`Others could read ${path}; now only you can`);
}

function processValuePorts(): ValuePorts {
  const buffer = new Uint8Array(4096);
  return {
    show: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
    setRaw: (raw) => Deno.stdin.setRaw(raw),
    async read() {
      const count = await Deno.stdin.read(buffer);
      return count === null ? null : buffer.slice(0, count);
    },
    async readAll() {
      const chunks: number[] = [];
      for await (const chunk of Deno.stdin.readable) {
        for (const byte of chunk) chunks.push(byte);
        if (chunks.length > INPUT_MAX) break;
      }
      return new TextDecoder().decode(new Uint8Array(chunks));
    },
  };
}
