import { statfs } from "node:fs/promises";
import { listSessions } from "../../cage/sessions.ts";
import { loadConfig } from "../../config/layers.ts";
import { type ClientObservation, observeClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { chooseEndpoint, formatEndpoint } from "../../engine/endpoint.ts";
import type { Engine } from "../../engine/engine.ts";
import { run } from "../../engine/process.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { observeCa } from "../../image/ca.ts";
import { IMAGE, LABEL } from "../../names.ts";
import { findProject } from "../../project/root.ts";
import { type Check, fail, ok, warn } from "../../setup/check.ts";
import { checkEngine } from "../../setup/engine_checks.ts";
import { checkHost } from "../../setup/host_checks.ts";
import { observeReturnPath } from "../../setup/return_path.ts";
import { formatChecks } from "../checks.ts";
import type { CommandContext } from "../context.ts";
import { formatJson } from "../output.ts";
import { observeWalls } from "../walls.ts";

/** `sandcage doctor`: every check with its fix. Exit 4 when one fails. */
export async function runDoctor(
  options: { json: boolean },
  context: CommandContext,
): Promise<number> {
  const { host, io } = context;
  const project = await observeProject(host);
  const engineContext = context.engineContext ?? project.engineContext;
  const checks = [
    ...await observeEngine({ host, engineContext, base: project.base }),
    ...checkHost({
      stateDir: host.stateDir,
      stateMode: await findMode(host),
      extraCas: await countCas(host),
      env: host.env,
      staleSessions: (await listSessions(host.stateDir)).filter(({ live }) => !live).length,
    }),
    project.check,
  ];
  // A way out is tried only where sessions can start at all.
  if (!checks.some(({ status }) => status === "fail")) checks.push(await observeWalls(context));
  io.out(options.json ? formatJson(checks) : formatChecks(checks, { color: io.color }));
  return checks.some(({ status }) => status === "fail") ? EXIT.engine : EXIT.ok;
}

async function observeEngine(
  options: { host: Host; engineContext: string | null; base: string },
): Promise<Check[]> {
  const { host, engineContext } = options;
  const endpoint = chooseEndpoint(engineContext, host.env);
  const client = await observeClient({ endpoint, host, run });
  const engine = client.server === undefined
    ? "the engine does not answer"
    : await connectEngine({ host, context: engineContext }).catch(messageOf);
  const local = typeof engine === "string" ? engine : await engine.isLocal().catch(messageOf);
  const checks = checkEngine({
    client,
    title: formatEndpoint(endpoint),
    platform: host.platform,
    flavor: typeof engine === "string" ? undefined : engine.capabilities.flavor,
    local,
    freeBytes: local === true ? await findFreeBytes(client) : null,
    returnPath: local === true && hasOurBridges(engine) ? await observeReturnPath() : null,
  });
  return typeof engine === "string"
    ? checks
    : [...checks, ...await observeImages(engine, options.base)];
}

/** Elsewhere they are in a virtual machine, or in a network namespace where nobody listens. */
function hasOurBridges(engine: Engine | string): boolean {
  return typeof engine !== "string" && !engine.capabilities.desktop &&
    !engine.capabilities.rootless;
}

async function observeImages(engine: Engine, base: string): Promise<Check[]> {
  const [present, ours] = await Promise.all([
    engine.docker(["image", "inspect", "--format", "{{.Id}}", base]),
    engine.docker([
      "image",
      "ls",
      "--filter",
      `label=${LABEL.recipe}`,
      "--format",
      "{{.Repository}}",
    ]),
  ]);
  const names = new Set(ours.stdout.split("\n").filter((name) => !/^(<none>)?$/.test(name)));
  return [
    ok("base image", present.code === 0 ? base : `${base} (fetched at the first build)`),
    ok("images", names.size === 0 ? "none yet (sandcage build)" : [...names].toSorted().join(", ")),
  ];
}

type ProjectObservation = { check: Check; base: string; engineContext: string | null };

async function observeProject(host: Host): Promise<ProjectObservation> {
  const nothing = { base: IMAGE.debian, engineContext: null };
  try {
    const project = await findProject({ host });
    const { config, layers } = await loadConfig(project.path, { host });
    const files = layers.flatMap(({ file }) => file === null ? [] : [file]);
    const detail = `${project.path}: ${files.length === 0 ? "defaults" : files.join(", ")}`;
    return {
      check: ok("config", detail),
      base: config.image.base,
      engineContext: config.engine.context,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const judge = error.code === "project-refused" ? warn : fail;
    return {
      ...nothing,
      check: judge("config", { detail: error.message, fix: error.hint ?? "sandcage config check" }),
    };
  }
}

async function countCas(host: Host): Promise<number | string> {
  return await observeCa("auto", { host, projectPath: host.cwd, run })
    .then((found) => found.length, messageOf);
}

async function findMode(host: Host): Promise<number | null> {
  if (host.platform === "windows") return null;
  const mode = await Deno.stat(host.stateDir).then((info) => info.mode, () => null);
  return mode === null ? null : mode & 0o777;
}

async function findFreeBytes(client: ClientObservation): Promise<number | null> {
  try {
    const { DockerRootDir } = JSON.parse(client.info) as { DockerRootDir: string };
    const { bavail, bsize } = await statfs(DockerRootDir);
    return bavail * bsize;
  } catch {
    return null; // In a virtual machine's disk, or not readable for this user.
  }
}

function messageOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  throw error;
}
