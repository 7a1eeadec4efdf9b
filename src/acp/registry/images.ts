import { type ManagedObject, parseManaged } from "../../cage/inventory.ts";
import type { Engine } from "../../engine/engine.ts";
import { EXIT, UserError } from "../../errors.ts";
import { LABEL } from "../../names.ts";

const QUESTIONS = {
  image: [
    "image",
    "ls",
    "--no-trunc",
    "--format",
    "[{{json .ID}},{{json .Repository}},{{json .Tag}}]",
  ],
  volume: ["volume", "ls", "--format", "[{{json .Name}},{{json .Name}}]"],
} as const;

/**
 * Looks for the images, or the home volumes, of one service.
 *
 * @throws {UserError} With code `engine-failed` if the engine does not answer with a list.
 */
export async function observeOwned(
  kind: keyof typeof QUESTIONS,
  options: { service: string; engine: Pick<Engine, "docker"> },
): Promise<ManagedObject[]> {
  const labels = [`${LABEL.managed}=true`, `${LABEL.service}=${options.service}`];
  const result = await options.engine.docker([
    ...QUESTIONS[kind],
    ...labels.flatMap((label) => ["--filter", `label=${label}`]),
  ]);
  if (result.code === 0) return parseManaged(kind, result.stdout);
  throw new UserError(`Cannot list the ${kind}s of the engine`, {
    hint: result.stderr.trim(),
    exit: EXIT.engine,
    code: "engine-failed",
  });
}
