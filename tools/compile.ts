import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * Compiles one executable per target: `--target NAME`, as often as wanted, by default all; `--out
 * DIR`, by default dist/bin. Text assets travel inside through their imports.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Deno's targets and the name of each executable, as install.sh and install.ps1 ask for it. */
export const TARGETS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "sandcage-linux-x64",
  "aarch64-unknown-linux-gnu": "sandcage-linux-arm64",
  "x86_64-apple-darwin": "sandcage-macos-x64",
  "aarch64-apple-darwin": "sandcage-macos-arm64",
  "x86_64-pc-windows-msvc": "sandcage-windows-x64.exe",
  "aarch64-pc-windows-msvc": "sandcage-windows-arm64.exe",
};

/**
 * How the runtime keeps its memory small: what is young gets 2 MB and not 16, what is old may grow by
 * a third between two collections and not by as much again. Measured with 100,000 files: an export
 * takes 165 MB in place of 287, a `diff` 94 in place of 121, in the same time.
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=2,--heap-growing-percent=30";

/** What one compilation came to. */
export type Compiled = { target: string; ok: boolean; output: string };

/**
 * Says what went wrong and what is missing. The runtime that Deno puts before the program is not
 * part of Deno: it comes from Deno's download host, once per version and target. Pure.
 */
export function formatFailure({ target, output }: Compiled, version: string): string {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "").trim();
  if (!/dl\.deno\.land|denort/.test(plain)) return `Cannot compile for ${target}:\n${plain}`;
  const archive = `denort-${target}.zip`;
  return [
    `Cannot compile for ${target}: its runtime is missing and Deno's download host does not answer.`,
    `  Missing: ${archive} of Deno ${version}, from https://dl.deno.land/release/v${version}/`,
    "  Compile where that host can be reached (the release workflow does), set DENORT_BIN to a",
    `  denort executable you have, or put the archive into DENO_DIR/dl/release/v${version}/.`,
    "  Without executables `deno task bundle` gives dist/main.js, which any Deno runs.",
    ...plain.split("\n").slice(0, 4).map((line) => `  | ${line}`),
  ].join("\n");
}

async function compileTarget(target: string, outdir: string): Promise<Compiled> {
  const output = join(outdir, TARGETS[target]!);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Types are `deno task check`'s business; six times the same answer would take minutes.
    args: [
      ...["compile", "-A", "--no-check", V8_FLAGS],
      ...["--target", target, "--output", output, "main.ts"],
    ],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  return { target, ok: success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { target: { type: "string", multiple: true }, out: { type: "string" } },
  });
  const targets = values.target ?? Object.keys(TARGETS);
  const unknown = targets.filter((target) => !Object.hasOwn(TARGETS, target));
  if (unknown.length > 0) {
    say(`Unknown target ${unknown.join(", ")}; choose from: ${Object.keys(TARGETS).join(", ")}`);
    return 2;
  }
  const outdir = join(ROOT, values.out ?? "dist/bin");
  await Deno.mkdir(outdir, { recursive: true });
  let failed = 0;
  for (const target of targets) {
    const compiled = await compileTarget(target, outdir);
    if (!compiled.ok) failed++;
    say(compiled.ok ? `compiled ${TARGETS[target]}` : formatFailure(compiled, Deno.version.deno));
  }
  return failed === 0 ? 0 : 1;
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main());
