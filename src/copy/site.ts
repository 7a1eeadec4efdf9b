import { loadConfig, type LoadedConfig } from "../config/layers.ts";
import type { Config } from "../config/schema.ts";
import { requireTrust } from "../config/trust.ts";
import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { ensureAllImages } from "../image/build.ts";
import { planCourierImage } from "../image/courier.ts";
import { observeImageFacts } from "../image/observe.ts";
import { LABEL } from "../names.ts";
import type { CopyCage } from "../transfer/types.ts";
import { requireOwnEngine } from "./locate.ts";
import type { CopyRecord } from "./record.ts";
import type { CageContext } from "../cage/prepare.ts";
import { cageDir } from "../cage/store.ts";

/** A copy cage with its engine and configuration: what commands about its files work on. */
export type CopySite = { copy: CopyRecord; cage: CopyCage; config: Config };

/**
 * Connects to the engine of a copy cage. Starts and makes nothing: the courier's image is looked for
 * when a courier has to be started.
 *
 * @throws {UserError} If the engine does not answer or is not the cage's.
 */
export async function openCopySite(copy: CopyRecord, context: CageContext): Promise<CopySite> {
  const { host } = context;
  const loaded = await loadConfig(copy.roots[0]!.hostPath, { host });
  const { config } = loaded;
  const engine = await connectEngine({
    host,
    context: context.engineContext ?? config.engine.context,
    onSlow: context.io.talk,
  });
  await requireOwnEngine(copy, { engine, config: { ports: [] } });
  return { copy, cage: openCopyCage(copy, { loaded, engine, context }), config };
}

/** A record as what transfer works on. */
export function openCopyCage(
  copy: CopyRecord,
  options: { loaded: LoadedConfig; engine: Engine; context: CageContext },
): CopyCage {
  const { loaded, engine, context } = options;
  const { id, name, volumes, user, roots } = copy;
  return {
    id,
    name,
    dir: cageDir(context.host.stateDir, id),
    volumes,
    user,
    roots,
    engine,
    async courierImage() {
      const { config } = loaded;
      const projectPath = roots[0]!.hostPath;
      // An export may have brought the very file that says what images are made of.
      await requireTrust(loaded, { ...context, projectPath });
      const facts = await observeImageFacts(config, {
        host: context.host,
        engine,
        projectPath,
      });
      const plan = await planCourierImage({ config, facts });
      await ensureAllImages([plan], { engine, ...context });
      return plan.final.ref;
    },
  };
}

/**
 * Makes the volumes of a new cage.
 *
 * @throws {UserError} Of code `conflict` when one is there already: it may hold somebody's work.
 */
export async function makeCopyVolumes(
  copy: Pick<CopyRecord, "id" | "volumes">,
  engine: Pick<Engine, "docker">,
): Promise<void> {
  for (const role of ["work", "checkpoints"] as const) {
    const name = copy.volumes[role];
    const found = await engine.docker(["volume", "inspect", name]);
    if (found.code === 0) {
      throw new UserError(`The volume ${name} exists already`, {
        hint: `It may hold the work of a cage that is not on record here: look at it with\n` +
          `docker volume inspect ${name}; when nothing needs it: docker volume rm ${name}`,
        exit: EXIT.conflict,
        code: "conflict",
      });
    }
    const labels = [[LABEL.managed, "true"], [LABEL.cage, copy.id], [LABEL.role, role]];
    const made = await engine.docker([
      "volume",
      "create",
      ...labels.flatMap(([key, value]) => ["--label", `${key}=${value}`]),
      name,
    ]);
    if (made.code === 0) continue;
    throw new UserError(`Cannot make the volume ${name}: ${made.stderr.trim()}`, {
      hint: "Run: sandcage doctor",
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
}
