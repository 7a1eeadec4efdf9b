import { defaultConfig } from "./defaults.ts";
import { childPath, type Node } from "./kit.ts";
import { configSchema } from "./schema.ts";
import { formatExpected } from "./validate.ts";
import introduction from "./page_intro.md" with { type: "text" };

/** The text of docs/configuration.md: the introduction, then every key; deterministic. */
export function configurationPage(): string {
  const parts = [introduction.trimEnd(), "## Every key"];
  if (configSchema.kind === "object") {
    for (const [key, node] of Object.entries(configSchema.keys)) parts.push(formatTop(key, node));
  }
  return `${parts.join("\n\n")}\n`;
}

type Row = { path: string; node: Node; fallback: unknown };

function formatTop(key: string, node: Node): string {
  const rows = listRows(key, node, own(defaultConfig(), key));
  const head = `### \`${key}\`\n\n${node.text ?? ""}.`;
  const lines = rows.map((row) => [
    `\`${row.path}\``,
    escapeCell(describe(row.node)),
    formatDefault(row.fallback),
    row.path === key ? "" : escapeCell(row.node.text ?? ""),
  ]);
  return `${head}\n\n${formatRows([["key", "value", "default", "meaning"], ...lines])}`;
}

/** A table as the formatter of this repository wants it: every column padded. */
function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const lines = rows.map((row) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function listRows(path: string, node: Node, fallback: unknown): Row[] {
  if (node.kind === "object") {
    return Object.entries(node.keys).flatMap(([key, child]) =>
      listRows(childPath(path, key), child, own(fallback, key))
    );
  }
  if (node.kind === "map" && node.of.kind === "object") {
    return listRows(`${path}.NAME`, node.of, {});
  }
  const item = node.kind !== "list" ? node : node.of.kind === "mapOr" ? node.of.map : node.of;
  if (node.kind === "list" && item.kind === "object") {
    return [{ path, node, fallback }, ...listRows(`${path}[]`, item, {})];
  }
  if (node.kind === "nullable" && node.of.kind === "object") {
    return [{ path, node, fallback }, ...listRows(path, node.of, {})];
  }
  return [{ path, node, fallback }];
}

function describe(node: Node): string {
  switch (node.kind) {
    case "list": {
      const item = node.of.kind === "object" ? "map" : strip(formatExpected(node.of));
      const note = node.merge === "replace"
        ? "; replaces the list below"
        : node.merge === "concat"
        ? "; appended as it is"
        : "";
      return `list, each ${item}${note}`;
    }
    case "map":
      return `map from ${strip(node.key.expected)} to ${strip(formatExpected(node.of))}`;
    case "enum":
      return node.values.map((value) => `\`${value}\``).join(", ");
    case "listOr":
      return `${describe(node.other)}, or a ${describe(node.list)}`;
    case "mapOr":
      return `${describe(node.other)}, or ${describe(node.map)}`;
    case "nullable":
      return `${describe(node.of)}, or \`null\``;
    default:
      return strip(formatExpected(node));
  }
}

function formatDefault(value: unknown): string {
  return value === undefined ? "" : `\`${JSON.stringify(value)}\``;
}

function strip(expected: string): string {
  return expected.replace(/^an? /, "");
}

/** GitHub's tables end a cell at every bar, even inside code. */
function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function own(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
