import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { visibleText } from "../transfer/visible.ts";
import { latin1 } from "./bytes.ts";
import { collect, feed, spawnChild, startChild } from "./child.ts";
import type { Git } from "./git.ts";
import { planGitEnv } from "./git_plan.ts";
import type { Identity } from "./types.ts";

/** How the user signs commits, as their git is set up. */
export type Signing = { format: "openpgp" | "ssh" | "x509"; program: string; key: string };

/** Signs the bytes of a commit; tells the value of its `gpgsig` header. */
export type Sign = (payload: Uint8Array) => Promise<string>;

/** A passphrase may be asked for. */
const SIGN_MS = 120_000;

const PROGRAMS = { openpgp: "gpg", ssh: "ssh-keygen", x509: "gpgsm" } as const;

/**
 * Reads how the user signs: `gpg.format`, the program and the key, or their name where gpg finds the
 * key by it.
 *
 * @throws {UserError} If the format is unknown, or ssh has no key.
 * @see {@link https://git-scm.com/docs/git-config#Documentation/git-config.txt-gpgformat}
 */
export async function readSigning(git: Git, identity: Identity): Promise<Signing> {
  const settings = await readSettings(git);
  const format = settings.get("gpg.format") ?? "openpgp";
  if (format !== "openpgp" && format !== "ssh" && format !== "x509") {
    throw signError(`git signs with ${visibleText(format)}, which is unknown`, "Set gpg.format");
  }
  const program = settings.get(`gpg.${format}.program`) ??
    (format === "openpgp" ? settings.get("gpg.program") : undefined) ?? PROGRAMS[format];
  const key = settings.get("user.signingkey") ??
    (format === "ssh" ? undefined : `${identity.name} <${identity.email}>`);
  if (key === undefined) {
    throw signError(
      "git has no key to sign with",
      "Set one: git config --global user.signingKey FILE",
    );
  }
  return { format, program, key };
}

async function readSettings(git: Git): Promise<Map<string, string>> {
  // Nothing set is an answer, too: git says so by its code.
  const { stdout } = await git.run(["config", "--null", "--get-regexp", "^(gpg|user)\\."]);
  const entries = new TextDecoder().decode(stdout).split("\0").filter((entry) => entry !== "");
  return new Map(entries.map((entry): [string, string] => {
    const end = entry.indexOf("\n");
    return end < 0 ? [entry, ""] : [entry.slice(0, end), entry.slice(end + 1)];
  }));
}

/**
 * Signs with the user's own key, by the program their git would call. Signatures of gpg hold the
 * time: the same commits signed twice have different ids.
 */
export function createSign(
  signing: Signing,
  options: { env: Readonly<Record<string, string | undefined>>; signal?: AbortSignal | undefined },
): Sign {
  return async (payload) => {
    await using keyFile = await writeKey(signing);
    const command = [
      signing.program,
      ...planSignArgs(signing, { keyFile: keyFile?.path, home: options.env.HOME }),
    ];
    await using child = startChild(startProgram(command, planGitEnv(options.env)), {
      timeoutMs: SIGN_MS,
      signal: options.signal,
    });
    const [stdout] = await Promise.all([collect(child), feed(child, payload)]);
    const { code, stderr, timedOut } = await child.result();
    options.signal?.throwIfAborted();
    const text = latin1(stdout).replaceAll("\r", "").trimEnd();
    if (code === 0 && text.startsWith("-----BEGIN ")) return text.replaceAll("\n", "\n ");
    const why = timedOut ? "it took too long" : stderr.trim().split("\n").at(-1) ?? "";
    throw signError(
      `${signing.program} makes no signature: ${visibleText(why)}`,
      "Unlock the key in its agent, or promote without signatures",
    );
  };
}

/** The arguments of the program that signs. Pure. */
export function planSignArgs(
  { format, key }: Signing,
  at: { keyFile?: string | undefined; home?: string | undefined },
): string[] {
  if (format !== "ssh") return ["--status-fd=2", "-bsau", key];
  // A key that is written out is public: the agent has the other half.
  if (at.keyFile !== undefined) return ["-Y", "sign", "-n", "git", "-f", at.keyFile, "-U"];
  const path = key.startsWith("~/") ? join(at.home ?? "~", key.slice(2)) : key;
  return ["-Y", "sign", "-n", "git", "-f", path];
}

/** A key that is written out in the settings goes into a file, where ssh-keygen looks for it. */
async function writeKey(
  { format, key }: Signing,
): Promise<AsyncDisposable & { path: string } | undefined> {
  const literal = key.startsWith("key::") ? key.slice(5) : key.startsWith("ssh-") ? key : undefined;
  if (format !== "ssh" || literal === undefined) return undefined;
  const dir = await Deno.makeTempDir({ prefix: "sandcage-key-" });
  const path = join(dir, "key.pub");
  await Deno.writeTextFile(path, `${literal}\n`, { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

function startProgram(command: readonly string[], env: Record<string, string>): Deno.ChildProcess {
  try {
    return spawnChild(command, { env, group: undefined });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw signError(`there is no ${command[0]} on this machine`, "Install it");
  }
}

function signError(why: string, hint: string): UserError {
  return new UserError(`Cannot sign commits: ${why}`, {
    hint,
    exit: EXIT.config,
    code: "config-invalid",
  });
}
