import { join } from "node:path";
import { loadConfig, type LoadedConfig } from "../../config/layers.ts";
import { findPendingGrants, requireTrust, storeGrants } from "../../config/trust.ts";
import { UserError } from "../../errors.ts";
import { describeFailure } from "../../failure.ts";
import type { Host } from "../../host.ts";
import { type Io, SILENT_IO } from "../../io.ts";
import { CONFIG_FILE } from "../../names.ts";
import { findProject } from "../../project/root.ts";
import type { Finding, OpenSuite } from "../case.ts";
import { openScratch, type ScratchUse } from "../scratch.ts";
import {
  COMMAND_FILES,
  ENGINE_FILES,
  type HostileFile,
  NETWORK_FILES,
  NEVER_FILES,
} from "./hostile.ts";

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
          return await checkEngine(stage);
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

async function load(
  text: string,
  { host, project }: Stage,
  { io }: { io: Io } = { io: SILENT_IO },
): Promise<LoadedConfig> {
  // What a file names is there: it is refused for what it asks.
  await Deno.writeTextFile(join(project, "Dockerfile"), "FROM sandcage/base\n");
  await Deno.writeTextFile(join(project, CONFIG_FILE.project), `version: 1\n${text}\n`);
  const loaded = await loadConfig(project, { host });
  await requireTrust(loaded, { host, io, projectPath: project });
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

/** What no yes may give is refused before anybody is asked. */
async function checkEngine(stage: Stage): Promise<Finding> {
  const asked = await checkFiles([...ENGINE_FILES, ...NEVER_FILES], stage);
  const evidence = [...asked.evidence];
  for (const [what, text] of NEVER_FILES) {
    const refusal = await findFileRefusal(text, stage);
    if (refusal?.code === "not-trusted") evidence.push(`${what} can be agreed to`);
  }
  return { ...asked, held: evidence.length === 0, evidence };
}

async function checkDirectories(stage: Stage): Promise<Finding> {
  const { host, project } = stage;
  // A home that is kept in git does not make a project of everything below it.
  await Deno.mkdir(join(host.home, ".git", "objects"), { recursive: true });
  await Deno.writeTextFile(join(host.home, ".git", "HEAD"), "ref: refs/heads/main\n");
  const below = join(host.home, "notes");
  await Deno.mkdir(below, { recursive: true });
  const refused = ["/", host.home, join(host.home, ".ssh"), host.stateDir, "/etc", "/proc"];
  const evidence: string[] = [];
  for (const path of refused) {
    const found = await findProject({ host, path }).catch(ignoreRefusal);
    if (found !== undefined) evidence.push(`${path} would be mounted as ${found.path}`);
  }
  // What an agent writes into its project leads to no other repository.
  const planted = join(host.home, "work", "planted");
  await Deno.mkdir(planted, { recursive: true });
  await Deno.writeTextFile(join(planted, ".git"), `gitdir: ${join(host.home, ".git")}\n`);
  const led = await findProject({ host, path: planted });
  if (led.git !== "none") evidence.push(`a planted .git led to ${led.commonDir}`);
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

/**
 * Acts on a terminal, turns text around, or hides in it: ESC, BEL, DEL, CSI in one byte, U+202E and
 * U+200B, as YAML spells them.
 */
const ESCAPE = String.raw`\e]0;owned\a\e[2J\x7f\x9b2J\u202eowned\u200b`;

/** Where a project file can have words of its own. */
const WORDS: readonly string[] = [
  `"${ESCAPE}": 1`,
  `packages: ["${ESCAPE}"]`,
  `setup: ["echo ${ESCAPE}"]`,
  `secrets: { "${ESCAPE}": {} }`,
  `mounts: [{ source: "/proc/${ESCAPE}", target: /x }]`,
  `image: { dockerfile: "${ESCAPE}" }`,
];

/** What a project says is shown, and does nothing to the terminal it is shown on. */
async function checkWords(stage: Stage): Promise<Finding> {
  const shown: string[] = [];
  for (const text of WORDS) shown.push(await findShown(text, stage));
  const acting = shown.filter((text) =>
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(text)
  );
  return {
    held: acting.length === 0,
    control: shown.some((text) => text.includes("owned")),
    seen: `${WORDS.length} messages, no character that acts`,
    evidence: acting.map((text) => JSON.stringify(text)),
  };
}

/** All that somebody at a terminal is shown who does not agree. */
async function findShown(text: string, stage: Stage): Promise<string> {
  const talked: string[] = [];
  const say = (line: string) => void talked.push(line);
  const io: Io = { ...SILENT_IO, interactive: true, talk: say, warn: say };
  try {
    await load(text, stage, { io });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    talked.push(describeFailure(error).text);
  }
  return talked.join("\n");
}
