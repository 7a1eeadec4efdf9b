/** What the documentation shows must exist: commands, options, tasks, linked files and headings. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { buildProgram } from "../../src/cli/program.ts";
import type { CommandContext } from "../../src/cli/context.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...listPages("docs"),
  ...listPages("docs/adr"),
  ...listPages("docs/skills/sandcage"),
];

function listPages(dir: string): string[] {
  return [...Deno.readDirSync(join(ROOT, dir))]
    .filter((entry) => entry.isFile && entry.name.endsWith(".md"))
    .map((entry) => `${dir}/${entry.name}`)
    .sort();
}

function read(page: string): string {
  return Deno.readTextFileSync(join(ROOT, page));
}

// Only its shape is looked at: no action runs.
const program = buildProgram({
  context: { io: { color: false } } as unknown as CommandContext,
  end: () => {},
});

/** Command lines of a page: lines of fenced blocks, and code spans that are more than the name. */
function findCommandLines(text: string): string[] {
  const fences = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? "");
  const prose = text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, "");
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map((match) =>
    (match[1] ?? "").replace(/\s+/g, " ")
  );
  const lines = fences.flatMap((fence) => fence.split("\n"));
  return [...lines, ...spans]
    .map((line) => /(?:^\s*(?:\$ )?|\| |\$\()(sandcage [a-z-].*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined);
}

/** The words of one shell command, up to a comment, a pipe or a redirection. */
function splitWords(line: string): string[] {
  const words = (line.match(/"[^"]*"|'[^']*'|[^\s]+/g) ?? []).slice(1);
  const end = words.findIndex((word) => /^(#|\||>|&&|;|\))/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

/** Says what is wrong with a command line; `undefined` when the tree knows every word of it. */
function findProblem(line: string): string | undefined {
  let command: CommandUnknownOpts = program;
  let positionals = 0;
  const words = splitWords(line);
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "--") return undefined;
    if (word.startsWith("-") && word !== "-") {
      const [flag] = word.split("=");
      const options = [...command.options, ...program.options];
      const option = options.find((one) => one.long === flag || one.short === flag);
      if (option === undefined && flag !== "--help" && flag !== "-h") return `no option ${flag}`;
      if (option?.required === true && !word.includes("=")) index++;
      continue;
    }
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) {
      command = next;
      continue;
    }
    positionals++;
    const known = command.registeredArguments;
    if (known.length < positionals && known.at(-1)?.variadic !== true) return `no word "${word}"`;
  }
  return undefined;
}

for (const page of PAGES) {
  Deno.test(`${page} shows only commands and options that exist`, () => {
    const problems = findCommandLines(read(page))
      .map((line) => ({ line, problem: findProblem(line) }))
      .filter(({ problem }) => problem !== undefined);
    assert.deepEqual(problems, []);
  });

  Deno.test(`${page} links only to files and headings that exist`, () => {
    const broken = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      .filter(([, path = "", anchor]) => {
        const target = path === "" ? page : join(dirname(page), path);
        try {
          Deno.statSync(join(ROOT, target));
        } catch {
          return true;
        }
        return anchor !== undefined && !listAnchors(read(target)).includes(anchor);
      })
      .map(([link]) => link);
    assert.deepEqual(broken, []);
  });

  // In a skill a task is what an agent is given.
  if (page.startsWith("docs/skills/")) continue;
  Deno.test(`${page} names only tasks of deno.json`, () => {
    const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, unknown> };
    const named = [...read(page).matchAll(/\btask ([a-z][a-z0-9:]*)/g)].map((match) => match[1]!);
    assert.deepEqual(named.filter((name) => !(name in tasks)), []);
  });
}

/** Anchors of a page's headings, as the forge makes them. */
function listAnchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replace(/[^\w\s-]/g, "").trim().replaceAll(" ", "-")
  );
}

Deno.test("README.md shows every service and every group of everyday commands", () => {
  const lines = findCommandLines(read("README.md"));
  assert.ok(lines.length > 20, `${lines.length} lines found`);
  for (const word of ["claude", "codex", "gemini", "shell", "init", "auth", "trust", "doctor"]) {
    assert.ok(lines.some((line) => line.startsWith(`sandcage ${word}`)), word);
  }
});

for (
  const [line, want] of [
    ["sandcage claude -p ~/x --shell -- --anything", undefined],
    ["sandcage claud", 'no word "claud"'],
    ["sandcage claude --shel", "no option --shel"],
    ["sandcage config shov", 'no word "shov"'],
    ["sandcage list --json | jq '.[].id'", undefined],
    ["sandcage package add jq ripgrep   # two", undefined],
  ] as const
) {
  Deno.test(`the documentation check answers ${want ?? "nothing"} for "${line}"`, () => {
    assert.equal(findProblem(line), want);
  });
}
