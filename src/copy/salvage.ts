import { defaultConfig } from "../config/defaults.ts";
import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";

import { EXIT, UserError } from "../errors.ts";
import { ensureAllImages } from "../image/build.ts";
import { planCourierImage } from "../image/courier.ts";
import { observeImageFacts } from "../image/observe.ts";
import { copyVolumeNames, IMAGE, LABEL } from "../names.ts";
import { COURIER_PROGRAM } from "../transfer/courier_container.ts";
import type { CopyCage } from "../transfer/types.ts";
import { type CopyRecord, requireCopyCage } from "./record.ts";
import { connectCopyEngine } from "./sweep.ts";
import { type ManagedObject, observeManaged } from "../cage/inventory.ts";
import type { CageContext } from "../cage/prepare.ts";
import { cageDir } from "../cage/store.ts";

/** What is left of a cage, as far as its files can be reached; disposing removes what had to be made. */
export type Remains = AsyncDisposable & { cage: CopyCage; hasRecord: boolean };

/**
 * Finds a cage by what there still is of it: a record, or only the volume with its work. Needs neither
 * its project nor a valid configuration nor its image.
 *
 * @param word Name or id of a cage, or the name of its volume.
 * @throws {UserError} If nothing is there, or its engine does not answer.
 */
export async function openRemains(word: string, context: CageContext): Promise<Remains> {
  const { host } = context;
  const copy = await findRecord(word, host.stateDir);
  const engine = copy === undefined
    ? await connectEngine({
      host,
      context: context.engineContext ?? null,
      onSlow: context.io.talk,
    })
    : await connectCopyEngine(copy, context);
  const volumes = await observeManaged(engine, ["volume"]);
  const found = matchVolume(volumes, copy?.volumes.work ?? word);
  if (found === undefined) throw missing(word, { volumes, copy, engine });
  const id = copy?.id ?? found.cage ?? found.title;
  const checkpoints = copy?.volumes.checkpoints ?? copyVolumeNames(id).checkpoints;
  const courierImage = () => findCourierImage(engine, context);
  const user = copy?.user ?? await readOwner(engine, found.title, await courierImage());
  // The courier wants both volumes; an engine would make one without a label.
  const isLent = !volumes.some(({ title }) => title === checkpoints);
  if (isLent) await must(engine, ["volume", "create", ...formatLabels(id), checkpoints]);
  return {
    hasRecord: copy !== undefined,
    cage: {
      id,
      name: copy?.name ?? id,
      dir: cageDir(host.stateDir, id),
      volumes: { work: found.title, checkpoints },
      user,
      roots: copy?.roots ?? [],
      engine,
      courierImage,
    },
    async [Symbol.asyncDispose]() {
      if (!isLent) return;
      await engine.docker(["rm", "--force", `sandcage-courier-${id}`]);
      await engine.docker(["volume", "rm", checkpoints]);
    },
  };
}

async function findRecord(word: string, stateDir: string): Promise<CopyRecord | undefined> {
  try {
    return await requireCopyCage(stateDir, { word });
  } catch (error) {
    // No record, or a damaged one: the volume may still be there.
    if (error instanceof UserError && error.code === "usage") return undefined;
    throw error;
  }
}

/** The volume of work that a word means: by its name, its cage's id, or the start of that. Pure. */
export function matchVolume(
  volumes: readonly ManagedObject[],
  word: string,
): ManagedObject | undefined {
  const works = volumes.filter(({ role }) => role === "work");
  const exact = works.find(({ title, cage }) =>
    title === word || cage === word || title === copyVolumeNames(word).work
  );
  if (exact !== undefined) return exact;
  const begun = works.filter(({ cage }) => cage?.startsWith(word) === true);
  return begun.length === 1 ? begun[0] : undefined;
}

/** The image of the courier: ours when it can be had, else whatever one is there. */
async function findCourierImage(engine: Engine, context: CageContext): Promise<string> {
  const { host } = context;
  try {
    const config = defaultConfig();
    const facts = await observeImageFacts(config, { host, engine, projectPath: host.cwd });
    const plan = await planCourierImage({ config, facts });
    await ensureAllImages([plan], { engine, ...context });
    return plan.final.ref;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const listed = await engine.docker([
      ...["image", "ls", IMAGE.courier, "--filter", `label=${LABEL.managed}=true`],
      ...["--format", "{{.ID}}"],
    ]);
    const [newest] = listed.stdout.trim().split("\n");
    if (newest === undefined || newest === "") throw error;
    return newest;
  }
}

/** Whom the files of a volume belong to. */
async function readOwner(
  engine: Engine,
  volume: string,
  image: string,
): Promise<CopyCage["user"]> {
  const mount = `type=volume,source=${volume},target=/work,readonly`;
  const program = 'const s = require("fs").statSync("/work"); console.log(s.uid + ":" + s.gid)';
  const said = await must(engine, [
    ...["run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"],
    ...["--security-opt", "no-new-privileges", "--user", "65534:65534", "--mount", mount],
    ...["--entrypoint", COURIER_PROGRAM[0]!, image, "--eval", program],
  ]);
  const [uid, gid] = said.trim().split(":").map(Number);
  return { uid: uid!, gid: gid! };
}

function formatLabels(id: string): string[] {
  return [[LABEL.managed, "true"], [LABEL.cage, id], [LABEL.role, "checkpoints"]]
    .flatMap(([key, value]) => ["--label", `${key}=${value}`]);
}

async function must(engine: Engine, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(args, { timeoutMs: 60_000 });
  if (code === 0) return stdout;
  throw new UserError(`The engine cannot reach what is left: ${stderr.trim().split("\n").at(-1)}`, {
    hint: "Run: sandcage doctor",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

function missing(
  word: string,
  there: { volumes: readonly ManagedObject[]; copy: CopyRecord | undefined; engine: Engine },
): UserError {
  const { volumes, copy, engine } = there;
  const works = volumes.filter(({ role }) => role === "work").map(({ title }) => title);
  const words = works.length === 0 ? "It has no volume of a cage" : `It has: ${works.join(", ")}`;
  return new UserError(
    copy === undefined
      ? `Nothing of ${JSON.stringify(word)} is left here or on ${engine.title}`
      : `The volume ${copy.volumes.work} of "${copy.name}" is not on ${engine.title} any more`,
    { hint: `${words}\nAnother engine: --context or DOCKER_HOST`, exit: EXIT.usage, code: "usage" },
  );
}
