import { inspectAll, type InspectedObject } from "../engine/inspect.ts";
import { EXIT, UserError } from "../errors.ts";
import { LABEL } from "../names.ts";
import { pause } from "../pause.ts";
import type { CopyCage } from "./types.ts";

/** What of a cage its courier has to know. */
export type CourierCage = Pick<
  CopyCage,
  "id" | "name" | "volumes" | "user" | "engine" | "courierImage"
>;

/** The program of a courier; `wait` and `serve` are its commands. */
export const COURIER_PROGRAM: readonly string[] = ["/app/node", "/app/main.mjs"];

/** How long a container may take to come or to go, in milliseconds. */
const SETTLE_MS = 20_000;
/** How long another client may take between making the container and starting it, in milliseconds. */
const MADE_MS = 8_000;
const LOOK_MS = 100;
const RUN_TIMEOUT_MS = 180_000;

/** Somebody is making it: its name is given away before it can be seen. */
const NAME_TAKEN = /already in use/i;

/** Name of a cage's courier. */
export function courierName(cageId: string): string {
  return `sandcage-courier-${cageId}`;
}

/** The command line that starts a cage's courier. Pure. */
export function planCourierArgs(
  cage: Pick<CourierCage, "id" | "volumes" | "user">,
  image: string,
): string[] {
  return [
    ...["run", "--rm", "--detach", "--name", courierName(cage.id)],
    ...formatLabels(cage.id),
    ...["--user", `${cage.user.uid}:${cage.user.gid}`, "--cap-drop", "ALL"],
    ...SEALED,
    ...["--init", "--tmpfs", "/run:rw,nosuid,nodev,noexec,size=1m,mode=1777"],
    ...mountVolumes(cage.volumes),
    ...[image, "wait"],
  ];
}

/** The command line that gives new volumes to the cage's user; only where the engine did not. Pure. */
export function planOwnArgs(
  cage: Pick<CourierCage, "id" | "volumes" | "user">,
  image: string,
): string[] {
  const { uid, gid } = cage.user;
  return [
    ...["run", "--rm", ...formatLabels(cage.id)],
    ...["--user", "0:0", "--cap-drop", "ALL", "--cap-add", "CHOWN"],
    ...SEALED,
    ...mountVolumes(cage.volumes),
    ...[image, "own", String(uid), String(gid)],
  ];
}

/** No network, nothing to write to but the volumes, no way to become more, and an end to what it uses. */
const SEALED: readonly string[] = [
  ...["--network", "none", "--read-only", "--security-opt", "no-new-privileges"],
  ...["--pids-limit", "64", "--memory", "1g", "--memory-swap", "1g"],
];

function formatLabels(cageId: string): string[] {
  const labels = { [LABEL.managed]: "true", [LABEL.cage]: cageId, [LABEL.role]: "courier" };
  return Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
}

function mountVolumes({ work, checkpoints }: CourierCage["volumes"]): string[] {
  return [
    ...["--mount", `type=volume,source=${work},target=/work`],
    ...["--mount", `type=volume,source=${checkpoints},target=/checkpoints`],
  ];
}

/**
 * Sees to it that a cage's courier runs. Clients that come at once start one between them; one that
 * is on its way out is waited for, one that hangs is replaced.
 *
 * @throws {UserError} Of code `engine-failed` if the engine cannot start it.
 */
export async function ensureCourier(
  cage: CourierCage,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { engine } = cage;
  const name = courierName(cage.id);
  const deadlineMs = Date.now() + SETTLE_MS;
  let madeMs: number | undefined;
  for (let refusal = "";;) {
    options.signal?.throwIfAborted();
    const found = (await inspectAll(engine, [name])).get(name);
    const state = found === undefined ? "absent" : readState(found);
    if (state === "running") return;
    if (state === "absent") {
      if (Date.now() > deadlineMs) throw startError(cage, refusal);
      const { code, stderr } = await engine.docker(
        planCourierArgs(cage, await cage.courierImage()),
        { timeoutMs: RUN_TIMEOUT_MS, ...pickSignal(options) },
      );
      if (code === 0) return;
      // Somebody else may have been faster. When nobody was, the engine says the same once more.
      const isOurs = (await inspectAll(engine, [name])).get(name) === undefined &&
        !NAME_TAKEN.test(stderr);
      if (isOurs && refusal !== "") throw startError(cage, stderr);
      refusal = stderr;
      await pause(LOOK_MS, options.signal);
      continue;
    }
    madeMs ??= Date.now();
    if (state === "created" && Date.now() - madeMs < MADE_MS) {
      await pause(LOOK_MS, options.signal);
      continue;
    }
    if (Date.now() > deadlineMs) throw startError(cage, `the container ${name} is ${state}`);
    await engine.docker(["rm", "--force", found!.id]);
    await pause(LOOK_MS, options.signal);
  }
}

/**
 * Removes a cage's courier, with whatever it is doing; there may be none. Its volumes cannot be
 * removed before.
 */
export async function stopCourier(cage: Pick<CourierCage, "id" | "engine">): Promise<void> {
  const name = courierName(cage.id);
  const deadlineMs = Date.now() + SETTLE_MS;
  for (;;) {
    const found = (await inspectAll(cage.engine, [name])).get(name);
    if (found === undefined || found.labels[LABEL.managed] !== "true") return;
    const { stderr } = await cage.engine.docker(["rm", "--force", found.id]);
    if (Date.now() > deadlineMs) {
      throw new UserError(`Cannot remove the container ${name}: ${lastLine(stderr)}`, {
        hint: `Remove it yourself: docker rm --force ${name}`,
        exit: EXIT.engine,
        code: "engine-failed",
      });
    }
  }
}

/**
 * Gives new volumes to the cage's user.
 *
 * @throws {UserError} Of code `engine-failed` if the engine does not let it.
 */
export async function ownVolumes(cage: CourierCage): Promise<void> {
  const args = planOwnArgs(cage, await cage.courierImage());
  const { code, stderr } = await cage.engine.docker(args, { timeoutMs: RUN_TIMEOUT_MS });
  if (code !== 0) throw startError(cage, stderr);
}

function readState(container: InspectedObject): string {
  const state = container.raw.State as { Status?: unknown } | undefined;
  return typeof state?.Status === "string" ? state.Status : "absent";
}

function startError(cage: Pick<CourierCage, "name">, said: string): UserError {
  return new UserError(
    `Cannot start the courier of cage "${cage.name}": ${lastLine(said) || "the engine gave none"}`,
    {
      hint: "See what the engine says: sandcage doctor; then run it again",
      exit: EXIT.engine,
      code: "engine-failed",
    },
  );
}

function pickSignal(options: { signal?: AbortSignal | undefined }): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function lastLine(text: string): string {
  return text.trim().split("\n").findLast((line) => !line.startsWith("See 'docker")) ?? "";
}
