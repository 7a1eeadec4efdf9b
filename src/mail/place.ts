import { type ExecStreams, openExec, openRun } from "../engine/exec.ts";
import { inspectAll } from "../engine/inspect.ts";
import { planSealedRun } from "../engine/sealed_run.ts";
import { EXIT, UserError } from "../errors.ts";
import { INSIDE, LABEL } from "../names.ts";
import type { MailSite } from "./site.ts";

/** Where a mailbox is reached right now. */
export type MailPlace =
  | { kind: "running"; container: string }
  /** Nothing runs: a container is started for as long as it takes. */
  | { kind: "home"; image: string }
  /** Nothing runs, and there is nothing that anybody could have written into. */
  | { kind: "nowhere" };

/** The program of the mailbox; its environment is not that of an agent. */
function planCommand(box: string): [string, ...string[]] {
  return ["/usr/bin/env", "-i", "/opt/cage/node/bin/node", `${INSIDE.mail}/serve.mjs`, box];
}

/** Looks for a container that has the mailbox, else for what one can be made of. */
export async function findMailPlace(site: MailSite): Promise<MailPlace> {
  const container = (await findRunning(site))[0];
  if (container !== undefined) return { kind: "running", container };
  const present = await inspectAll(site.engine, [site.home, ...site.images]);
  const image = site.images.find((ref) => present.has(ref));
  return image === undefined || !present.has(site.home)
    ? { kind: "nowhere" }
    : { kind: "home", image };
}

/**
 * Running containers of agents of a cage's service.
 *
 * @throws {UserError} Of code `engine-failed` if the engine gives no list.
 */
export async function findRunning(
  site: Pick<MailSite, "engine" | "cageId" | "service">,
): Promise<string[]> {
  return (await listAgents(site)).filter(({ service }) => service === site.service)
    .map(({ container }) => container);
}

/** Services of a cage whose agents run, each once. @throws {UserError} As {@link findRunning}. */
export async function findRunningServices(
  site: Pick<MailSite, "engine" | "cageId">,
): Promise<string[]> {
  return [...new Set((await listAgents(site)).map(({ service }) => service))];
}

/**
 * Services that have a home in a cage of its own, each once; none where homes are shared.
 *
 * @throws {UserError} As {@link findRunning}.
 */
export async function findHomeServices(
  { engine, cageId }: Pick<MailSite, "engine" | "cageId">,
): Promise<string[]> {
  const result = await engine.docker([
    ...["volume", "ls", "--filter", `label=${LABEL.managed}=true`],
    ...["--filter", `label=${LABEL.cage}=${cageId}`],
    ...["--format", `{{.Label "${LABEL.service}"}}`],
  ]);
  if (result.code !== 0) throw listError("volumes", result.stderr);
  return [...new Set(result.stdout.split("\n").filter((line) => line !== ""))].sort();
}

async function listAgents(
  { engine, cageId }: Pick<MailSite, "engine" | "cageId">,
): Promise<{ container: string; service: string }[]> {
  const labels = { [LABEL.managed]: "true", [LABEL.cage]: cageId, [LABEL.role]: "agent" };
  const result = await engine.docker([
    ...["ps", "--no-trunc", "--filter", "status=running"],
    ...Object.entries(labels).flatMap(([name, value]) => ["--filter", `label=${name}=${value}`]),
    ...["--format", `{{.ID}} {{.Label "${LABEL.service}"}}`],
  ]);
  if (result.code !== 0) throw listError("containers", result.stderr);
  return result.stdout.split("\n").filter((line) => line !== "").map((line) => {
    const [container = "", service = ""] = line.split(" ");
    return { container, service };
  });
}

function listError(what: string, said: string): UserError {
  return new UserError(`Cannot list the ${what} of the cage: ${said.trim()}`, {
    hint: "Run: sandcage doctor",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

/** Opens the streams of the mailbox's program. @throws {Error} If it does not start. */
export async function openMailStreams(
  site: MailSite,
  place: Exclude<MailPlace, { kind: "nowhere" }>,
): Promise<ExecStreams> {
  return place.kind === "running"
    ? await openExec(site.engine, { container: place.container, command: planCommand(site.box) })
    : openRun(site.engine, planMailRun(site, place.image));
}

/** For the program of a mailbox, which holds some messages at a time. */
const MEMORY_MIB = 512;

/** Arguments of a container that has the home and nothing else. Pure. */
export function planMailRun(
  site: Pick<MailSite, "box" | "cageId" | "home" | "user">,
  image: string,
): string[] {
  return planSealedRun({
    image,
    command: planCommand(site.box),
    user: site.user,
    cageId: site.cageId,
    mounts: [`type=volume,source=${site.home},target=${INSIDE.home},volume-nocopy`],
    memoryMiB: MEMORY_MIB,
    stdin: "open",
  });
}
