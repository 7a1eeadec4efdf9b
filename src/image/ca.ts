import { sha256Hex } from "../hash.ts";
import { isAbsolute, join } from "node:path";
import type { Run } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import { writeFileAtomic } from "../files.ts";
import type { Host } from "../host.ts";

/** Bundles of the common systems; the first ones are Debian's, Fedora's, SUSE's and Alpine's. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Where an administrator puts further certificates on Debian, and on Fedora. */
const LOCAL_DIRS = ["/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors"];

/** The system's copy of Mozilla's set, certificate by certificate; newer or older than ours. */
const MOZILLA_DIR = "/usr/share/ca-certificates/mozilla";

/** macOS and Windows keep certificates in stores that only a program can read. */
const STORE_COMMAND: Partial<Record<Host["platform"], [string, ...string[]]>> = {
  darwin: ["security", "find-certificate", "-a", "-p", "/Library/Keychains/System.keychain"],
  windows: [
    "powershell",
    "-NoProfile",
    "-NonInteractive",
    "-Command",
    "Get-ChildItem Cert:\\LocalMachine\\Root, Cert:\\CurrentUser\\Root | ForEach-Object { " +
    "'-----BEGIN CERTIFICATE-----'; [Convert]::ToBase64String($_.RawData); " +
    "'-----END CERTIFICATE-----' }",
  ],
};

const STORE_TIMEOUT_MS = 20_000;

/** Which certificates reach the cage: `image.ca` of the configuration. */
export type CaSetting = "auto" | "none" | readonly string[];

/**
 * Finds the certificate authorities the host trusts beyond Mozilla's set: a company's, mostly. They
 * go into every image, as Debian's own set is there already.
 *
 * `auto` is cached by size and modification time of the files it reads: a start costs a few `stat`.
 *
 * @param setting A list names PEM files, absolute, from `~/` or from the project.
 * @returns PEM texts, sorted and without duplicates, so that equal trust gives equal images.
 * @throws {UserError} With code `config-invalid`, if a listed file is missing or holds none.
 */
export async function observeCa(
  setting: CaSetting,
  options: { host: Host; projectPath: string; run: Run },
): Promise<string[]> {
  if (setting === "none") return [];
  if (setting === "auto") return await observeHostCa(options.host, options.run);
  const texts = await Promise.all(setting.map((path) => readListed(path, options)));
  return extraCertificates(texts, []);
}

/**
 * The certificates in `texts` that are not in `known`, normalized, sorted, without duplicates. Pure.
 */
export function extraCertificates(texts: readonly string[], known: readonly string[]): string[] {
  const ours = new Set(known.flatMap(splitPem));
  const extra = new Set(texts.flatMap(splitPem).filter((body) => !ours.has(body)));
  return [...extra].toSorted().map(formatPem);
}

// The body without its line breaks is the DER bytes in one spelling: equal bodies, equal certificates.
function splitPem(text: string): string[] {
  const blocks = text.matchAll(
    /-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g,
  );
  return [...blocks].map((block) => block[1]!.replace(/\s+/g, ""));
}

function formatPem(body: string): string {
  const lines = body.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

async function observeHostCa(host: Host, run: Run): Promise<string[]> {
  const files = await listHostFiles(host);
  const key = sha256Hex(JSON.stringify(files));
  const cache = join(host.stateDir, "cache", "ca.json");
  const cached = await readCache(cache, key);
  if (cached !== undefined) return cached;
  const { rootCertificates } = await import("node:tls");
  const texts = await Promise.all(files.map((file) => readText(file.path)));
  const store = await readStore(host, run);
  const mozilla = await Promise.all((await listDir(MOZILLA_DIR)).map(readText));
  const certificates = extraCertificates([...texts, ...store], [...rootCertificates, ...mozilla]);
  await writeFileAtomic(cache, JSON.stringify({ schema: 1, key, certificates }));
  return certificates;
}

/** One file that certificates come from, and what tells that it changed. */
type SourceFile = { path: string; size: number; modifiedMs: number };

async function listHostFiles(host: Host): Promise<SourceFile[]> {
  const named = [host.env.SSL_CERT_FILE, host.env.NODE_EXTRA_CA_CERTS]
    .filter((path): path is string => path !== undefined && path !== "");
  const local = host.platform === "linux" ? await Promise.all(LOCAL_DIRS.map(listDir)) : [];
  const system = host.platform === "linux" ? SYSTEM_BUNDLES : [];
  const paths = [...new Set([...named, ...local.flat(), ...system])];
  const files = await Promise.all(paths.map(statFile));
  return files.filter((file) => file !== undefined);
}

async function statFile(path: string): Promise<SourceFile | undefined> {
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) return undefined;
    return { path, size: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
  } catch {
    // Absent or not ours to read: then it is not what this user's programs trust either.
    return undefined;
  }
}

async function listDir(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) {
      if (/\.(crt|pem|cer)$/i.test(entry.name)) found.push(join(path, entry.name));
    }
  } catch {
    // Most systems have only one of the directories.
  }
  return found.toSorted();
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}

async function readStore(host: Host, run: Run): Promise<string[]> {
  const command = STORE_COMMAND[host.platform];
  if (command === undefined) return [];
  const [program, ...args] = command;
  try {
    const result = await run(program, args, { timeoutMs: STORE_TIMEOUT_MS });
    return result.code === 0 ? [result.stdout] : [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function readCache(path: string, key: string): Promise<string[] | undefined> {
  try {
    const value = JSON.parse(await Deno.readTextFile(path)) as {
      schema?: unknown;
      key?: unknown;
      certificates?: unknown;
    };
    if (value.schema !== 1 || value.key !== key || !Array.isArray(value.certificates)) return;
    return value.certificates.map(String);
  } catch {
    // Absent, half-written by hand or from another version: it is only a cache.
    return undefined;
  }
}

async function readListed(
  path: string,
  options: { host: Host; projectPath: string },
): Promise<string> {
  const { host, projectPath } = options;
  const full = path.startsWith("~/")
    ? join(host.home, path.slice(2))
    : isAbsolute(path)
    ? path
    : join(projectPath, path);
  let text: string;
  try {
    text = await Deno.readTextFile(full);
  } catch (cause) {
    throw invalid(`Cannot read ${full}, named in image.ca`, cause);
  }
  if (splitPem(text).length === 0) {
    throw invalid(`${full}, named in image.ca, holds no certificate`);
  }
  return text;
}

function invalid(message: string, cause?: unknown): UserError {
  return new UserError(message, {
    hint: "Give PEM files that start with -----BEGIN CERTIFICATE-----, or image.ca: auto",
    exit: EXIT.config,
    code: "config-invalid",
    cause,
  });
}
