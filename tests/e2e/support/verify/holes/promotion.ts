import type { SourceHole } from "../source_hole.ts";

/**
 * Holes in what lands the commits of a cage on the user's branch. There is none for entries `.git`
 * and `..`: with every wall of ours taken out git's own index still refuses them ("invalid path").
 */
export const PROMOTION_HOLES: readonly SourceHole[] = [
  {
    name: "messages are tidied up",
    change: [{
      file: "src/promote/commit.ts",
      find: "      message = text.slice(at + 1);\n",
      replace: '      message = text.slice(at + 1).trimEnd() + "\\n";\n',
    }],
    red: ["P01"],
  },
  {
    // Ignored ones are among them: nobody asks why git does not have a file.
    name: "untracked files are in nobody's way",
    change: [{
      file: "src/promote/landing_plan.ts",
      find: 'return leaves(path) ? [] : [{ path, cause: "untracked" }];',
      replace: "return [];",
    }],
    red: ["P02"],
  },
  {
    name: "changes of files count for nothing",
    change: [{
      file: "src/promote/landing_plan.ts",
      find: 'return isOther || found.isDirty ? [{ path, cause: "dirty" }] : [];',
      replace: "return [];",
    }],
    red: ["P02"],
  },
  {
    name: "links are in nobody's way",
    change: [{
      file: "src/promote/landing_plan.ts",
      find: "    if (leaves(parent.path)) return [];\n",
      replace: '    if (leaves(parent.path) || parent.kind === "symlink") return [];\n',
    }],
    red: ["P02"],
  },
  {
    name: "directories are in nobody's way",
    change: [{
      file: "src/promote/landing_plan.ts",
      find: '  return inside.map((path) => ({ path, cause: "directory" }));\n',
      replace: '  return inside.slice(0, 0).map((path) => ({ path, cause: "directory" }));\n',
    }],
    red: ["P02"],
  },
  {
    name: "any branch will do",
    change: [{
      file: "src/promote/place.ts",
      find: "  if (head === pin.branch) return undefined;\n",
      replace: "  if (head !== undefined) return undefined;\n",
    }, {
      file: "src/promote/land.ts",
      find: "    const isHere = await findHead(pin.gitDir, git) === pin.branch &&\n",
      replace: "    const isHere = await findHead(pin.gitDir, git) !== undefined &&\n",
    }, {
      file: "src/promote/gap_apply.ts",
      find: "    const isHere = await findHead(pin.gitDir, git) === pin.branch &&\n",
      replace: "    const isHere = await findHead(pin.gitDir, git) !== undefined &&\n",
    }],
    red: ["P02"],
  },
  {
    name: "a name may come twice",
    change: [{
      file: "src/promote/git_plan.ts",
      find: '  "transfer.fsckObjects=true",\n',
      replace: '  "transfer.fsckObjects=true",\n  "fetch.fsck.duplicateEntries=ignore",\n',
    }, {
      // Of two the last one counts, or nothing that comes after fits.
      file: "src/promote/tree.ts",
      find: "  return entries;\n",
      replace: "  return [...new Map(entries.map((entry) => [entry.name, entry])).values()];\n",
    }],
    red: ["P02"],
  },
  {
    name: "a module may have any address",
    change: [{
      file: "src/promote/git_plan.ts",
      find: '  "transfer.fsckObjects=true",\n',
      replace: '  "transfer.fsckObjects=true",\n  "fetch.fsck.gitmodulesUrl=ignore",\n',
    }, {
      file: "src/promote/store.ts",
      find: '    ? ["unpack-objects", "-q", "--strict"]\n',
      replace: '    ? ["unpack-objects", "-q"]\n',
    }],
    red: ["P02"],
  },
  {
    name: "rewritten history counts as new",
    change: [{
      file: "src/promote/fetch.ts",
      find: '    ? { kind: "rewritten", tip }\n',
      replace: '    ? { kind: "new", tip }\n',
    }],
    red: ["P04"],
  },
  {
    name: "hooks of the project run",
    change: [{
      file: "src/promote/git_plan.ts",
      find: '  "core.hooksPath=/dev/null",\n',
      replace: "",
    }],
    red: ["P11"],
  },
  {
    name: "filters run",
    change: [{
      file: "src/promote/filters.ts",
      find: "  return [...settings.filters.keys()].flatMap((name) => [\n",
      replace: "  return [...settings.filters.keys()].slice(0, 0).flatMap((name) => [\n",
    }, {
      file: "src/promote/filters.ts",
      find: "  if (driver === undefined) return true;\n",
      replace: "  if (name !== undefined || driver === undefined) return true;\n",
    }],
    red: ["P11"],
  },
  {
    name: "commits have no size",
    change: [{
      file: "src/promote/fetch.ts",
      find: "const MOST_HISTORY_BYTES = 4_000_000;",
      replace: "const MOST_HISTORY_BYTES = 400_000_000;",
    }],
    red: ["P12"],
  },
  {
    name: "every branch comes out",
    change: [{
      file: "src/promote/cage/sides.ts",
      find: "  if (patterns.length === 0) return [];\n",
      replace: "",
    }, {
      file: "src/promote/sides.ts",
      find: "!UNSAFE.test(name) && wanted.some((pattern) => pattern.test(name));",
      replace: "!UNSAFE.test(name) && wanted.length === 0;",
    }],
    red: ["P13"],
  },
  {
    name: "environment files go in",
    change: [{
      file: "src/promote/snapshot_plan.ts",
      find: "  return OWN.test(name) || (ENV.test(name) && !ENV_EXAMPLE.test(name));\n",
      replace: "  return OWN.test(name) || (ENV.test(name) && ENV_EXAMPLE.test(name));\n",
    }],
    red: ["P14"],
  },
  {
    name: "the history goes in",
    change: [{
      file: "src/promote/snapshot.ts",
      find: "    stdin: new TextEncoder().encode(`${snapshot}\\n`),\n",
      replace: "    stdin: new TextEncoder().encode(`${snapshot}\\nHEAD\\n`),\n",
    }],
    red: ["P14"],
  },
  {
    name: "names are told as they are",
    change: [{
      file: "src/promote/raw_path.ts",
      find:
        '    return visibleText(new TextDecoder("utf-8", { fatal: true }).decode(fromLatin1(path)));\n',
      replace: '    return new TextDecoder("utf-8", { fatal: true }).decode(fromLatin1(path));\n',
    }, {
      file: "src/promote/landing_plan.ts",
      find: "    text: `Commits wait: ${JSON.stringify(formatRawPath(path))} ${words}${more}`,\n",
      replace: '    text: `Commits wait: "${formatRawPath(path)}" ${words}${more}`,\n',
    }],
    red: ["P15"],
  },
];
