import type { SourceHole } from "../source_hole.ts";

/** Holes in what decides about the files of a project. */
export const CONFIG_HOLES: readonly SourceHole[] = [
  {
    name: "a project's mounts need no trust",
    change: [{
      file: "src/config/grants.ts",
      find: "  planHostPaths(planning);\n",
      replace: "",
    }],
    red: ["X01"],
  },
  {
    name: "a key that nobody knows is passed over",
    change: [{
      file: "src/config/validate.ts",
      find: "    report(`unknown key ${quote(key)}`, suggestKey(key, node, walk.root));\n",
      replace: "",
    }],
    red: ["X01"],
  },
  {
    name: "what no cage may see can be agreed to",
    change: [{
      file: "src/config/host_paths.ts",
      find: "    if (reason !== undefined) throw refusal",
      replace: '    if (reason === "") throw refusal',
    }],
    red: ["X01"],
  },
  {
    name: "every directory is a project",
    change: [{
      file: "src/project/root.ts",
      find: "  if (refusal !== undefined) throw refused(start, refusal);\n",
      replace: "",
    }],
    red: ["X02"],
  },
  {
    name: "a home that is kept in git takes in all that is below it",
    change: [{
      file: "src/project/root.ts",
      find: "    if (dir !== start && await findRefusal(dir, host) !== undefined) break;\n",
      replace: "",
    }],
    red: ["X02"],
  },
  {
    name: "a .git is followed wherever it leads",
    change: [{
      file: "src/project/gitdir.ts",
      find: "  if (back !== dir && !isSameOrInside(gitDir, dir)) {",
      replace: '  if (dir === "") {',
    }],
    red: ["X02"],
  },
  {
    name: "a project's commands need no trust",
    change: [{ file: "src/config/grants.ts", find: "  planInside(planning);\n", replace: "" }],
    // A command is what X05 trusts and then changes.
    red: ["X03", "X05"],
  },
  {
    name: "a project's network needs no trust",
    change: [{ file: "src/config/grants.ts", find: "  planNetwork(planning);\n", replace: "" }],
    red: ["X04"],
  },
  {
    name: "trust is for the key, not for what it says",
    change: [{
      file: "src/config/trust.ts",
      find: "JSON.stringify([grant.key, grant.value, content])",
      replace: "JSON.stringify([grant.key])",
    }],
    red: ["X05"],
  },
  {
    name: "words are shown as they are",
    change: [{
      file: "src/failure.ts",
      find: "  return text.replace(ACTING, (char) => {",
      replace: "  return text.replace(/(?!)/, (char) => {",
    }],
    red: ["X06"],
  },
  {
    name: "what is asked for is shown as it is",
    change: [{
      file: "src/config/trust.ts",
      find: "printable(grant.shown)",
      replace: "grant.shown",
    }],
    red: ["X06"],
  },
];
