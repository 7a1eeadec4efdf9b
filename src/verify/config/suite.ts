import { join } from "node:path";
import { loadConfig, type LoadedConfig } from "../../config/layers.ts";
import { findPendingGrants, requireTrust, storeGrants } from "../../config/trust.ts";
import { UserError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { SILENT_IO } from "../../io.ts";
import { CONFIG_FILE } from "../../names.ts";
import { findProject } from "../../project/root.ts";
import type { Finding, OpenSuite } from "../case.ts";
import { openScratch, type ScratchUse } from "../scratch.ts";
import { COMMAND_FILES, ENGINE_FILES, type HostileFile, NETWORK_FILES } from "./hostile.ts";

/** A machine of its own for configuration: a home, a state directory and a project, all empty. */
type Stage = { host: Host; project: string };

/** What the user's own file says there: the strictest that leaves something to widen. */
const USER_FILE = '[network]\nmode = "allowlist"\n';

/** Asks for less than the user gives. */
const TIGHTER = 'limits: { memory: 256m }\nworkspace: { hide: ["secrets/"] }\n';

/** What it makes on the host. */
export const CONFIG_SCRATCH: ScratchUse = { name: "config" };

/** Checks what projects may ask for: no engine, no session, nothing of the user's. */
export async function openConfigSuite(host: Host): Promise<OpenSuite> {
  const scratch = await openScratch(host.stateDir, CONFIG_SCRATCH);
  const stage = await makeStage(scratch.path, host);
  return {
    async check(id) {
      switch (id) {
        case "X01":
          return await checkFiles(ENGINE_FILES, stage);
        case "X02":
          return await checkDirectories(stage);
        case "X03":
          return await checkFiles(COMMAND_FILES, stage);
        case "X04":
          return await checkFiles(NETWORK_FILES, stage);
        case "X05":
          return await checkChange(stage);
        case "X06":
          return await checkWords(stage);
        default:
          throw new Error(`There is no case ${id}`);
      }
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function makeStage(root: string, host: Host): Promise<Stage> {
  const [home, project] = [join(root, "home"), join(root, "home", "work", "api")];
  const stateDir = join(home, ".sandcage");
  await Deno.mkdir(join(project, ".git"), { recursive: true });
  await Deno.mkdir(join(home, ".ssh"));
  await Deno.mkdir(stateDir, { mode: 0o700 });
  await Deno.writeTextFile(join(stateDir, CONFIG_FILE.user), USER_FILE);
  return { host: { ...host, home, stateDir, cwd: project }, project };
}

async function load(text: string, { host, project }: Stage): Promise<LoadedConfig> {
  // What a file names is there: it is refused for what it asks.
  await Deno.writeTextFile(join(project, "Dockerfile"), "FROM sandcage/base\n");
  await Deno.writeTextFile(join(project, CONFIG_FILE.project), `version: 1\n${text}\n`);
  const loaded = await loadConfig(project, { host });
  await requireTrust(loaded, { host, io: SILENT_IO, projectPath: project });
  return loaded;
}

/** Why a file is refused; `undefined` when it takes effect. */
export async function findFileRefusal(text: string, stage: Stage): Promise<UserError | undefined> {
  try {
    await load(text, stage);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

async function checkFiles(files: readonly HostileFile[], stage: Stage): Promise<Finding> {
  const evidence: string[] = [];
  for (const [what, text] of files) {
    if (await findFileRefusal(text, stage) === undefined) evidence.push(`${what} took effect`);
  }
  const tighter = await load(TIGHTER, stage);
  return {
    held: evidence.length === 0,
    control: tighter.config.limits.memory === "256m",
    seen: `${files.length} files refused, one that tightens applied`,
    evidence,
  };
}

async function checkDirectories(stage: Stage): Promise<Finding> {
  const { host, project } = stage;
  // A home that is kept in git does not make a project of everything below it.
  await Deno.mkdir(join(host.home, ".git"), { recursive: true });
  const below = join(host.home, "notes");
  await Deno.mkdir(below, { recursive: true });
  const refused = ["/", host.home, join(host.home, ".ssh"), host.stateDir, "/etc", "/proc"];
  const evidence: string[] = [];
  for (const path of refused) {
    const found = await findProject({ host, path }).catch(ignoreRefusal);
    if (found !== undefined) evidence.push(`${path} would be mounted as ${found.path}`);
  }
  const notes = await findProject({ host, path: below });
  if (notes.path !== below) evidence.push(`${below} would mount ${notes.path}`);
  const ordinary = await findProject({ host, path: project });
  return {
    held: evidence.length === 0,
    control: ordinary.path === project,
    seen: `${refused.length} directories refused, an ordinary one accepted`,
    evidence,
  };
}

function ignoreRefusal(error: unknown): undefined {
  if (error instanceof UserError) return undefined;
  throw error;
}

/** A yes is for exactly what was shown. */
async function checkChange(stage: Stage): Promise<Finding> {
  const { host, project } = stage;
  const [granted, changed] = ['setup: ["npm ci"]', 'setup: ["npm ci", "sh evil.sh"]'];
  await Deno.writeTextFile(join(project, CONFIG_FILE.project), `version: 1\n${granted}\n`);
  const pending = await findPendingGrants(await loadConfig(project, { host }), {
    host,
    projectPath: project,
  });
  await storeGrants(project, pending, { host });
  const control = await findFileRefusal(granted, stage) === undefined;
  const refusal = await findFileRefusal(changed, stage);
  return {
    held: refusal?.code === "not-trusted",
    control: control && pending.length > 0,
    seen: "what was trusted applies, one line more is asked again",
    evidence: refusal === undefined ? ["a changed file took effect"] : [],
  };
}

/** What a project says is shown, and does nothing to the terminal it is shown on. */
async function checkWords(stage: Stage): Promise<Finding> {
  const escape = "\x1b]0;owned\x07\x1b[2J";
  const files = [
    `"${escape.replaceAll("\x1b", "\\e").replaceAll("\x07", "\\a")}": 1`,
    `packages: ["${escape.replaceAll("\x1b", "\\e").replaceAll("\x07", "\\a")}"]`,
    `setup: ["echo ${escape.replaceAll("\x1b", "\\e").replaceAll("\x07", "\\a")}"]`,
  ];
  const shown: string[] = [];
  for (const text of files) {
    const refusal = await findFileRefusal(text, stage);
    shown.push(`${refusal?.message ?? ""}\n${refusal?.hint ?? ""}`);
  }
  // deno-lint-ignore no-control-regex
  const acting = shown.filter((text) => /[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text));
  return {
    held: acting.length === 0,
    control: shown.some((text) => text.includes("owned")),
    seen: `${files.length} messages, no control character`,
    evidence: acting.map((text) => JSON.stringify(text)),
  };
}
