import { Buffer } from "node:buffer";
import type { PolicyDocument } from "../../policy/document.ts";
import type { Finding } from "../context.ts";
import { toFinding } from "./report.ts";
import type { CompiledSecret } from "./scanner.ts";

/** Shorter texts are met by chance; the dots of a value do not count. */
const SHORTEST = 8;

/**
 * Looks for real values in the name of a host: it is asked for in the open, and below a wildcard the
 * agent chooses it. Names know no case, and a long value takes several labels.
 */
export function compileNameSearch(
  secrets: readonly Pick<CompiledSecret, "name" | "value">[],
  { secrets: action }: Pick<PolicyDocument["inspect"], "secrets">,
): (host: string) => Finding | null {
  const searched = secrets.flatMap(({ name, value }) =>
    [value, Buffer.from(value).toString("hex")]
      .map((text) => ({ name, text: text.toLowerCase().replaceAll(".", "") }))
      .filter(({ text }) => text.length >= SHORTEST)
  );
  return (host) => {
    if (searched.length === 0) return null;
    const letters = host.toLowerCase().replaceAll(".", "");
    const found = searched.find(({ text }) => letters.includes(text));
    if (found === undefined) return null;
    const detail = `The value of ${found.name} in the name of a host`;
    return toFinding(action, { reason: "secret-leak", detail });
  };
}
