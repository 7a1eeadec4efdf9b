import { join } from "node:path";
import { loadConfig } from "../config/layers.ts";
import { connectEngine } from "../engine/connect.ts";
import { run } from "../engine/process.ts";
import { UserError } from "../errors.ts";
import { ensurePrivateDir, type FileLock } from "../files.ts";
import { copyVolumeNames } from "../names.ts";
import type { Host } from "../host.ts";
import type { CageRoot } from "../transfer/types.ts";
import { claimCopyCage } from "./claim.ts";
import { applyDotfiles } from "./dotfiles.ts";
import { cloneRepository } from "./clone.ts";
import { observeDir } from "./dirs.ts";
import { type FilledRoot, fillNewCage } from "./fill.ts";
import { formatCopyId, planCageName, PROJECT_ROOT, randomHex } from "./names.ts";
import { describeEngine } from "./own_engine.ts";
import { type CopyRecord, writeCopyRecord } from "./record.ts";
import { fillPromoteCage, requirePromotable } from "../promote/cage/fill.ts";
import { planPlainNames } from "../promote/record.ts";
import { sweepCopyCage } from "./sweep.ts";
import {
  type CopyGround,
  type CopySource,
  findDockerfile,
  observeCopyGround,
  readCopySource,
} from "./source.ts";
import { makeCopyVolumes, openCopyCage } from "./site.ts";
import { findPhantomUser } from "../cage/phantom.ts";
import { type CageContext, locateCage, prepareCage } from "../cage/prepare.ts";
import { cageDir } from "../cage/store.ts";

/** What a cage is to be made of. */
export type CreateRequest = {
  /** A repository to clone; without it the project. */
  url?: string | undefined;
  /** The project's directory, by default the current one. */
  path?: string | undefined;
  name?: string | undefined;
  /** Defaults to the first service that is enabled. */
  service?: string | undefined;
  /** Directories that come in beside the project. */
  dirs: readonly string[];
  dockerfile?: string | undefined;
  authMode: CopyRecord["authMode"];
};

/** A cage that is ready, and what of the host is in it now. */
export type CreatedCage = { copy: CopyRecord; filled: readonly FilledRoot[] };

/**
 * Makes a cage with files of its own: record, clone, volumes, images, files, repository. Until it is
 * whole its record says `filling`; what fails or is interrupted leaves nothing, and what is killed is
 * removed by the next `create` of the same name.
 *
 * @throws {UserError} If any part of it cannot be had.
 */
export async function createCopyCage(
  request: CreateRequest,
  context: CageContext,
): Promise<CreatedCage> {
  const { host } = context;
  const source = await readCopySource(request, host);
  const name = planCageName(request.name, source.basename);
  const dockerfile = request.dockerfile === undefined
    ? undefined
    : await findDockerfile(request.dockerfile, host);
  // What a directory's project says is known before anything is made.
  const early = source.kind === "dir"
    ? await observeCopyGround(source.path, context, request)
    : await requireEngine(context);
  const id = formatCopyId(name, randomHex());
  const roots = await planRoots({ id, source, dirs: request.dirs }, host);
  const begun: CopyRecord = {
    schema: 1,
    id,
    name,
    state: "filling",
    service: early?.service ?? request.service ?? "",
    user: await findPhantomUser(host),
    volumes: copyVolumeNames(id),
    // Without one it has nothing on any engine yet.
    ...(early === undefined ? { engine: "" } : describeEngine(early.engine)),
    source: source.kind === "dir" ? { kind: "dir" } : { kind: "url", url: source.address.url },
    roots,
    authMode: request.authMode,
    ...(dockerfile === undefined ? {} : { dockerfile }),
    createdAt: new Date().toISOString(),
  };
  const sweep = (copy: CopyRecord) => sweepCopyCage(copy, context);
  const lock = await claimCopyCage(begun, { stateDir: host.stateDir, sweep });
  try {
    const created = await make(begun, { source, early, request, context });
    release(lock);
    return created;
  } catch (error) {
    release(lock);
    await sweep(begun).catch(() =>
      context.io.warn(`What was begun of "${name}" stays: sandcage destroy ${name} removes it`)
    );
    throw error;
  }
}

