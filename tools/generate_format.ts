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

/** Formats the generated module of the services' own API keys and where each may be sent. Pure. */
export function formatServiceKeys(
  definitions: Readonly<Record<string, { auth?: { keys?: Record<string, string[]> } }>>,
): string {
  const keys = Object.values(definitions).flatMap(({ auth }) => Object.entries(auth?.keys ?? {}));
  return `// Generated from registry/services/*.yml by: ${COMMAND}
// deno-fmt-ignore-file

/** The API keys of the built-in services, and the hosts each may be sent to. */
export const SERVICE_KEYS: Readonly<Record<string, readonly string[]>> = ${
    JSON.stringify(Object.fromEntries(keys), null, 2)
  };
`;
}

/** Formats the generated module of the containers' skeletons. Pure. */
export function formatSkeletons(skeletons: { agent: unknown; gateway: unknown }): string {
  return `// Generated from compose/*.yml by: ${COMMAND}
// deno-fmt-ignore-file
import type { AgentSkeleton, GatewaySkeleton } from "./compose_document.ts";

/** What every agent container gets, whatever the configuration says. */
export const AGENT_SKELETON: AgentSkeleton = ${JSON.stringify(skeletons.agent, null, 2)};

/** What every gateway container gets. */
export const GATEWAY_SKELETON: GatewaySkeleton = ${JSON.stringify(skeletons.gateway, null, 2)};
`;
}

/** Formats the generated module of the gateway's sources, each imported as text. Pure. */
export function formatGatewaySources(paths: readonly string[]): string {
  return formatSources(paths, { name: "GATEWAY_SOURCES", of: "gateway", below: "policy" });
}

/** The same for the courier's. Pure. */
export function formatCourierSources(paths: readonly string[]): string {
  return formatSources(paths, { name: "COURIER_SOURCES", of: "courier", below: "tree" });
}

function formatSources(
  paths: readonly string[],
  options: { name: string; of: string; below: string },
): string {
  const { name, of, below } = options;
  const imports = paths.map((path, index) =>
    `import file${index} from "${path.replace(/^src\//, "../")}" with { type: "text" };\n`
  );
  const entries = paths.map((path, index) => `  "${path}": file${index},\n`);
  return `// Generated from the files in src/${of} and src/${below} by: ${COMMAND}
// deno-fmt-ignore-file
${imports.join("")}
/** What the ${of} is bundled from inside its image, by path in the repository. */
export const ${name}: Readonly<Record<string, string>> = {
${entries.join("")}};
`;
}
