import { findFitting } from "./ranges.ts";

/** A version and the file that names it. */
export type Pin = { version: string; cause: string };

/** Release lines that exist, preferred first; a range takes the first that it allows. */
const NODE_LINES = ["22", "24", "20", "26", "18", "16"];
const PYTHON_LINES = ["3.12", "3.13", "3.11", "3.14", "3.10", "3.9"];

/** Our names for what .tool-versions calls otherwise. */
const TOOL_NAMES: Readonly<Record<string, string>> = {
  nodejs: "node",
  golang: "go",
  "dotnet-core": "dotnet",
  dotnet: "dotnet",
  node: "node",
  python: "python",
  ruby: "ruby",
  rust: "rust",
  java: "java",
  deno: "deno",
  go: "go",
};

/** Reads one version out of one kind of file. */
type Reader = { toolchain: string; file: RegExp; read(text: string): string | undefined };

/** In the order of precedence: files that exist to pin come before manifests. */
const READERS: readonly Reader[] = [
  { toolchain: "node", file: /^\.(nvmrc|node-version)$/, read: (text) => number(text) },
  { toolchain: "node", file: /^package\.json$/, read: readPackageJson },
  { toolchain: "python", file: /^(\.python-version|runtime\.txt)$/, read: readPythonVersion },
  { toolchain: "python", file: /^pyproject\.toml$/, read: readPyproject },
  { toolchain: "rust", file: /^rust-toolchain(\.toml)?$/, read: readRustToolchain },
  { toolchain: "go", file: /^go\.mod$/, read: readGoMod },
  { toolchain: "deno", file: /^\.dvmrc$/, read: (text) => number(text) },
  { toolchain: "java", file: /^\.(java-version|sdkmanrc)$/, read: readJavaVersion },
  { toolchain: "java", file: /^pom\.xml$/, read: readPom },
  { toolchain: "java", file: /^build\.gradle(\.kts)?$/, read: readGradle },
  { toolchain: "dotnet", file: /^global\.json$/, read: readGlobalJson },
  { toolchain: "dotnet", file: /\.(cs|fs|vb)proj$/, read: readProjectFile },
  { toolchain: "ruby", file: /^\.ruby-version$/, read: (text) => number(text) },
  {
    toolchain: "ruby",
    file: /^Gemfile$/,
    read: (text) => match(text, /^\s*ruby\s+["'](\d[\d.]*)["']/m),
  },
];

/**
 * Finds the versions that files pin, by toolchain. A file that cannot be read as what it claims to
 * be pins nothing. Pure.
 *
 * @param names In the order of precedence: the first file that pins wins.
 */
export function findPins(
  names: readonly string[],
  texts: Readonly<Record<string, string>>,
): Map<string, Pin> {
  const pins = new Map<string, Pin>();
  const pin = (toolchain: string, version: string | undefined, cause: string) => {
    if (version !== undefined && isSafe(version) && !pins.has(toolchain)) {
      pins.set(toolchain, { version, cause });
    }
  };
  const read = (test: (base: string) => boolean, use: (text: string, name: string) => void) => {
    for (const name of names) {
      const text = texts[name];
      if (text !== undefined && test(name.slice(name.lastIndexOf("/") + 1))) use(text, name);
    }
  };
  read((base) => base === ".tool-versions", (text, name) => {
    for (const [, tool = "", version = ""] of text.matchAll(/^([\w-]+)[ \t]+(\S+)/gm)) {
      const toolchain = TOOL_NAMES[tool];
      const wanted = toolchain === "node" || toolchain === "ruby" ? number(version) : version;
      if (toolchain !== undefined) pin(toolchain, wanted, name);
    }
  });
  for (const reader of READERS) {
    read((base) => reader.file.test(base), (text, name) => {
      pin(reader.toolchain, reader.read(text), name);
    });
  }
  return pins;
}

// What ends in an image build must be a plain version; anything else is not a suggestion.
function isSafe(version: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]{0,40}$/.test(version);
}

function readPackageJson(text: string): string | undefined {
  const manifest = parseJson(text) as {
    engines?: { node?: unknown };
    volta?: { node?: unknown };
  } | undefined;
  const volta = manifest?.volta?.node;
  if (typeof volta === "string") return number(volta);
  const range = manifest?.engines?.node;
  return typeof range === "string" ? findFitting(range, NODE_LINES) : undefined;
}

function readPythonVersion(text: string): string | undefined {
  return match(text, /^(?:python-?)?(3\.\d+(?:\.\d+)?)\b/m);
}

function readPyproject(text: string): string | undefined {
  const range = match(text, /^\s*requires-python\s*=\s*["']([^"']+)["']/m) ??
    match(text, /^\s*python\s*=\s*["']([^"']+)["']/m);
  return range === undefined ? undefined : findFitting(range, PYTHON_LINES);
}

function readRustToolchain(text: string): string | undefined {
  return match(text, /^\s*channel\s*=\s*["']([^"']+)["']/m) ?? match(text, /^([\w.-]+)\s*$/);
}

function readGoMod(text: string): string | undefined {
  return match(text, /^toolchain\s+go(\d+(?:\.\d+)+)/m) ?? match(text, /^go\s+(\d+(?:\.\d+)+)/m);
}

function readJavaVersion(text: string): string | undefined {
  return temurin(match(text, /^(?:java=)?(?:temurin-?|openjdk-?)?(?:1\.)?(\d+)/m));
}

function readPom(text: string): string | undefined {
  const tag = "maven\\.compiler\\.(?:release|target|source)|java\\.version|release";
  return temurin(match(text, new RegExp(`<(?:${tag})>\\s*(?:1\\.)?(\\d+)\\s*</`)));
}

function readGradle(text: string): string | undefined {
  return temurin(
    match(text, /JavaLanguageVersion\.of\((\d+)\)|jvmToolchain\((\d+)\)/) ??
      match(
        text,
        /(?:source|target)Compatibility\s*=?\s*(?:JavaVersion\.VERSION_)?["']?(?:1[._])?(\d+)/,
      ),
  );
}

function readGlobalJson(text: string): string | undefined {
  const version = (parseJson(text) as { sdk?: { version?: unknown } } | undefined)?.sdk?.version;
  return typeof version === "string" ? version : undefined;
}

function readProjectFile(text: string): string | undefined {
  return match(text, /<TargetFrameworks?>[^<]*?net(\d+)\.0/);
}

// The Java version a build asks for may be older than any JDK that is still made.
function temurin(major: string | undefined): string | undefined {
  return major === undefined ? undefined : `temurin-${major}`;
}

/** The first version number of a text, without a leading `v` or name; aliases such as `lts/*` are none. */
function number(text: string): string | undefined {
  return match(text, /^\s*(?:v|ruby-)?(\d+(?:\.\d+)*)\s*$/m);
}

function match(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.slice(1).find((group) => group !== undefined);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Broken manifests are the project's business.
  }
}
