import { styleText } from "node:util";
import type { Check } from "../setup/check.ts";

const MARK = { ok: ["ok", "green"], warn: ["warn", "yellow"], fail: ["FAIL", "red"] } as const;

/** Formats checks for people: a line each, the fix below it. Pure. */
export function formatChecks(checks: readonly Check[], options: { color: boolean }): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.map(({ name, status, detail, fix }) => {
    const [text, color] = MARK[status];
    const mark = options.color
      ? styleText(color, text.padEnd(4), { validateStream: false })
      : text.padEnd(4);
    const line = `${mark}  ${name.padEnd(width)}  ${detail.replaceAll("\n", " ")}`;
    return fix === undefined ? line : `${line}\n      ${" ".repeat(width)}  fix: ${fix}`;
  }).join("\n");
}
