import { join } from "node:path";
import type { Git } from "./git.ts";
import type { Pin } from "./types.ts";

/**
 * A repository for what has arrived and is not trusted yet. It sees the user's objects; the user's
 * repository sees nothing of it until {@link Quarantine.admit}. Disposing removes it.
 */
export type Quarantine = AsyncDisposable & {
  git: Git;
  /** What its objects take on disk by now. */
  measure(): Promise<Arrived>;
  /** What its objects are when they are unpacked. */
  measureExpanded(): Promise<Expanded>;
  /** Moves its objects into the user's repository. */
  admit(): Promise<void>;
};

/** What has arrived. */
export type Arrived = {
  bytes: number;
  /** Names of its packs, once there is nothing but packs that are whole. */
  packs?: string;
};

/** Bytes of unpacked objects. */
export type Expanded = {
  total: number;
  /** The largest commit or tree: those are held in memory. */
  largest: number;
};

/**
 * Opens the quarantine of a cage; what a killed one left is removed. One at a time: the caller holds
 * the cage. It is inside the objects' directory, as git's own are, because a move must be a rename,
 * and its name is one that `git gc` clears up.
 *
 * @param refs What the other side may be told that we have: it learns of no other commit.
 */
export async function openQuarantine(
  git: Git,
  options: { pin: Pick<Pin, "cage" | "commonDir">; refs?: Readonly<Record<string, string>> },
): Promise<Quarantine> {
  const { pin, refs = {} } = options;
  const home = join(pin.commonDir, "objects");
  const dir = join(home, `tmp_objdir-sandcage-${pin.cage}`);
  const objects = join(dir, "objects");
  await remove(dir);
  await Deno.mkdir(dir, { mode: 0o700 });
  await Promise.all([
    Deno.mkdir(join(dir, "refs")),
    Deno.mkdir(join(objects, "pack"), { recursive: true }),
  ]);
  const lines = Object.entries(refs).map(([name, id]) => `${id} ${name}\n`).sort();
  await Promise.all([
    Deno.writeTextFile(join(dir, "HEAD"), "ref: refs/heads/none\n"),
    Deno.writeTextFile(
      join(dir, "config"),
      "[core]\n\trepositoryformatversion = 0\n\tbare = true\n" +
        // The refs of the user's repository are not the cage's to know.
        '\talternateRefsPrefixes = "refs/sandcage-none/"\n',
    ),
    Deno.writeTextFile(join(dir, "packed-refs"), lines.join("")),
  ]);
  return {
    git: git.in({ gitDir: dir, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: quote(home) } }),
    measure: () => measureArrived(objects),
    // Without the user's objects, all that is there is what has arrived.
    measureExpanded: () => measureExpanded(git.in({ gitDir: dir })),
    admit: () => admitObjects(objects, home),
    [Symbol.asyncDispose]: () => remove(dir),
  };
}

/** A path among others in a variable, quoted as C does. */
function quote(path: string): string {
  return `"${path.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

async function measureArrived(objects: string): Promise<Arrived> {
  let [bytes, isOther] = [0, false];
  const packs: string[] = [];
  for await (const { name } of listDir(join(objects, "pack"))) {
    bytes += await sizeOf(join(objects, "pack", name));
    if (name.endsWith(".idx")) packs.push(name);
    isOther ||= name.startsWith("tmp_");
  }
  for await (const { name } of listDir(objects)) {
    if (name === "pack") continue;
    isOther = true;
    bytes += await measureFiles(join(objects, name));
  }
  return packs.length === 0 || isOther ? { bytes } : { bytes, packs: packs.sort().join() };
}

async function measureFiles(dir: string): Promise<number> {
  let bytes = 0;
  for await (const entry of listDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) bytes += await measureFiles(path);
    else bytes += await sizeOf(path);
  }
  return bytes;
}

async function measureExpanded(git: Git): Promise<Expanded> {
  const format = "--batch-check=%(objecttype) %(objectsize)";
  const sizes = await git.read(
    ["cat-file", "--batch-all-objects", "--unordered", "--buffer", format],
    { what: "Cannot measure what arrived" },
  );
  const expanded: Expanded = { total: 0, largest: 0 };
  for (const line of new TextDecoder().decode(sizes).split("\n")) {
    const [type, size = "0"] = line.split(" ");
    expanded.total += Number(size);
    if (type !== "blob") expanded.largest = Math.max(expanded.largest, Number(size));
  }
  return expanded;
}

/** A file may be renamed while it is looked for. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.lstat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function admitObjects(from: string, to: string): Promise<void> {
  for await (const entry of listDir(from)) {
    if (entry.name === "pack") await admitPacks(join(from, "pack"), join(to, "pack"));
    else if (/^[0-9a-f]{2}$/.test(entry.name)) {
      const dir = join(to, entry.name);
      await Deno.mkdir(dir, { recursive: true });
      for await (const { name } of listDir(join(from, entry.name))) {
        if (/^[0-9a-f]{38}$/.test(name)) {
          await Deno.rename(join(from, entry.name, name), join(dir, name));
        }
      }
    }
  }
}

/** git takes a pack for there once its index is: that comes last. */
async function admitPacks(from: string, to: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of listDir(from)) {
    if (/^pack-[0-9a-f]{40}\.(pack|rev|idx)$/.test(name)) names.push(name);
  }
  await Deno.mkdir(to, { recursive: true });
  const isIndex = (name: string) => Number(name.endsWith(".idx"));
  for (const name of names.sort((a, b) => isIndex(a) - isIndex(b))) {
    await Deno.rename(join(from, name), join(to, name));
  }
}

async function* listDir(dir: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(dir);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function remove(dir: string): Promise<void> {
  try {
    await Deno.remove(dir, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
