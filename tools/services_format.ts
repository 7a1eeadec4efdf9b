/** Formats the generated module of built-in services; `deno fmt` leaves it as it is. Pure. */
export function formatBuiltIn(definitions: Readonly<Record<string, unknown>>): string {
  return `// Generated from registry/services/*.yml by: deno run -A tools/services.ts
// deno-fmt-ignore-file
import type { BuiltInService } from "./definition.ts";

/** The built-in services, by name. */
export const BUILT_IN: Readonly<Record<string, BuiltInService>> = ${
    JSON.stringify(definitions, null, 2)
  };
`;
}
