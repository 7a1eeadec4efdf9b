import assert from "node:assert/strict";
import { compileContent } from "../../../../src/gateway/content/compile.ts";
import type { PolicyDocument } from "../../../../src/policy/document.ts";
import { documentOf, headOf, INSPECT, OFF, placeholderOf, secretOf } from "./support.ts";

const PROBLEMS: [name: string, options: Partial<PolicyDocument>, problems: RegExp[]][] = [
  ["a value of seven bytes", { secrets: [secretOf("seven77")] }, [
    /^secrets\.API_KEY: its value has 7 bytes/,
  ]],
  ["an empty value", { secrets: [secretOf("")] }, [/^secrets\.API_KEY: its value has 0 bytes/]],
  ["a value of many lines", { secrets: [secretOf("line one\nline two")] }, [
    /API_KEY: .*line break/,
  ]],
  ["a value that is a file", { secrets: [secretOf("x".repeat(9000))] }, [/API_KEY: .*8192 bytes/]],
  ["a value that is a placeholder", { secrets: [secretOf(placeholderOf("b"))] }, [
    /API_KEY: .*placeholder/,
  ]],
  ["a secret for nowhere", { secrets: [secretOf("long enough", { to: [] })] }, [
    /API_KEY: it may be sent nowhere/,
  ]],
  ["a secret for a host that is none", { secrets: [secretOf("long enough", { to: ["a b"] })] }, [
    /^secrets\.API_KEY\.to: /,
  ]],
  ["a placeholder that is none", { secrets: [secretOf("long enough", { placeholder: "x" })] }, [
    /API_KEY: its placeholder/,
  ]],
  [
    "two secrets of one placeholder",
    { secrets: [secretOf("long enough"), secretOf("long enough too", { name: "B" })] },
    [/Two secrets/],
  ],
  ["a rate of nothing", { rate: { perSecond: 0, burst: 1 } }, [/^rate: /]],
  ["a burst of nothing", { rate: { perSecond: 1, burst: 0 } }, [/^rate: /]],
  ["a body limit that is none", { inspect: { ...INSPECT, bodyLimit: NaN } }, [
    /^inspect\.bodyLimit/,
  ]],
];

for (const [name, options, problems] of PROBLEMS) {
  Deno.test(`${name} is a problem, told without the value`, async () => {
    const compiled = await compileContent(documentOf(options));
    assert(!compiled.ok);
    assert.equal(compiled.problems.length, problems.length, compiled.problems.join("\n"));
    problems.forEach((problem, index) => assert.match(compiled.problems[index]!, problem));
    for (const { value } of options.secrets ?? []) {
      assert(value === "" || !compiled.problems.join("\n").includes(value));
    }
  });
}

Deno.test("a value of eight bytes is long enough, counted as UTF-8", async () => {
  for (const value of ["eight888", "éééé"]) {
    assert((await compileContent(documentOf({ secrets: [secretOf(value)] }))).ok);
  }
});

Deno.test("every problem is told at once", async () => {
  const secrets = [
    secretOf("short"),
    secretOf("short", { name: "B", placeholder: placeholderOf("b") }),
  ];
  const compiled = await compileContent(documentOf({ secrets, rate: { perSecond: -1, burst: 1 } }));
  assert(!compiled.ok);
  assert.equal(compiled.problems.length, 3);
});

Deno.test("a policy that asks for nothing looks at nothing", async () => {
  const compiled = await compileContent(documentOf({ inspect: OFF }));
  assert(compiled.ok);
  const head = headOf({ target: `/${placeholderOf("a")}` });
  const exchange = compiled.content.openExchange(head);
  assert.equal(exchange.head, head);
  assert.deepEqual(exchange.findings, []);
  assert.equal(exchange.openRequestBody(() => {}), null);
  assert.equal(exchange.openResponseBody([]), null);
  assert.equal(exchange.settle, null);
  assert.equal(exchange.keepsLength, true);
});
