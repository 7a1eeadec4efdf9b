import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ProcessResult } from "../../../src/engine/process.ts";
import { IMAGE } from "../../../src/names.ts";
import { docker } from "../../../tools/engine_state.ts";
import { makeWorld, type World } from "./world.ts";

/** Building the images of the first cage takes longer than anything else. */
const SLOW_MS = 400_000;

/** A world whose project has a cage with a copy of it. */
export type CopiedProject = World & {
  /** What the cage's record says. */
  record: { id: string; volumes: { work: string }; user: { uid: number; gid: number } };
  /** Runs a line of shell as the agent's user, in the project inside. */
  inside(line: string): Promise<string>;
  /** Runs sandcage and expects an exit code. */
  must(args: readonly string[], code?: number): Promise<ProcessResult>;
};

/** Makes a project of texts by path, and a cage of it. `true` after a text: executable. */
export async function makeCopiedProject(
  name: string,
  files: Readonly<Record<string, string | [string, true]>>,
  options: {
    config?: string;
    createArgs?: readonly string[];
    /** Fills the project further. */
    prepare?(project: string): Promise<void>;
  } = {},
): Promise<CopiedProject> {
  const world = await makeWorld(name, {
    network: 'mode = "none"',
    ...(options.config === undefined ? {} : { config: options.config }),
  });
  try {
    await writeFiles(world.project, files);
    await options.prepare?.(world.project);
    const args = ["create", "--service", "shell", "--no-attach", ...options.createArgs ?? []];
    const made = await world.sandcage(args, { timeoutMs: SLOW_MS });
    assert.equal(made.code, 0, made.stderr);
    const [id] = (await Array.fromAsync(Deno.readDir(join(world.state, "cages"))))
      .map(({ name }) => name);
    const record: CopiedProject["record"] = JSON.parse(
      await Deno.readTextFile(join(world.state, "cages", id!, "copy.json")),
    );
    return {
      ...world,
      record,
      inside: (line) =>
        docker([
          ...["run", "--rm", "--network", "none", "--volume", `${record.volumes.work}:/work`],
          ...["--user", `${record.user.uid}:${record.user.gid}`, "--workdir", "/work/project"],
          ...[IMAGE.debian, "sh", "-ec", line],
        ]),
      async must(args, code = 0) {
        const result = await world.sandcage(args, { timeoutMs: SLOW_MS });
        assert.equal(result.code, code, `${args.join(" ")}\n${result.stdout}\n${result.stderr}`);
        return result;
      },
    };
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** Writes files by path below a directory. */
export async function writeFiles(
  root: string,
  files: Readonly<Record<string, string | [string, true]>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const [text, isProgram] = typeof content === "string" ? [content, false] : content;
    const place = join(root, path);
    await Deno.mkdir(join(place, ".."), { recursive: true });
    await Deno.writeTextFile(place, text);
    if (isProgram) await Deno.chmod(place, 0o755);
  }
}

/** Everything below a directory as lines: kind, executable bit, hash or target; `.git` left out. */
export async function listTree(root: string): Promise<string[]> {
  const lines: string[] = [];
  const walk = async (dir: string) => {
    for await (const { name } of Deno.readDir(join(root, dir))) {
      const path = dir === "" ? name : `${dir}/${name}`;
      if (path === ".git") continue;
      const stat = await Deno.lstat(join(root, path));
      if (stat.isSymlink) lines.push(`${path} -> ${await Deno.readLink(join(root, path))}`);
      else if (stat.isDirectory) {
        lines.push(`${path}/`);
        await walk(path);
      } else {
        const hash = createHash("sha256").update(await Deno.readFile(join(root, path)));
        const mark = ((stat.mode ?? 0) & 0o100) === 0 ? "" : " *";
        lines.push(`${path} ${hash.digest("hex").slice(0, 12)}${mark}`);
      }
    }
  };
  await walk("");
  return lines.sort();
}
