const COMMAND = "deno run -A tools/generate.ts";

/** Formats the generated module of built-in services; `deno fmt` leaves it as it is. Pure. */
export function formatBuiltIn(definitions: Readonly<Record<string, unknown>>): string {
  return `// Generated from registry/services/*.yml by: ${COMMAND}
// deno-fmt-ignore-file
import type { BuiltInService } from "./definition.ts";

/** The built-in services, by name. */
export const BUILT_IN: Readonly<Record<string, BuiltInService>> = ${
    JSON.stringify(definitions, null, 2)
  };
`;
}

/** Formats the generated module of the agent container's skeleton. Pure. */
export function formatSkeleton(skeleton: unknown): string {
  return `// Generated from compose/agent.yml by: ${COMMAND}
// deno-fmt-ignore-file
import type { ComposeSkeleton } from "./compose_document.ts";

/** What every agent container gets, whatever the configuration says. */
export const AGENT_SKELETON: ComposeSkeleton = ${JSON.stringify(skeleton, null, 2)};
`;
}
