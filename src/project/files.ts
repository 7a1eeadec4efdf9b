import { join } from "node:path";
import { isTelling, type ProjectFiles } from "./ecosystem.ts";

/** How far below the project's root manifests are looked for. */
const DEPTH = 2;

/** Most names looked at; a monorepo shows its ecosystems long before. */
const MOST_NAMES = 5000;

/** Largest manifest read, in bytes. */
const MOST_BYTES = 512 * 1024;

/** Folders that hold other people's manifests. */
const SKIPPED = new Set([
  "node_modules",
  "vendor",
  "target",
  "dist",
  "build",
  "venv",
  "__pycache__",
]);

/** Looks at the names near a project's root and reads what tells about its ecosystems. */
export async function observeProjectFiles(root: string): Promise<ProjectFiles> {
  const names: string[] = [];
  const texts: Record<string, string> = {};
  let folders = [""];
  for (let level = 0; level <= DEPTH; level++) {
    const next: string[] = [];
    for (const folder of folders) {
      for (const entry of await listFolder(join(root, folder))) {
        if (names.length >= MOST_NAMES) return { names, texts };
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isFile) names.push(path);
        else if (entry.isDirectory && !isSkipped(entry.name)) next.push(path);
        const text = entry.isFile && isTelling(path) ? await findText(join(root, path)) : undefined;
        if (text !== undefined) texts[path] = text;
      }
    }
    folders = next;
  }
  return { names, texts };
}

function isSkipped(name: string): boolean {
  return name.startsWith(".") || SKIPPED.has(name);
}

async function listFolder(path: string): Promise<Deno.DirEntry[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(path));
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch {
    return []; // What cannot be read suggests nothing.
  }
}

async function findText(path: string): Promise<string | undefined> {
  try {
    if ((await Deno.stat(path)).size > MOST_BYTES) return undefined;
    return await Deno.readTextFile(path);
  } catch {
    return undefined; // What cannot be read suggests nothing.
  }
}
