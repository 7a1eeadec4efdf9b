import { EXIT, UserError } from "../errors.ts";
import { IMAGE } from "../names.ts";

/** The user's own Dockerfile, as found on the host. */
export type CustomDockerfile = {
  /** Absolute path, for messages. */
  path: string;
  text: string;
  /** Absolute directory its COPY lines read from. */
  context: string;
  /** Changes when a file that the COPY and ADD lines name changes. */
  fingerprint: string;
};

/** One instruction with its continuation lines joined. */
type Instruction = { name: string; rest: string; line: number };

/**
 * Puts the exact image in the place of `FROM sandcage/base`, so that the file builds on this
 * project's image and not on whatever was built last.
 *
 * @throws {UserError} With code `config-invalid`, if the last stage does not stand on sandcage/base:
 * a cage needs what is in it.
 */
export function rewriteDockerfile(
  file: Pick<CustomDockerfile, "path" | "text">,
  base: string,
): string {
  const standsOnBase = new Map<string, boolean>();
  let last: boolean | undefined;
  const lines = file.text.split(/\r?\n/);
  for (const { name, rest, line } of parseInstructions(file.text)) {
    if (name !== "FROM") continue;
    const words = rest.split(/\s+/).filter((word) => !word.startsWith("--"));
    const [image = "", as, alias] = words;
    const isBase = isBaseReference(image);
    last = isBase || (standsOnBase.get(image.toLowerCase()) ?? false);
    if (as?.toUpperCase() === "AS" && alias !== undefined) {
      standsOnBase.set(alias.toLowerCase(), last);
    }
    if (isBase) lines[line] = lines[line]!.replace(image, base);
  }
  if (last === true) return lines.join("\n");
  throw new UserError(
    `${file.path} does not build on ${IMAGE.base}: its last stage starts from something else`,
    {
      hint: `Start the last stage with: FROM ${IMAGE.base}`,
      exit: EXIT.config,
      code: "config-invalid",
    },
  );
}

/** Lists the paths of the context that COPY and ADD read; addresses and other stages left out. */
export function findSources(text: string): string[] {
  const sources = new Set<string>();
  for (const { name, rest } of parseInstructions(text)) {
    if (name !== "COPY" && name !== "ADD") continue;
    if (/(^|\s)--from=/.test(rest)) continue;
    for (const source of parseCopy(rest).slice(0, -1)) {
      if (!/^(https?:|git@|git:)/.test(source)) sources.add(source);
    }
  }
  return [...sources].toSorted();
}

function parseCopy(rest: string): string[] {
  const operands = rest.replace(/^(--\S+\s+)*/, "");
  if (operands.startsWith("[")) {
    try {
      const list: unknown = JSON.parse(operands);
      if (Array.isArray(list)) return list.map(String);
    } catch {
      // Not JSON after all: docker reads it as plain words, and so do we.
    }
  }
  return operands.split(/\s+/).filter((word) => word !== "");
}

function parseInstructions(text: string): Instruction[] {
  const found: Instruction[] = [];
  let open: Instruction | undefined;
  for (const [line, raw] of text.split(/\r?\n/).entries()) {
    const trimmed = raw.trim();
    if (trimmed.startsWith("#") || (trimmed === "" && open === undefined)) continue;
    const continues = trimmed.endsWith("\\");
    const piece = continues ? trimmed.slice(0, -1).trim() : trimmed;
    if (open !== undefined) open.rest += ` ${piece}`;
    else {
      const [name = "", ...rest] = piece.split(/\s+/);
      open = { name: name.toUpperCase(), rest: rest.join(" "), line };
    }
    if (continues) continue;
    found.push(open);
    open = undefined;
  }
  if (open !== undefined) found.push(open);
  return found;
}

function isBaseReference(image: string): boolean {
  return image === IMAGE.base || image === `${IMAGE.base}:latest`;
}
