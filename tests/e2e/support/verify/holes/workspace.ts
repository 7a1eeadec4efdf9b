import type { SourceHole } from "../source_hole.ts";

/** Holes in what brings the work of a copy cage back, and in what covers files of a mounted one. */
export const WORKSPACE_HOLES: readonly SourceHole[] = [
  {
    name: "links are not looked at",
    change: [{
      file: "src/tree/paths.ts",
      find: '  if (target === "") return "it is a link to nothing";\n',
      replace: '  if (path !== "") return undefined;\n',
    }, {
      file: "src/tree/link_target.ts",
      find: "if (stack.pop() === undefined) return false;",
      replace: "stack.pop();",
    }, {
      file: "src/tree/link_target.ts",
      find: '    if (next.startsWith("/")) return false;\n',
      replace: "",
    }],
    red: ["W01"],
  },
  {
    name: "git's names are names as others",
    change: [{
      file: "src/tree/paths.ts",
      find: '  return GIT_NAME.test(part.replace(HFS_IGNORED, ""));',
      replace: '  return part === ".git";',
    }],
    red: ["W02"],
  },
  {
    name: "names are shown as they are",
    change: [{
      file: "src/tree/visible.ts",
      find: "  return JSON.stringify(shown)",
      replace: '  return `"${shown}"` || JSON.stringify(shown)',
    }],
    red: ["W02"],
  },
  {
    name: "texts are shown as they are",
    change: [{
      file: "src/transfer/visible.ts",
      find: "  return line.replace(UNSEEN, (char) => {",
      replace: "  return line.replace(/(?!)/, (char) => {",
    }],
    red: ["W02"],
  },
  {
    name: "programs come with the rights of whoever gets them",
    change: [{
      file: "src/transfer/deno_fs.ts",
      find: "setMtime: (path, mtimeMs) => Deno.utimeSync(path, mtimeMs / 1000, mtimeMs / 1000),",
      replace: "setMtime(path, mtimeMs) {\n" +
        "  Deno.utimeSync(path, mtimeMs / 1000, mtimeMs / 1000);\n" +
        "  if ((Deno.lstatSync(path).mode! & 0o100) !== 0) Deno.chmodSync(path, 0o6755);\n" +
        "},",
    }],
    red: ["W02"],
  },
  {
    name: "this machine's git looks",
    change: [{
      file: "src/tree/walk.ts",
      find: 'name !== ".git")',
      replace: '(name !== ".git" || dir === ""))',
    }, {
      file: "src/tree/paths.ts",
      find: '  if (path === "") return "it is empty";\n',
      replace: "  if (/^\\.git(\\/|$)/.test(path)) return undefined;\n",
    }, {
      file: "src/transfer/host_rules.ts",
      find: '...[".git", ".cageprotect",',
      replace: '...[".cageprotect",',
    }, {
      file: "src/cli/commands/export.ts",
      find: "  result(true, exported);\n",
      replace:
        '  await new Deno.Command("git", { args: ["status"], cwd: prepared[0]!.opened.target }).output();\n' +
        "  result(true, exported);\n",
    }],
    red: ["W03"],
  },
  {
    name: "what .cageprotect names is not kept",
    change: [{
      file: "src/transfer/host_rules.ts",
      find: "    cageprotect,\n",
      replace: "",
    }],
    red: ["W04"],
  },
  {
    name: "the host's .gitignore is not read",
    change: [{
      file: "src/tree/scan.ts",
      find: "      if (!names.includes(GITIGNORE)) return inherited;\n",
      replace: "      if (names.length >= 0) return inherited;\n",
    }],
    red: ["W04"],
  },
  {
    name: "nothing is named",
    change: [{
      file: "src/transfer/review.ts",
      find: "  for (const write of plan.writes) {\n",
      replace: "  for (const write of [] as PlannedWrite[]) {\n",
    }],
    red: ["W05"],
  },
  {
    name: "nobody is asked",
    change: [{
      file: "src/cli/commands/export.ts",
      find: "  if (risky === 0) return true;\n",
      replace: "  if (risky >= 0) return true;\n",
    }],
    red: ["W05"],
  },
  {
    name: "nothing is hidden",
    change: [{
      file: "src/workspace/mount.ts",
      find: "    for (const mask of root.matches.hidden) addHidden(",
      replace: "    for (const mask of root.matches.hidden.slice(1e9)) addHidden(",
    }],
    red: ["W06"],
  },
  {
    name: ".git is not protected",
    change: [{
      file: "src/workspace/mount.ts",
      find: "      for (const path of git.protect) addReadonly(",
      replace: "      for (const path of git.protect.slice(1e9)) addReadonly(",
    }],
    red: ["W06"],
  },
  {
    name: "nobody looks whether a mask is lost",
    change: [{
      file: "src/workspace/watch.ts",
      find: "  if (masks.length === 0 || signal.aborted) return;\n",
      replace: "  if (masks.length >= 0 || signal.aborted) return;\n",
    }],
    red: ["W06"],
  },
];