/** An engine that is away is found out before a long clone, and not after. */
async function requireEngine(context: CageContext): Promise<undefined> {
  const { host, io, engineContext } = context;
  // No project is there: the layer of the user alone.
  const { config } = await loadConfig(host.stateDir, { host });
  const chosen = engineContext ?? config.engine.context;
  await connectEngine({ host, context: chosen, onSlow: io.talk });
}

function release(lock: FileLock): void {
  lock[Symbol.dispose]();
}

async function planRoots(
  made: { id: string; source: CopySource; dirs: readonly string[] },
  host: Host,
): Promise<CageRoot[]> {
  const { id, source, dirs } = made;
  const roots: CageRoot[] = [{
    name: PROJECT_ROOT,
    hostPath: source.kind === "dir" ? source.path : await findClonePath(id, host),
  }];
  for (const dir of dirs) {
    const fix = "leave it out, then: sandcage add-dir CAGE PATH --name NAME";
    roots.push(await observeDir(dir, { host, roots, fix }));
  }
  return roots;
}

/** Canonical, as every host path on record is. */
async function findClonePath(id: string, host: Host): Promise<string> {
  const cages = join(host.stateDir, "cages");
  await ensurePrivateDir(cages);
  return join(await Deno.realPath(cages), id, "repo");
}

async function make(
  begun: CopyRecord,
  options: {
    source: CopySource;
    early: CopyGround | undefined;
    request: CreateRequest;
    context: CageContext;
  },
): Promise<CreatedCage> {
  const { source, request, context } = options;
  const { host, io, signal } = context;
  const git = { host, run };
  const project = begun.roots[0]!.hostPath;
  if (source.kind === "url") {
    await cloneRepository(source.address, project, { git, io, signal });
  }
  const ground = options.early ?? await observeCloneGround(project, context, request);
  const { config } = ground.loaded;
  const promotes = config.workspace.mode === "promote";
  if (promotes) await requirePromotable(begun, { config, context });
  const copy = {
    ...begun,
    service: ground.service,
    ...describeEngine(ground.engine),
    ...(promotes ? planPlainNames(randomHex() + randomHex()) : {}),
  };
  await writeCopyRecord(host.stateDir, copy);
  await makeCopyVolumes(copy, ground.engine);
  // Images first: whoever has to fix a Dockerfile has not waited for the files.
  const prepared = await prepareCage(
    await locateCage({ service: copy.service, copy }, context),
    context,
  );
  const { dotfiles } = prepared.config.attach;
  if (dotfiles !== null) await applyDotfiles(prepared, dotfiles, { context });
  signal?.throwIfAborted();
  const cage = openCopyCage(copy, { ...ground, context });
  const isRepository = source.kind === "url" || source.isRepository;
  if (promotes) {
    const image = prepared.images.final.ref;
    const promote = await fillPromoteCage(cage, { config, image, context });
    const baseCommit = promote.pin.snapshot;
    return { copy: await finish({ ...copy, promote, baseCommit }, host), filled: [] };
  }
  const { filled, baseCommit } = await fillNewCage(cage, {
    config,
    context,
    git,
    hasRepository: isRepository && config.workspace.git !== "none",
  });
  signal?.throwIfAborted();
  const whole = { ...copy, ...(baseCommit === undefined ? {} : { baseCommit }) };
  return { copy: await finish(whole, host), filled };
}

async function finish(copy: CopyRecord, { stateDir }: Pick<Host, "stateDir">): Promise<CopyRecord> {
  const ready: CopyRecord = { ...copy, state: "ready" };
  await writeCopyRecord(stateDir, ready);
  await Deno.remove(join(cageDir(stateDir, copy.id), "making.lock")).catch(() => {});
  return ready;
}

/** A clone goes when it is not trusted, so nothing can be granted to it: whoever is asked must be there. */
async function observeCloneGround(
  project: string,
  context: CageContext,
  options: { service?: string | undefined },
): Promise<CopyGround> {
  try {
    return await observeCopyGround(project, context, options);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "not-trusted") throw error;
    throw new UserError(error.message, {
      hint:
        "Create it in a terminal, which asks; or clone it yourself, look at what it asks for,\n" +
        "and then: sandcage create --dir PATH",
      exit: error.exit,
      code: error.code,
      cause: error,
    });
  }
}
