import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "../../../tools/lint_plugin.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${ROOT}${path}`, source).map(({ id }) => id);
}

const IMPORTS: readonly (readonly [string, string, "allowed" | "refused"])[] = [
  ["src/cli/a.ts", 'import "../cage/b.ts";', "allowed"],
  ["src/cli/a.ts", 'import { x } from "./b.ts";', "allowed"],
  ["src/cage/a.ts", 'import "../cli/b.ts";', "refused"],
  ["src/cage/a.ts", 'export { x } from "../cli/b.ts";', "refused"],
  ["src/cage/a.ts", 'export * from "../cli/b.ts";', "refused"],
  ["src/cage/a.ts", 'const b = await import("../cli/b.ts");', "refused"],
  ["src/cage/a.ts", 'import type { B } from "../cli/b.ts";', "refused"],
  ["src/image/a.ts", 'import "../setup/b.ts";', "allowed"],
  ["src/image/a.ts", 'import "../cage/b.ts";', "refused"],
  ["src/config/a.ts", 'import "../engine/b.ts";', "allowed"],
  ["src/engine/a.ts", 'import "../config/b.ts";', "refused"],
  ["src/engine/a.ts", 'import "../errors.ts";', "allowed"],
  ["src/errors.ts", 'import "./engine/b.ts";', "refused"],
  ["src/gateway/a.ts", 'import "../policy/b.ts";', "allowed"],
  ["src/gateway/a.ts", 'import "../errors.ts";', "refused"],
  ["src/image/a.ts", 'import a from "../gateway/b.ts" with { type: "text" };', "allowed"],
  ["src/image/a.ts", 'import a from "../gateway/b.ts";', "refused"],
  ["src/cage/a.ts", 'import type { A } from "../gateway/b.ts";', "refused"],
  ["src/preset/a.ts", 'import "../engine/b.ts";', "allowed"],
  ["src/preset/a.ts", 'import "../cage/b.ts";', "refused"],
  ["src/policy/a.ts", 'import "../config/b.ts";', "refused"],
  ["src/policy/a.ts", 'import "node:path";', "allowed"],
  ["src/cli/a.ts", 'import "../../tests/b.ts";', "refused"],
  ["src/cli/tree/a.ts", 'import "../../../tools/b.ts";', "refused"],
  ["tests/unit/a_test.ts", 'import "../../src/cli/b.ts";', "allowed"],
];

for (const [path, source, want] of IMPORTS) {
  Deno.test(`import-direction: ${source} in ${path} is ${want}`, () => {
    assert.deepEqual(lint(path, source), want === "allowed" ? [] : ["sandcage/import-direction"]);
  });
}

const OTHERS: readonly (readonly [string, string, string[]])[] = [
  ["src/a.ts", "export default 1;", ["sandcage/no-default-export"]],
  ["src/a.ts", "export const a = 1;", []],
  ["src/a.ts", "export function f(a: A, b: B, options: O) {}", []],
  ["src/a.ts", "export function f(a: A, b: B, options: O = {}) {}", []],
  ["src/a.ts", "export function f(a: A, b: B, { c }: O) {}", []],
  ["src/a.ts", "export function f(a: A, b: B, c: C) {}", ["sandcage/options-after-two"]],
  ["src/a.ts", "export function f(a: A, b: B, c: C, options: O) {}", [
    "sandcage/options-after-two",
  ]],
  ["src/a.ts", "export const f = (a: A, b: B, c: C) => a;", ["sandcage/options-after-two"]],
  ["src/a.ts", "export class X { f(a: A, b: B, c: C) {} }", ["sandcage/options-after-two"]],
  ["src/a.ts", "function f(a: A, b: B, c: C) {}", []],
  ["src/a.ts", "export const x = list.reduce((a, b, c) => a);", []],
  ["src/a.ts", "Deno.exit(1);", ["sandcage/only-main-exits"]],
  ["main.ts", "Deno.exit(1);", []],
  ["tools/a.ts", "Deno.exit(1);", []],
  ["src/a.ts", 'await import("yaml");', ["sandcage/no-lazy-package"]],
  ["src/a.ts", 'await import("node:fs");', []],
  ["src/a.ts", 'await import("./b.ts");', []],
];

for (const [path, source, want] of OTHERS) {
  Deno.test(`lint of ${source} in ${path} finds ${want.join() || "nothing"}`, () => {
    assert.deepEqual(lint(path, source), want);
  });
}
