import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What the start of every command may load: the CLI framework, the tree, and plain helpers. */
const EAGER = [
  "deno.json",
  "main.ts",
  "src/cli/arguments.ts",
  "src/cli/command.ts",
  "src/cli/completions/entry.ts",
  "src/cli/ports.ts",
  "src/cli/program.ts",
  "src/cli/render.ts",
  "src/cli/run.ts",
  "src/cli/signals.ts",
  "src/cli/suggest.ts",
  "src/cli/terminal.ts",
  "src/cli/tree/acp.ts",
  "src/cli/tree/acp_editors.ts",
  "src/cli/tree/acp_registry.ts",
  "src/cli/tree/acp_warm.ts",
  "src/cli/tree/agents.ts",
  "src/cli/tree/cages.ts",
  "src/cli/tree/copy.ts",
  "src/cli/tree/desk.ts",
  "src/cli/tree/files.ts",
  "src/cli/tree/headless.ts",
  "src/cli/tree/keep.ts",
  "src/cli/tree/launch.ts",
  "src/cli/tree/machine.ts",
  "src/cli/tree/mail.ts",
  "src/cli/tree/network.ts",
  "src/cli/tree/project.ts",
  "src/cli/tree/promote.ts",
  "src/cli/tree/verify.ts",
  "src/cli/version.ts",
  "src/cli/width.ts",
  "src/config/nearest.ts",
  "src/errors.ts",
  "src/failure.ts",
  "src/host.ts",
  "src/names.ts",
];

type Graph = {
  roots: string[];
  modules: {
    specifier: string;
    dependencies?: { specifier: string; isDynamic?: boolean; code?: { specifier: string } }[];
  }[];
};

async function readGraph(): Promise<Graph> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  assert.ok(success);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Modules reached without a lazy import, from some roots. */
function listEager(graph: Graph, roots: readonly string[]): string[] {
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const queue = [...roots];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { isDynamic, code } of modules.get(next)?.dependencies ?? []) {
      if (isDynamic !== true && code !== undefined) queue.push(code.specifier);
    }
  }
  return [...seen];
}

const graph = await readGraph();
const main = graph.roots[0]!;
const local = (path: string) => new URL(path, main).href;

Deno.test("sandcage --help loads the command tree and no command", () => {
  // run.ts is the one module that main.ts loads lazily itself.
  const eager = listEager(graph, [main, local("src/cli/run.ts")])
    .filter((specifier) => specifier.startsWith("file:"))
    .map((specifier) => specifier.slice(local(".").length)).sort();
  assert.deepEqual(eager, EAGER);
});

Deno.test("sandcage --version loads no CLI framework", () => {
  const packages = listEager(graph, [main]).filter((specifier) => specifier.startsWith("npm:"));
  assert.deepEqual(packages, []);
});

Deno.test("no command loads another command's module", () => {
  const commands = graph.modules.map(({ specifier }) => specifier)
    .filter((specifier) => specifier.includes("/src/cli/commands/"));
  assert.ok(commands.length > 10);
  const shared = commands.flatMap((command) =>
    listEager(graph, [command]).filter((other) => other !== command && commands.includes(other))
      .map((other) => `${command.split("/").at(-1)} -> ${other.split("/").at(-1)}`)
  );
  // Adding a package ends in a build, by the same code.
  assert.deepEqual(shared, ["package.ts -> build.ts"]);
});
