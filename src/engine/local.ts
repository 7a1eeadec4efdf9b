import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { IMAGE, LABEL } from "../names.ts";
import type { Docker } from "./docker.ts";
import type { Engine } from "./engine.ts";

/** Deadline of the probe, in milliseconds: one container start on a busy machine. */
const PROBE_TIMEOUT_MS = 20_000;
const MANAGED = `${LABEL.managed}=true`;

/** Where the probe's file lies and who is asked for it. */
export type ProbeOptions = { docker: Docker; host: Pick<Host, "stateDir"> };

/**
 * Whether the engine sees this machine's files: a file with a nonce is read back through a bind
 * mount. A remote engine behind a forwarded socket would silently bind an empty directory.
 */
export async function probeLocal(options: ProbeOptions): Promise<boolean> {
  const dir = await makeProbeDir(options.host.stateDir);
  try {
    const nonce = crypto.randomUUID();
    await Deno.chmod(dir, 0o755).catch(() => {});
    await Deno.writeTextFile(join(dir, "nonce"), nonce, { mode: 0o644 });
    const image = await findImage(options.docker);
    const seen = image === undefined ? undefined : await readByRun(options.docker, { image, dir });
    // An image that somebody removed meanwhile says nothing about the engine.
    return (seen ?? await readByCopy(options.docker, dir)).includes(nonce);
  } finally {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }
}

async function makeProbeDir(stateDir: string): Promise<string> {
  try {
    await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
    return await Deno.makeTempDir({ dir: stateDir, prefix: "probe-" });
  } catch (cause) {
    throw new UserError(`Cannot write the state directory ${stateDir}`, {
      hint: "Make it writable for you, or set SANDCAGE_HOME to a directory that is",
      cause,
    });
  }
}

/** Images of ours that hold one program and no tool. */
const WITHOUT_TOOLS = [IMAGE.gateway, IMAGE.courier];

/**
 * Any image with a shell's tools will do: Debian's, or one of ours. Ours come second, because the
 * newest may be just the one that its owner is about to remove, and the probe would be in its way.
 */
async function findImage(docker: Docker): Promise<string | undefined> {
  const format = ["--format", "{{.ID}} {{.Repository}}"];
  for (const filter of [`reference=${IMAGE.debian}`, `label=${LABEL.recipe}`]) {
    const { stdout } = await docker(["image", "ls", "--filter", filter, ...format]);
    const id = pickImage(stdout);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The first image of a list that has tools; Podman tells of a registry before each name. Pure. */
export function pickImage(list: string): string | undefined {
  return list.trim().split("\n").map((line) => line.split(" "))
    .find(([id, repository = ""]) => {
      return id !== "" &&
        !WITHOUT_TOOLS.some((name) => repository === name || repository.endsWith(`/${name}`));
    })?.[0];
}

async function readByRun(
  docker: Docker,
  from: { image: string; dir: string },
): Promise<string | undefined> {
  const args = ["run", "--rm", "--network", "none", "--label", MANAGED, "--user", "0:0"];
  const program = ["--entrypoint", "cat", from.image, "/probe/nonce"];
  const result = await docker([...args, "--mount", formatMount(from.dir), ...program], {
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  return result.code === 0 ? result.stdout : undefined;
}

/** Without any image: an empty one, a container that is never started, and a copy out of it. */
async function readByCopy(docker: Docker, dir: string): Promise<string> {
  const imported = await docker(["import", "--change", `LABEL ${MANAGED}`, "-"], {
    stdin: new Uint8Array(1024), // An empty tar archive: two blocks of zeros.
  });
  // Podman says it twice.
  const image = /sha256:[0-9a-f]{64}/.exec(imported.stdout)?.[0];
  if (imported.code !== 0 || image === undefined) return "";
  try {
    const args = ["create", "--network", "none", "--label", MANAGED];
    const created = await docker([...args, "--mount", formatMount(dir), image, "none"]);
    if (created.code !== 0) return "";
    const container = created.stdout.trim();
    try {
      return (await docker(["cp", `${container}:/probe/nonce`, "-"])).stdout;
    } finally {
      await docker(["rm", "--force", container]);
    }
  } finally {
    await docker(["image", "rm", image]);
  }
}

/**
 * `--mount` refuses a source that the engine does not have, where `-v` would make it there. Fields
 * are CSV.
 */
function formatMount(dir: string): string {
  const source = `source=${dir}`.replaceAll('"', '""');
  return `type=bind,"${source}",target=/probe,readonly`;
}

/**
 * Refuses what only an engine on this machine can do.
 *
 * @param what What the user asked for, as the start of a sentence: `Mounting the project`.
 * @throws {UserError} With code `engine-not-local`.
 */
export async function requireLocal(
  engine: Pick<Engine, "isLocal" | "title">,
  what: string,
): Promise<void> {
  if (await engine.isLocal()) return;
  throw new UserError(
    `${what} needs an engine on this machine; ${engine.title} is not, or cannot prove it`,
    {
      hint: "Use `workspace: { mode: copy }`, or a local engine: docker context use default",
      exit: EXIT.engine,
      code: "engine-not-local",
    },
  );
}
