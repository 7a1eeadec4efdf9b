import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../src/config/json_schema.ts";
import { configurationPage } from "../src/config/page.ts";
import { SCHEMA } from "../src/names.ts";
import { commandsPage } from "./commands_page.ts";

/**
 * Writes everything that is generated and committed; with `--check` it only compares and fails when
 * a file differs.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Every generated file with its text, by path from the root of the repository. */
export function generatedFiles(): Record<string, string> {
  return {
    [SCHEMA.path]: JSON.stringify(jsonSchema(), null, 2) + "\n",
    "docs/configuration.md": configurationPage(),
    "docs/commands.md": commandsPage(),
  };
}

/** Lists the generated files that are not what the code would generate now. */
export async function findDrift(root: string): Promise<string[]> {
  const drifted: string[] = [];
  for (const [path, text] of Object.entries(generatedFiles())) {
    if (await readIfPresent(join(root, path)) !== text) drifted.push(path);
  }
  return drifted;
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(path)).replaceAll("\r\n", "\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function main(): Promise<number> {
  const drifted = await findDrift(ROOT);
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  if (Deno.args.includes("--check")) {
    for (const path of drifted) say(`${path} differs from the code; run: deno task docs`);
    return drifted.length === 0 ? 0 : 1;
  }
  for (const path of drifted) {
    await Deno.mkdir(join(ROOT, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(ROOT, path), generatedFiles()[path]!);
    say(`wrote ${path}`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
