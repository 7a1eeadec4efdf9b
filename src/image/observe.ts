import { sha256Hex } from "../hash.ts";
import { dirname, isAbsolute, join, relative } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Engine } from "../engine/engine.ts";
import { run } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { observeCa } from "./ca.ts";
import { type CustomDockerfile, findSources } from "./dockerfile.ts";
import { planNpmrc } from "./npmrc.ts";
import { planPipConf } from "./pip_conf.ts";
import type { ImageFacts } from "./spec.ts";

/** Variables the docker client hands to a build by itself when it is told their names. */
const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY"];

/** Files counted for the fingerprint of one build context; more than that names no image. */
const MAX_CONTEXT_FILES = 20_000;

/**
 * Who the agent is inside. A rootless engine runs containers as the user already: uid 0 inside is
 * the user outside.
 */
export function cageUser(
  host: Pick<Host, "user">,
  capabilities: Pick<Engine["capabilities"], "rootless">,
): { uid: number; gid: number } {
  return capabilities.rootless ? { uid: 0, gid: 0 } : { uid: host.user.uid, gid: host.user.gid };
}

/**
 * Looks at everything images depend on besides the configuration. Costs a few `stat` calls when
 * nothing changed since the last time.
 *
 * @throws {UserError} If the Dockerfile or a certificate named by the configuration cannot be read.
 */
export async function observeImageFacts(
  config: Pick<Config, "image">,
  options: { host: Host; engine: Pick<Engine, "capabilities">; projectPath: string },
): Promise<ImageFacts> {
  const { host, engine, projectPath } = options;
  const [ca, dockerfile, npmrc] = await Promise.all([
    observeCa(config.image.ca, { host, projectPath, run }),
    config.image.dockerfile === null
      ? undefined
      : observeDockerfile(config.image.dockerfile, projectPath),
    observeNpmrc(host),
  ]);
  const pipConf = planPipConf(host.env);
  return {
    arch: engine.capabilities.arch,
    user: cageUser(host, engine.capabilities),
    ca,
    proxies: PROXY_NAMES.flatMap((name) => [name, name.toLowerCase()])
      .filter((name) => (host.env[name] ?? "") !== ""),
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(npmrc === undefined ? {} : { npmrc }),
    ...(pipConf === undefined ? {} : { pipConf }),
  };
}

async function observeNpmrc(host: Host): Promise<string | undefined> {
  let text = "";
  try {
    text = await Deno.readTextFile(host.env.npm_config_userconfig ?? join(host.home, ".npmrc"));
  } catch {
    // Most people have none; one that cannot be read configures nothing either.
  }
  return planNpmrc(text, host.env);
}

/**
 * Reads the user's own Dockerfile and fingerprints the files it copies, by size and modification
 * time: reading them all at every start would cost seconds, and BuildKit compares the bytes anyway.
 */
async function observeDockerfile(path: string, projectPath: string): Promise<CustomDockerfile> {
  const full = isAbsolute(path) ? path : join(projectPath, path);
  const context = dirname(full);
  let text: string;
  try {
    text = await Deno.readTextFile(full);
  } catch (cause) {
    throw new UserError(`Cannot read ${full}, named in image.dockerfile`, {
      hint: "Give the path of a Dockerfile, from the project's root",
      exit: EXIT.config,
      code: "config-invalid",
      cause,
    });
  }
  const lines: string[] = [];
  for (const source of findSources(text)) {
    const root = join(context, staticPrefix(source));
    // What lies outside never reaches the engine: docker refuses it when it builds.
    if (relative(context, root).startsWith("..")) continue;
    for await (const line of fingerprint(root)) {
      if (lines.push(line) > MAX_CONTEXT_FILES) break;
    }
  }
  return { path: full, text, context, fingerprint: sha256Hex(lines.join("")) };
}

// `src/*.ts` is watched as `src`, `./` as the whole context.
function staticPrefix(source: string): string {
  const words = source.replace(/^\/+/, "").split("/");
  const wild = words.findIndex((word) => /[*?[$]/.test(word));
  return (wild < 0 ? words : words.slice(0, wild)).join("/");
}

async function* fingerprint(path: string): AsyncGenerator<string> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(path);
  } catch {
    // Docker names the missing file when it builds.
    yield `${path} absent\n`;
    return;
  }
  yield `${path} ${info.mode} ${info.size} ${info.isDirectory ? "" : info.mtime?.getTime()}\n`;
  if (!info.isDirectory) return;
  const names: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (entry.name !== ".git") names.push(entry.name);
  }
  for (const name of names.toSorted()) yield* fingerprint(join(path, name));
}
