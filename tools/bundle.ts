import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Writes the split bundle of sandcage into dist/: `main.js` and one chunk per lazily loaded part.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Bundles `main.ts` beside the old bundle and swaps them: a failure leaves the old one whole.
 *
 * @param options.root Where the sources are. Defaults to this checkout.
 *
 * @returns Names of the files written.
 */
export async function bundle(
  outdir: string,
  options: { root?: string } = {},
): Promise<string[]> {
  const staging = `${outdir}.${crypto.randomUUID()}.tmp`;
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      // Not `--minify`: it reads a `using x = …` that is read once as a value in between, and drops
      // the end of it. A start takes 1 ms longer (measured).
      args: ["bundle", "--quiet", "--code-splitting", "--outdir", staging, "main.ts"],
      cwd: options.root ?? ROOT,
      stdout: "null",
    }).output();
    if (!success) throw new Error(`Cannot bundle main.ts:\n${new TextDecoder().decode(stderr)}`);
    const names = await listScripts(staging);
    for (const name of names) await lighten(join(staging, name), new Set(names));
    return await swapScripts(staging, outdir);
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
}

/** How the bundler gives CommonJS packages their `require`, in whatever names it chose. */
const REQUIRE =
  /import\s*\{\s*createRequire as (\w+)\s*\}\s*from\s*"node:module";\s*var (\w+)\s*=\s*\1\(import\.meta\.url\);/;

/** Makes one script start faster without changing what it does. */
async function lighten(path: string, names: ReadonlySet<string>): Promise<void> {
  const text = await Deno.readTextFile(path);
  const light = hideImports(lightenRequire(text), names);
  if (light !== text) await Deno.writeTextFile(path, light);
}

/**
 * Replaces the bundler's `require`, which costs every start 20 ms for `node:module` although bundled
 * code requires built-in modules only. Commander asks for two of them that it uses for a feature we
 * do not have: they load at first use (12 ms).
 */
function lightenRequire(text: string): string {
  return text.replace(
    REQUIRE,
    (_, __, name) =>
      `var ${name}=(id)=>/^(node:)?(child_process|fs)$/.test(id)` +
      `?new Proxy({},{get:(_,key)=>process.getBuiltinModule(id)[key]})` +
      `:process.getBuiltinModule(id);`,
  );
}

/**
 * Makes the specifiers of lazy imports unreadable for Deno, which otherwise reads and parses every
 * script of dist/ before the first line runs, whatever the command.
 */
function hideImports(text: string, names: ReadonlySet<string>): string {
  return text.replace(
    /\bimport\("\.\/([\w.-]+)"\)/g,
    (found, name) => names.has(name) ? `import(String("./${name}"))` : found,
  );
}

// Only scripts are replaced: dist/ also holds the executables of tools/compile.ts.
async function swapScripts(staging: string, outdir: string): Promise<string[]> {
  await Deno.mkdir(outdir, { recursive: true });
  const written = await listScripts(staging);
  for (const name of written) await Deno.rename(join(staging, name), join(outdir, name));
  for (const name of await listScripts(outdir)) {
    if (!written.includes(name)) await Deno.remove(join(outdir, name));
  }
  return written;
}

async function listScripts(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.map(({ name }) => name).filter((name) => name.endsWith(".js")).sort();
}

if (import.meta.main) {
  const written = await bundle(join(ROOT, "dist"));
  const text = `Bundled main.ts into dist/: ${written.length} files\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
