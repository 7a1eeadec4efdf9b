import { join } from "node:path";
import { bundle } from "../../../../tools/bundle.ts";
import { docker } from "../../../../tools/engine_state.ts";
import { run } from "../../../../src/engine/process.ts";
import { IMAGE, LABEL } from "../../../../src/names.ts";
import { findProgram, type Program, REPOSITORY } from "../sandcage.ts";
import { RUN_ROOT } from "../world.ts";

/** One text of a source file, and what stands in its place. */
export type Edit = {
  /** Path in the repository: `src/tree/rules.ts`. */
  file: string;
  /** Occurs exactly once in the file. */
  find: string;
  replace: string;
};

/** What differs from sandcage. */
export type MutantOptions = {
  /** For people who look at folders. */
  name: string;
  /** Applied one after another. */
  edits: readonly Edit[];
};

/**
 * A sandcage with a wall taken out; disposing it removes it and the images that only it can want.
 * Make it before the worlds it is used in: they go first, and their containers with them.
 */
export type Mutant = AsyncDisposable & {
  /** For `world.sandcage(args, { program })`; whatever it starts of itself is the mutant as well. */
  program: Program;
};

/** Everything that a bundle is made from; what is generated from YAML is in src. */
const SOURCES = ["main.ts", "deno.json", "deno.lock", "src", "images", "registry/acp-index.json"];

/** On the images that a mutant builds for itself alone: its id. */
const MUTANT_LABEL = "dev.sandcage.mutant";

/**
 * What is built from the files below a folder, by repository; the first that fits. All of them take
 * minutes, gateway or courier some seconds.
 */
const BUILT_FROM: readonly (readonly [folder: string, repositories: readonly string[] | "all"])[] =
  [
    ["src/gateway/", [IMAGE.gateway]],
    ["src/policy/", [IMAGE.gateway]],
    ["images/gateway/", [IMAGE.gateway]],
    ["src/courier/", [IMAGE.courier]],
    ["src/tree/", [IMAGE.courier]],
    ["images/courier/", [IMAGE.courier]],
    ["src/image/", "all"],
    ["images/", "all"],
  ];

/**
 * Builds sandcage from a copy of its sources in which some texts are others. It takes three seconds.
 *
 * @throws {Error} If a text does not occur exactly once in its file, or it cannot be bundled.
 */
export async function buildMutant({ name, edits }: MutantOptions): Promise<Mutant> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const root = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: `mutant-${slug}-` });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(root, { recursive: true }));
  // As every folder of a run: worlds of other users start it too.
  await Deno.chmod(root, 0o755);
  const [sources, dist] = [join(root, "sources"), join(root, "dist")];
  await copySources(sources);
  const id = crypto.randomUUID();
  for (const edit of [...edits, ...planMarks(edits, id)]) await applyEdit(sources, edit);
  await bundle(dist, { root: sources });
  await Deno.remove(sources, { recursive: true });
  stack.defer(() => removeImages(id));
  const owned = stack.move();
  return {
    program: { ...findProgram(), entry: join(dist, "main.js") },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function copySources(to: string): Promise<void> {
  await Deno.mkdir(to);
  const copied = await run("cp", ["-r", "--parents", ...SOURCES, to], {
    cwd: REPOSITORY,
    timeoutMs: 60_000,
  });
  if (copied.code !== 0) throw new Error(`cp: ${copied.stderr}`);
}

/** Replaces one text of a copy of the sources. */
export async function applyEdit(root: string, { file, find, replace }: Edit): Promise<void> {
  const path = join(root, file);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new Error(`A bundle is not made from ${file}`, { cause });
  }
  const [before, after, ...more] = text.split(find);
  if (after === undefined || more.length > 0) {
    throw new Error(`${file} holds ${more.length + Number(after !== undefined)} times: ${find}`);
  }
  await Deno.writeTextFile(path, before + replace + after);
}

/**
 * Labels the images whose recipe the edits change, which nobody else will ever want: labels are no
 * part of a recipe. Pure.
 */
function planMarks(edits: readonly Edit[], id: string): Edit[] {
  const built = edits.flatMap(({ file }) =>
    BUILT_FROM.find(([folder]) => file.startsWith(folder))?.[1] ?? []
  );
  if (built.length === 0) return [];
  const own = built.includes("all") ? "true" : `${JSON.stringify(built)}.includes(repository)`;
  return [{
    file: "src/image/spec.ts",
    find: "[LABEL.recipe]: recipe, ...labels }",
    replace: `[LABEL.recipe]: recipe, ...labels, ` +
      `...(${own} ? { "${MUTANT_LABEL}": "${id}" } : {}) }`,
  }, {
    // What others stand on by name stays what it is.
    file: "src/image/spec.ts",
    find: "...(latest === true ?",
    replace: `...(latest === true && !${own} ?`,
  }];
}

/** By their exact names, and only those that no container uses. */
async function removeImages(id: string): Promise<void> {
  const list = await docker([
    ...["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"],
    ...["--filter", `label=${LABEL.managed}=true`, "--filter", `label=${MUTANT_LABEL}=${id}`],
  ]);
  const refs = list.split("\n").filter((ref) => ref !== "");
  if (refs.length > 0) await docker(["image", "rm", ...refs]);
}
