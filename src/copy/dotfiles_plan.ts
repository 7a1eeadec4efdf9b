/** One thing of a dotfiles repository. */
export type DotfilesEntry = {
  /** Relative to its root, parts joined by `/`. */
  path: string;
  kind: "file" | "dir" | "link";
};

/** What becomes of a dotfiles repository in a home. */
export type DotfilesPlan = {
  /** `stow`: its top directories are packages; `plain`: its top is the home. */
  layout: "stow" | "plain";
  /** Names of the packages whose files are taken; empty in layout `plain`. */
  packages: string[];
  /** What goes where below the home, directories before what is in them. */
  copies: { from: string; to: string }[];
  /** Script that runs inside once, from the repository's root. */
  install?: string;
  /** Paths that two packages bring; the first one's is taken. */
  clashes: string[];
};

/** Scripts that set dotfiles up, the likeliest first; the first that is there runs. */
const INSTALL_SCRIPTS = [
  "install.sh",
  "setup.sh",
  "bootstrap.sh",
  "install",
  "setup",
  "bootstrap",
  "script/install",
  "script/setup",
  "script/bootstrap",
];

/** The package that stands for all, where a repository has packages for other machines too. */
const COMMON = "common";

/** What a repository has for itself, and no home wants. */
const OF_REPOSITORY = new Set([
  ".circleci",
  ".devcontainer",
  ".DS_Store",
  ".editorconfig",
  ".git",
  ".gitattributes",
  ".github",
  ".gitignore",
  ".gitlab",
  ".gitlab-ci.yml",
  ".gitmodules",
  ".mailmap",
  ".pre-commit-config.yaml",
  ".stow-local-ignore",
  ".stowrc",
  ".travis.yml",
  ".vscode",
]);

/** What GNU Stow leaves out of packages by itself. */
const OF_PACKAGE = /^(README|LICENSE|COPYING)/;

/**
 * Decides what of a dotfiles repository goes where. A directory at its top that holds dotfiles is a
 * package of GNU Stow: its content is the home's, `dot-` at the start of a name reads as a dot. With
 * a package named `common` only that one is taken, else all. Where the top itself holds dotfiles, and
 * no `.stowrc` says otherwise, it is those that are taken, and directories are the scripts' business.
 * Pure.
 *
 * @param entries Everything in the repository but `.git`, directories before what is in them.
 */
export function planDotfiles(entries: readonly DotfilesEntry[]): DotfilesPlan {
  const packages = findPackages(entries);
  const isStow = packages.length > 0 &&
    (packages.includes(COMMON) || isMarked(entries) || !entries.some(isTopDotfile));
  const taken = packages.includes(COMMON) ? [COMMON] : packages;
  const { copies, clashes } = isStow
    ? planPackages(entries, taken)
    : { copies: planTop(entries), clashes: [] };
  const install = INSTALL_SCRIPTS.find((script) =>
    entries.some(({ path, kind }) => path === script && kind === "file")
  );
  return {
    layout: isStow ? "stow" : "plain",
    packages: isStow ? taken : [],
    copies,
    ...(install === undefined ? {} : { install }),
    clashes,
  };
}

function findPackages(entries: readonly DotfilesEntry[]): string[] {
  const packages = entries.flatMap(({ path }) => {
    const [top, name, ...rest] = path.split("/");
    const isDotfile = name !== undefined && rest.length === 0 && !top!.startsWith(".") &&
      (name.startsWith("dot-") || (name.startsWith(".") && !OF_REPOSITORY.has(name)));
    return isDotfile ? [top!] : [];
  });
  return [...new Set(packages)].sort();
}

function isMarked(entries: readonly DotfilesEntry[]): boolean {
  return entries.some(({ path }) => path === ".stowrc" || path === ".stow-local-ignore");
}

function isTopDotfile({ path }: DotfilesEntry): boolean {
  return path.startsWith(".") && !path.includes("/") && !OF_REPOSITORY.has(path);
}

function planTop(entries: readonly DotfilesEntry[]): DotfilesPlan["copies"] {
  return entries.filter(({ path }) => isTopDotfile({ path: path.split("/")[0]!, kind: "file" }))
    .map(({ path }) => ({ from: path, to: path }));
}

function planPackages(
  entries: readonly DotfilesEntry[],
  packages: readonly string[],
): Pick<DotfilesPlan, "copies" | "clashes"> {
  const copies = new Map<string, { from: string; kind: DotfilesEntry["kind"] }>();
  const clashes: string[] = [];
  for (const name of packages) {
    for (const { path, kind } of entries) {
      if (!path.startsWith(`${name}/`)) continue;
      const parts = path.slice(name.length + 1).split("/");
      if (OF_PACKAGE.test(parts[0]!) || OF_REPOSITORY.has(parts[0]!)) continue;
      const to = parts.map((part) => part.replace(/^dot-(?=.)/, ".")).join("/");
      const other = findOther(copies, to);
      if (other === undefined) copies.set(to, { from: path, kind });
      // Directories of several packages are one.
      else if (kind !== "dir" || other.kind !== "dir") clashes.push(to);
    }
  }
  return { copies: [...copies].map(([to, { from }]) => ({ from, to })), clashes };
}

/** What stands at a path already, or in its way as something that is no directory. */
function findOther<Taken extends { kind: DotfilesEntry["kind"] }>(
  copies: ReadonlyMap<string, Taken>,
  to: string,
): Taken | undefined {
  const parts = to.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const parent = copies.get(parts.slice(0, depth).join("/"));
    if (parent !== undefined && parent.kind !== "dir") return parent;
  }
  return copies.get(to);
}
