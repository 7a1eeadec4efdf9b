import { compilePolicy } from "../policy/compile.ts";
import { parseDocument } from "../policy/parse_document.ts";
import { compileContent } from "./content/compile.ts";
import type { Snapshot } from "./context.ts";

/** Makes a snapshot of what came over the wire, or says everything that is wrong with it. */
export async function compileSnapshot(
  document: unknown,
): Promise<{ ok: true; snapshot: Snapshot } | { ok: false; problems: string[] }> {
  const parsed = parseDocument(document);
  if (!parsed.ok) return parsed;
  const compiled = compilePolicy(parsed.document);
  if (!compiled.ok) return compiled;
  const content = await compileContent(parsed.document);
  if (!content.ok) return content;
  const { version } = parsed.document;
  return {
    ok: true,
    snapshot: Object.freeze({ version, policy: compiled.policy, content: content.content }),
  };
}
