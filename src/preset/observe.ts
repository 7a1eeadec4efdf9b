import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { findText, writeFileAtomic } from "../files.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { INSIDE, LABEL } from "../names.ts";
import { type ClientHosts, parseClientHosts } from "./client_hosts.ts";

/** Prints where the package managers of an image fetch from; images/agent/registry-hosts. */
const PROGRAM = `${INSIDE.bin}/registry-hosts`;

/** Upper bound in milliseconds; npm alone takes 150 on an idle machine. */
const TIMEOUT_MS = 60_000;

/** After this many milliseconds the person is told what takes so long. */
const PATIENCE_MS = 1_000;

/**
 * Finds out where the package managers of an image fetch from: once per image, in a container without
 * network and rights; the answer is kept below the state directory.
 *
 * @param image Reference and full recipe of the image a session runs in.
 * @returns Nothing known, with a warning, when the image does not answer.
 */
export async function observeClientHosts(
  image: { ref: string; recipe: string },
  options: { engine: Pick<Engine, "docker">; host: Host; io: Pick<Io, "warn" | "progress"> },
): Promise<ClientHosts> {
  const { host, io } = options;
  const cache = join(host.stateDir, "cache", `clients-${image.recipe.slice(0, 12)}.json`);
  const known = await findCached(cache, image.recipe);
  if (known !== undefined) return known;
  const answer = await ask(image.ref, options);
  if (typeof answer === "string") {
    io.warn(`Cannot tell where the package managers of ${image.ref} fetch from: ${answer}`);
    return {};
  }
  await writeFileAtomic(cache, JSON.stringify({ schema: 1, recipe: image.recipe, hosts: answer }));
  return answer;
}

async function ask(
  ref: string,
  options: { engine: Pick<Engine, "docker">; io: Pick<Io, "progress"> },
): Promise<ClientHosts | string> {
  let progress: ReturnType<Io["progress"]> | undefined;
  const timer = setTimeout(() => {
    progress = options.io.progress("Looking where the image's package managers fetch from");
  }, PATIENCE_MS);
  try {
    const result = await options.engine.docker(planArgs(ref), { timeoutMs: TIMEOUT_MS });
    const hosts = result.code === 0 ? parseClientHosts(result.stdout) : undefined;
    if (hosts === undefined) return result.stderr.trim().split("\n").at(-1) || "no answer";
    progress?.done();
    return hosts;
  } finally {
    clearTimeout(timer);
    progress?.[Symbol.dispose]();
  }
}

function planArgs(ref: string): string[] {
  return [
    ...["run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp"],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65532:65532"],
    ...["--pids-limit", "128", "--memory", "512m", "--label", `${LABEL.managed}=true`],
    // A fresh home has what the image put there. npm writes its logs nowhere.
    ...["--env", `HOME=${INSIDE.home}`, "--env", "npm_config_cache=/tmp/npm"],
    ...["--entrypoint", PROGRAM, ref],
  ];
}

async function findCached(path: string, recipe: string): Promise<ClientHosts | undefined> {
  try {
    const value = JSON.parse(await findText(path) ?? "null");
    if (value?.schema !== 1 || value.recipe !== recipe) return undefined;
    return parseClientHosts(JSON.stringify(value.hosts));
  } catch {
    // Broken by hand or by another version: it is only a cache.
    return undefined;
  }
}
