import { findPins, type Pin } from "./pins.ts";

/** A project's files as data: what detection reads, so that it needs no disk. */
export type ProjectFiles = {
  /** Paths relative to the project, with `/`. */
  names: readonly string[];
  /** Contents of those of {@link isTelling} that could be read. */
  texts: Readonly<Record<string, string>>;
};

/** A value and the file that speaks for it. */
export type Suggested = { name: string; cause: string };

/** What a project needs, as far as its files tell. */
export type Suggestion = {
  /** By toolchain name, sorted; the version is one that the `toolchains` key takes. */
  toolchains: (Suggested & { version: string })[];
  /** Debian packages, sorted. */
  packages: Suggested[];
};

/** How one ecosystem shows. */
type Ecosystem = {
  toolchain: string;
  /** A file whose name alone tells. */
  marker: RegExp;
  /** Version where no file names one. */
  version: string;
  /** Debian packages that building in this ecosystem usually needs. */
  packages?: readonly string[];
};

const ECOSYSTEMS: readonly Ecosystem[] = [
  {
    toolchain: "rust",
    marker: /^(Cargo\.toml|rust-toolchain(\.toml)?)$/,
    version: "stable",
    packages: ["build-essential", "pkg-config"],
  },
  { toolchain: "node", marker: /^(package\.json|\.nvmrc|\.node-version)$/, version: "22" },
  {
    toolchain: "python",
    marker:
      /^(pyproject\.toml|requirements.*\.txt|setup\.(py|cfg)|Pipfile|uv\.lock|\.python-version)$/,
    version: "3.12",
  },
  { toolchain: "go", marker: /^go\.(mod|work)$/, version: "1.24" },
  { toolchain: "deno", marker: /^(deno\.jsonc?|deno\.lock)$/, version: "2" },
  {
    toolchain: "java",
    marker: /^(pom\.xml|(build|settings)\.gradle(\.kts)?|mvnw|gradlew|\.java-version)$/,
    version: "temurin-21",
  },
  {
    toolchain: "dotnet",
    marker: /^(global\.json|.*\.(sln|slnx|csproj|fsproj|vbproj))$/,
    version: "9",
  },
  { toolchain: "ruby", marker: /^(Gemfile|.*\.gemspec|\.ruby-version)$/, version: "system" },
];

/** Tools of an ecosystem that are asked for by a file of their own. */
const TOOLS: readonly { tool: string; version: string; marker: RegExp; wrapper?: RegExp }[] = [
  { tool: "uv", version: "latest", marker: /^uv\.lock$/ },
  { tool: "bun", version: "latest", marker: /^bun\.lockb?$/ },
  { tool: "maven", version: "3", marker: /^pom\.xml$/, wrapper: /^mvnw$/ },
  { tool: "gradle", version: "8", marker: /^build\.gradle(\.kts)?$/, wrapper: /^gradlew$/ },
];

/** Debian packages that a word in a file asks for. */
const NEEDS: readonly { file: RegExp; word: RegExp; packages: readonly string[] }[] = [
  { file: /^Cargo\.(toml|lock)$/, word: /"openssl-sys"|^openssl\b/m, packages: ["libssl-dev"] },
  { file: /^binding\.gyp$/, word: /./, packages: ["build-essential", "python3"] },
  {
    file: /^(requirements.*\.txt|pyproject\.toml)$/,
    word: /\bpsycopg2?\b(?!-binary)/,
    packages: ["build-essential", "libpq-dev"],
  },
  { file: /^Gemfile(\.lock)?$/, word: /\bpg\b/, packages: ["libpq-dev"] },
  { file: /^Makefile$/, word: /./, packages: ["make"] },
  { file: /^CMakeLists\.txt$/, word: /./, packages: ["build-essential", "cmake"] },
];

/** What Ruby is compiled with when a version other than Debian's is wanted. */
const RUBY_BUILD = ["build-essential", "libffi-dev", "libssl-dev", "libyaml-dev", "zlib1g-dev"];

/** Tells whether a file's content helps detection. */
export function isTelling(path: string): boolean {
  const name = baseName(path);
  return NEEDS.some(({ file }) => file.test(name)) ||
    /^(\.nvmrc|\.node-version|\.tool-versions|package\.json|rust-toolchain(\.toml)?|go\.mod)$/.test(
      name,
    ) ||
    /^(\.python-version|pyproject\.toml|runtime\.txt|\.ruby-version|Gemfile)$/.test(name) ||
    /^(global\.json|.*\.(csproj|fsproj|vbproj)|pom\.xml|build\.gradle(\.kts)?)$/.test(name) ||
    /^(\.java-version|\.sdkmanrc|\.dvmrc)$/.test(name);
}

/** Suggests toolchains and packages from a project's files. Pure; the same files, the same answer. */
export function detectEcosystems(files: ProjectFiles): Suggestion {
  // What is nearer to the root speaks first.
  const names = [...files.names].sort((a, b) => depth(a) - depth(b) || a.localeCompare(b));
  const pins = findPins(names, files.texts);
  const toolchains = new Map<string, Pin>();
  const packages = new Map<string, string>();
  const need = (wanted: readonly string[], cause: string) => {
    for (const name of wanted) if (!packages.has(name)) packages.set(name, cause);
  };
  for (const { toolchain, marker, version, packages: usual = [] } of ECOSYSTEMS) {
    const found = names.find((name) => marker.test(baseName(name)));
    const pin = pins.get(toolchain) ??
      (found === undefined ? undefined : { version, cause: found });
    if (pin === undefined) continue;
    toolchains.set(toolchain, pin);
    need(usual, pin.cause);
    if (toolchain === "ruby" && pin.version !== "system") need(RUBY_BUILD, pin.cause);
  }
  for (const { tool, version, marker, wrapper } of TOOLS) {
    const found = names.find((name) => marker.test(baseName(name)));
    const wrapped = names.some((name) => wrapper?.test(baseName(name)) === true);
    if (found !== undefined && !wrapped) toolchains.set(tool, { version, cause: found });
  }
  for (const { file, word, packages: wanted } of NEEDS) {
    const found = names.find((name) =>
      file.test(baseName(name)) && word.test(files.texts[name] ?? "")
    );
    if (found !== undefined) need(wanted, found);
  }
  return {
    toolchains: [...toolchains].sort(byName).map(([name, pin]) => ({ name, ...pin })),
    packages: [...packages].sort(byName).map(([name, cause]) => ({ name, cause })),
  };
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function depth(path: string): number {
  return path.split("/").length;
}
