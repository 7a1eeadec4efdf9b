import assert from "node:assert/strict";
import fc from "fast-check";
import { type DotfilesEntry, planDotfiles } from "../../../src/copy/dotfiles_plan.ts";

/** A repository as paths of its files; directories are added. */
function repository(...files: string[]): DotfilesEntry[] {
  const dirs = files.flatMap((file) => {
    const parts = file.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  });
  return [
    ...[...new Set(dirs)].map((path) => ({ path, kind: "dir" as const })),
    ...files.map((path) => ({ path, kind: "file" as const })),
  ].sort((a, b) => a.path < b.path ? -1 : 1);
}

/** What goes where, files alone. */
function placed(entries: readonly DotfilesEntry[]): Record<string, string> {
  const files = entries.filter(({ kind }) => kind === "file").map(({ path }) => path);
  return Object.fromEntries(
    planDotfiles(entries).copies.filter(({ from }) => files.includes(from))
      .map(({ from, to }) => [to, from]),
  );
}

const LAYOUTS: [string, string[], Record<string, string>][] = [
  [
    "dotfiles at the top go to the top of the home, with all that is in them",
    [".zshrc", ".config/nvim/init.lua", "README.md", "scripts/x"],
    { ".zshrc": ".zshrc", ".config/nvim/init.lua": ".config/nvim/init.lua" },
  ],
  [
    "what a repository has for itself stays out",
    [".gitignore", ".github/workflows/ci.yml", ".editorconfig", ".gitconfig"],
    { ".gitconfig": ".gitconfig" },
  ],
  [
    "top directories with dotfiles are packages",
    ["zsh/.zshrc", "nvim/.config/nvim/init.lua", "docs/guide.md", ".gitignore"],
    { ".zshrc": "zsh/.zshrc", ".config/nvim/init.lua": "nvim/.config/nvim/init.lua" },
  ],
  [
    "with a package named common only that one counts",
    ["common/.zshrc", "work/.zshrc", "mac/.yabairc"],
    { ".zshrc": "common/.zshrc" },
  ],
  [
    "common counts beside dotfiles at the top, too",
    ["common/.vimrc", ".bashrc"],
    { ".vimrc": "common/.vimrc" },
  ],
  [
    "dotfiles at the top win over directories that look like packages",
    [".bashrc", "themes/.theme"],
    { ".bashrc": ".bashrc" },
  ],
  [
    "a .stowrc says that directories are packages",
    [".stowrc", ".bashrc", "vim/.vimrc"],
    { ".vimrc": "vim/.vimrc" },
  ],
  [
    "dot- at the start of a name reads as a dot",
    ["git/dot-gitconfig", "git/dot-config/git/dot-ignore", "git/README.md"],
    { ".gitconfig": "git/dot-gitconfig", ".config/git/.ignore": "git/dot-config/git/dot-ignore" },
  ],
  ["a repository without dotfiles brings none", ["README.md", "src/main.c"], {}],
  ["an empty one brings nothing", [], {}],
];

for (const [title, files, expected] of LAYOUTS) {
  Deno.test(`planDotfiles(): ${title}`, () => {
    assert.deepEqual(placed(repository(...files)), expected);
  });
}

Deno.test("planDotfiles() takes the first package's file and names the clash", () => {
  const plan = planDotfiles(repository("a/.rc", "b/.rc", "b/.config/x", "a/.config/y"));
  assert.deepEqual(plan.clashes, [".rc"]);
  assert.deepEqual(plan.copies.map(({ from, to }) => `${from} -> ${to}`).sort(), [
    "a/.config -> .config",
    "a/.config/y -> .config/y",
    "a/.rc -> .rc",
    "b/.config/x -> .config/x",
  ]);
});

Deno.test("planDotfiles() puts nothing below another package's file", () => {
  const plan = planDotfiles(repository("a/.config", "b/.config/x"));
  assert.deepEqual(plan.copies, [{ from: "a/.config", to: ".config" }]);
  assert.deepEqual(plan.clashes, [".config", ".config/x"]);
});

for (
  const [files, install] of [
    [["install.sh", "setup.sh", ".rc"], "install.sh"],
    [["bootstrap.sh", "setup.sh"], "setup.sh"],
    [["install/linux.sh", "script/setup"], "script/setup"],
    [["install/linux.sh"], undefined],
    [["deep/install.sh"], undefined],
  ] as const
) {
  Deno.test(`planDotfiles() of ${files.join(", ")} runs ${install ?? "nothing"}`, () => {
    assert.equal(planDotfiles(repository(...files)).install, install);
  });
}

Deno.test("planDotfiles() gives each place one source, and directories before their content", () => {
  const name = fc.constantFrom("a", "b", ".rc", ".config", "dot-x", "common", "README");
  const paths = fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
  fc.assert(fc.property(paths, (made) => {
    const files = [...new Set(made.map((parts) => parts.join("/")))];
    const whole = files.filter((path) => !files.some((other) => other.startsWith(`${path}/`)));
    const { copies } = planDotfiles(repository(...whole));
    const places = copies.map(({ to }) => to);
    assert.equal(new Set(places).size, places.length);
    for (const [index, to] of places.entries()) {
      const parent = to.split("/").slice(0, -1).join("/");
      assert.ok(!places.slice(index + 1).includes(parent), `${parent} comes after ${to}`);
      assert.ok(!to.split("/").includes("..") && !to.startsWith("/"));
    }
  }));
});
