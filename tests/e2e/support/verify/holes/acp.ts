import type { SourceHole } from "../source_hole.ts";

/** Holes in the relay between editors and agents. */
export const ACP_HOLES: readonly SourceHole[] = [
  {
    name: "lines are read as text",
    change: [{
      file: "src/acp/gate.ts",
      find: '      case "pass":\n        return [line];\n',
      replace: '      case "pass":\n' +
        "        return [new TextEncoder().encode(new TextDecoder().decode(line))];\n",
    }],
    red: ["R01"],
  },
  {
    name: "every signal kills",
    change: [{
      file: "src/acp/client.ts",
      find: 'engine.docker(["kill", "--signal", name, container])',
      replace: 'engine.docker(["kill", "--signal", "SIGKILL", container])',
    }],
    red: ["R01"],
  },
  {
    name: "the editor's terminal is lent",
    change: [{
      file: "src/acp/guard.ts",
      find: 'if (method.startsWith("terminal/") && terminal === "block") {',
      replace: 'if (method.startsWith("terminal/") && terminal !== "block") {',
    }],
    red: ["R02"],
  },
  {
    name: "sessions open anywhere",
    change: [{
      file: "src/acp/guard.ts",
      find: "const problem = findDirectoryProblem(line, facts);",
      replace: "const problem = findDirectoryProblem(line, facts) && undefined;",
    }],
    red: ["R03"],
  },
  {
    name: "the first of two methods counts",
    change: [{
      file: "src/acp/guard.ts",
      find: '  for (const method of textsAt(line, "method")) {\n',
      replace: '  for (const method of textsAt(line, "method").slice(0, 1)) {\n',
    }],
    red: ["R11"],
  },
  {
    name: "links are not followed",
    change: [{
      file: "src/acp/session.ts",
      find: "{ rules, roots, realPath: (path) => findRealPath(path) }",
      replace: "{ rules, roots, realPath: (path) => path }",
    }],
    red: ["R12"],
  },
  {
    name: "two dots go before links do",
    change: [{
      file: "src/acp/roots.ts",
      find: "new Set([paths.normalize(file), file])",
      replace: "new Set([paths.normalize(file)])",
    }],
    red: ["R12"],
  },
  {
    name: "words are told as they are",
    change: [{
      file: "src/acp/session.ts",
      find: "options.io.warn(visibleText(text))",
      replace: "options.io.warn(text)",
    }],
    red: ["R13"],
  },
];
