/**
 * `deno task matrix`: docs/boundary-matrix.md from a run of `sandcage verify` on this machine's
 * engine; with `--check` it only compares.
 */
import { join } from "node:path";
import { run } from "../src/engine/process.ts";
import { REPOSITORY } from "./prepare.ts";
import { say } from "./shell.ts";
import intro from "./matrix_intro.md" with { type: "text" };

/** Where the page is. */
export const MATRIX = join(REPOSITORY, "docs", "boundary-matrix.md");

/** Images may have to be built first; in milliseconds. */
const RUN_MS = 900_000;

/** The page around the tables of a run, as formatted as all pages are. */
export async function formatMatrix(tables: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    cwd: REPOSITORY,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${intro}\n${tables}\n`));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout);
}

async function main(): Promise<number> {
  const root = await Deno.makeTempDir({ prefix: "sandcage-matrix-" });
  try {
    const project = join(root, "work");
    await Deno.mkdir(project);
    const result = await run(Deno.execPath(), [
      ...["run", "-A", join(REPOSITORY, "main.ts"), "verify", "--markdown", "--path", project],
    ], {
      // Names that no image holds, so that it can be told whether they are inside.
      env: { SANDCAGE_HOME: join(root, "state"), USER: "ottilie", NO_COLOR: "1" },
      timeoutMs: RUN_MS,
    });
    if (result.code !== 0) {
      say(result.stderr + result.stdout);
      return 1;
    }
    const page = await formatMatrix(result.stdout);
    if (Deno.args.includes("--check")) {
      const isSame = await Deno.readTextFile(MATRIX).catch(() => "") === page;
      if (!isSame) say("docs/boundary-matrix.md differs from the run; run: deno task matrix");
      return isSame ? 0 : 1;
    }
    await Deno.writeTextFile(MATRIX, page);
    say("wrote docs/boundary-matrix.md");
    return 0;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

if (import.meta.main) Deno.exitCode = await main();
