import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `deno task check`: everything that can be said about the code without running it. One line per
 * check; all of them run, and any failure fails the whole.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A program that says yes by exit code 0. */
export type Check = { name: string; command: string; args: string[] };

/** A file of the repository and how it begins. */
export type Source = { path: string; firstLine: string };

/** Modules whose documentation is held to the linter's rules: the contracts every layer sees. */
const CONTRACTS = ["src/errors.ts", "src/files.ts", "src/host.ts", "src/io.ts", "src/names.ts"];

/** Lists the checks of some sources. Pure but for the name of the running deno. */
export function planChecks(sources: readonly Source[], deno: string): Check[] {
  const modules = sources.map(({ path }) => path)
    .filter((path) => path.endsWith(".ts") && !path.startsWith("tests/fixtures/"));
  return [
    { name: "format", command: deno, args: ["fmt", "--check"] },
    { name: "lint", command: deno, args: ["lint", "--quiet"] },
    { name: "types", command: deno, args: ["check", "--quiet", ...modules] },
    { name: "doc lint", command: deno, args: ["doc", "--lint", "--quiet", ...CONTRACTS] },
    { name: "generated pages", command: deno, args: ["run", "-A", "tools/docs.ts", "--check"] },
    ...sources.flatMap(({ path, firstLine }): Check[] => {
      const shell = /^#!.*\b(bash|sh)\b/.exec(firstLine)?.[1];
      return shell === undefined
        ? []
        : [{ name: `syntax of ${path}`, command: shell, args: ["-n", path] }];
    }),
  ];
}

/** Lists what git tracks or would add. */
async function listSources(): Promise<Source[]> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`git ls-files failed: ${new TextDecoder().decode(stderr)}`);
  const paths = new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
  const sources = await Promise.all(paths.map(readSource));
  return sources.filter((source) => source !== undefined);
}

async function readSource(path: string): Promise<Source | undefined> {
  try {
    const text = await Deno.readTextFile(join(ROOT, path));
    return { path, firstLine: text.split("\n", 1)[0]! };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // Deleted, not yet committed.
    throw error;
  }
}

async function runCheck(check: Check): Promise<boolean> {
  const startMs = performance.now();
  const { success, output } = await runProgram(check);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  say(`${success ? "ok  " : "FAIL"}  ${check.name} (${seconds}s)`);
  if (!success) say(output.trimEnd().replace(/^/gm, "      "));
  return success;
}

async function runProgram(check: Check): Promise<{ success: boolean; output: string }> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(check.command, {
      args: check.args,
      cwd: ROOT,
    }).output();
    const decoder = new TextDecoder();
    return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, output: `${check.command} is not installed` };
  }
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function main(): Promise<number> {
  let failed = 0;
  for (const check of planChecks(await listSources(), Deno.execPath())) {
    if (!await runCheck(check)) failed++;
  }
  say(failed === 0 ? "All checks passed" : `${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
