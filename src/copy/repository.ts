import { join } from "node:path";
import { denoFs } from "../transfer/deno_fs.ts";
import type { CopyCage, Courier } from "../transfer/types.ts";
import { comparePaths } from "../tree/entry.ts";
import { packEntries } from "../tree/tar_pack.ts";
import { buildRepository, listTracked, observeRepository } from "./git.ts";
import { PROJECT_ROOT } from "./names.ts";
import type { HostGit } from "../cage/host_git.ts";

/** What a repository inside is made with. */
export type RepositoryOptions = {
  git: HostGit;
  courier: Pick<Courier, "fill">;
  /** Whether a path of the project stays outside. */
  isLeftOut(path: string): boolean;
  signal?: AbortSignal;
};

/**
 * Gives a cage a repository of its own, made on the host from the one of its project.
 *
 * @returns The commit that it begins with; `undefined` when there is none yet.
 */
export async function fillRepository(
  cage: Pick<CopyCage, "dir" | "roots">,
  options: RepositoryOptions,
): Promise<string | undefined> {
  const { git, courier, signal } = options;
  const from = cage.roots[0]!.hostPath;
  const to = join(cage.dir, "making.git");
  await removeAll(to);
  try {
    const facts = await observeRepository(from, git);
    const tracked = facts.commit === undefined ? [] : await listTracked(from, git);
    await buildRepository(facts, to, {
      from,
      git,
      skipped: tracked.filter(({ path, isSkipped }) => isSkipped || options.isLeftOut(path))
        .map(({ path }) => path),
      ...(signal === undefined ? {} : { signal }),
    });
    await courier.fill(`${PROJECT_ROOT}/.git`, packDirectory(to));
    return facts.commit;
  } finally {
    await removeAll(to);
  }
}

/** A directory of ours as a tar stream. */
export async function* packDirectory(dir: string): AsyncGenerator<Uint8Array> {
  const paths = await listPaths(dir, "");
  yield* packEntries(dir, paths.sort(comparePaths), {
    fs: denoFs(),
    onProblem({ path, problem }) {
      throw new Error(`Cannot read ${path} of a repository that was just made: ${problem}`);
    },
  });
}

async function listPaths(dir: string, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(dir))) {
    paths.push(prefix + name);
    if (isDirectory) paths.push(...await listPaths(join(dir, name), `${prefix}${name}/`));
  }
  return paths;
}

async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
