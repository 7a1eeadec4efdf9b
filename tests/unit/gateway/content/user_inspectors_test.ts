import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import zlib from "node:zlib";
import { compileContent } from "../../../../src/gateway/content/compile.ts";
import { loadInspectors } from "../../../../src/gateway/content/user_inspectors.ts";
import { compile, cut, documentOf, headOf, OFF, pass, placeholderOf, secretOf } from "./support.ts";

const inspector = (source: string, name = "mine.js") => [{ name, source }];
const ECHO = inspector(`export function inspect({ body, truncated, ...request }) {
  const text = body === null ? null : new TextDecoder().decode(body).slice(0, 20);
  return { action: "flag", detail: JSON.stringify([request.host, request.port, request.method, request.target,
    request.headers, text, body?.length ?? null, truncated]) };
}`);

Deno.test("an inspector without a body is asked by settle()", async () => {
  const content = await compile({ inspect: OFF, inspectors: ECHO });
  const head = headOf({ method: "GET", headers: [["X-A", "1"]] });
  const findings = await content.openExchange(head).settle!();
  const detail = `["inject.test",443,"GET","/v1/things?limit=10",[["X-A","1"]],null,null,false]`;
  assert.deepEqual(findings, [{
    action: "flag",
    reason: "inspector",
    detail: `Inspector mine.js: ${detail}`,
  }]);
});

Deno.test("an inspector sees a placeholder, never the value", async () => {
  const content = await compile({ inspectors: ECHO, secrets: [secretOf("real-value-1234")] });
  const exchange = content.openExchange(headOf({ headers: [["x-api-key", placeholderOf("a")]] }));
  assert.deepEqual(exchange.head.headers[0], ["x-api-key", "real-value-1234"]);
  const [finding] = await exchange.settle!();
  assert(finding!.detail.includes(placeholderOf("a")) && !finding!.detail.includes("real-value"));
});

const BODIES: [name: string, body: Buffer, headers: [string, string][], want: string][] = [
  ["whole", Buffer.from("hello"), [], '"hello",5,false]'],
  ["decoded", zlib.gzipSync("hello"), [["content-encoding", "gzip"]], '"hello",5,false]'],
  ["up to 256 KiB", Buffer.alloc(300_000, "abcde"), [], '"abcdeabcdeabcdeabcde",262144,true]'],
];

for (const [name, body, headers, want] of BODIES) {
  Deno.test(`an inspector sees a body ${name}`, async () => {
    const content = await compile({ inspect: OFF, inspectors: ECHO });
    const flags: string[] = [];
    const gate = content.openExchange(headOf({ headers })).openRequestBody(({ detail }) =>
      flags.push(detail)
    )!;
    const { out } = await pass(gate, cut(body, [70_001]));
    assert.equal(flags.length, 1);
    assert(flags[0]!.endsWith(want), flags[0]!);
    assert(out.equals(body));
  });
}

const BLOCKING: [name: string, source: string, detail: RegExp][] = [
  [
    "that says so",
    `export const inspect = async () => ({ action: "block", detail: "no" })`,
    /^Inspector mine\.js: no$/,
  ],
  ["that throws", `export function inspect() { throw new Error("broken") }`, /failed: broken/],
  [
    "that rejects",
    `export const inspect = () => Promise.reject(new Error("broken"))`,
    /failed: broken/,
  ],
  [
    "that never answers",
    `export const inspect = () => new Promise(() => {})`,
    /longer than 100 ms/,
  ],
  ["that answers nonsense", `export const inspect = () => "fine"`, /answered neither/],
  [
    "that answers another action",
    `export const inspect = () => ({ action: "allow", detail: "x" })`,
    /answered neither/,
  ],
];

for (const [name, source, detail] of BLOCKING) {
  Deno.test(`an inspector ${name} blocks, with and without a body`, async () => {
    const content = await compile({ inspect: OFF, inspectors: inspector(source) });
    const exchange = content.openExchange(headOf());
    const [finding] = await exchange.settle!();
    assert.equal(finding!.action, "block");
    assert.match(finding!.detail, detail);
    const { out, blocked } = await pass(exchange.openRequestBody(() => {})!, [Buffer.from("body")]);
    assert.deepEqual([blocked?.reason, out.length], ["inspector", 0]);
  });
}

Deno.test("an inspector that computes too long blocks", async () => {
  const times = [0, 101];
  const { ask } = await loadInspectors(inspector("export const inspect = () => undefined"), {
    now: () => times.shift()!,
  });
  assert.match((await ask!(headOf(), null))[0]!.detail, /longer than 100 ms/);
});

Deno.test("an inspector that finds nothing lets pass, and cannot change what is sent", async () => {
  const source = `export function inspect(request) {
    request.headers.length = 0;
    request.body?.fill(0);
  }`;
  const content = await compile({ inspect: OFF, inspectors: inspector(source) });
  const exchange = content.openExchange(headOf());
  assert.deepEqual(await exchange.settle!(), []);
  const { out, blocked } = await pass(exchange.openRequestBody(() => {})!, [Buffer.from("body")]);
  assert.deepEqual([out.toString(), blocked, exchange.head.headers.length], ["body", null, 2]);
});

Deno.test("an inspector may be TypeScript", async () => {
  const source = `type Answer = { action: "flag"; detail: string };
    export function inspect(request: { host: string }): Answer { return { action: "flag", detail: request.host } }`;
  const content = await compile({ inspect: OFF, inspectors: inspector(source, "mine.ts") });
  const [finding] = await content.openExchange(headOf()).settle!();
  assert.equal(finding!.detail, "Inspector mine.ts: inject.test");
});

const BROKEN: [name: string, source: string, problem: RegExp][] = [
  ["throws while it is loaded", `throw new Error("not today")`, /"mine\.js": not today/],
  ["is no JavaScript", "export function (", /"mine\.js": ./],
  ["exports no function", "export const inspect = 1", /exports no function "inspect"/],
];

for (const [name, source, problem] of BROKEN) {
  Deno.test(`an inspector that ${name} is a problem of the policy`, async () => {
    const compiled = await compileContent(documentOf({ inspectors: inspector(source) }));
    assert(!compiled.ok);
    assert.match(compiled.problems.join("\n"), problem);
  });
}

Deno.test("no inspector leaves a file behind", async () => {
  const list = () =>
    readdirSync(tmpdir()).filter((name) => name.startsWith("sandcage-inspectors-"));
  const before = list();
  await compile({ inspectors: ECHO });
  await compileContent(documentOf({ inspectors: inspector("throw 1") }));
  assert.deepEqual(list().filter((name) => !before.includes(name)), []);
});
