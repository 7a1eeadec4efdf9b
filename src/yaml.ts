import { stringify } from "yaml";

/**
 * Formats a value as YAML with whole lines and no anchors.
 *
 * Import this module lazily, never the package: in the split bundle `await import("yaml")` has a
 * default export only, because the package is CommonJS.
 */
export function formatYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
