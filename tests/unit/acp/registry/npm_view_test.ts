import assert from "node:assert/strict";
import { parseView, viewPackage } from "../../../../src/acp/registry/npm_view.ts";
import { UserError } from "../../../../src/errors.ts";

const VIEW = { name: "@me/tiny", version: "1.2.3", "dist.integrity": "sha512-x" };

const BINS: [string, unknown, string | undefined][] = [
  ["the only program", { other: "x.js" }, "other"],
  ["the first of two names of one program", { a: "x.js", b: "x.js" }, "a"],
  ["the one called like the package", { other: "x.js", tiny: "y.js" }, "tiny"],
  ["the package's name where bin is a path", "x.js", "tiny"],
  ["none of several", { one: "x.js", two: "y.js" }, undefined],
  ["none where there is none", undefined, undefined],
  ["none with a name that is a path", { "../x": "x.js" }, undefined],
];

for (const [what, bin, want] of BINS) {
  Deno.test(`parseView() takes ${what}`, () => {
    assert.equal(parseView(JSON.stringify({ ...VIEW, bin }))?.program, want);
  });
}

Deno.test("parseView() of a range takes the newest", () => {
  const bin = { tiny: "x.js" };
  const versions = ["1.2.3", "1.10.0", "1.9.12"];
  const text = JSON.stringify(versions.map((version) => ({ ...VIEW, version, bin })));
  assert.deepEqual(parseView(text), {
    exact: "@me/tiny@1.10.0",
    version: "1.10.0",
    program: "tiny",
    integrity: "sha512-x",
  });
});

for (const text of ["", "[]", "null", "7", '{"name":"x"}']) {
  Deno.test(`parseView() of ${JSON.stringify(text)} is nothing`, () => {
    assert.equal(parseView(text), undefined);
  });
}

type Answer = { code: number; stdout?: string; stderr?: string };

async function ask(answer: Answer) {
  const calls: { args: readonly string[]; stdin: unknown }[] = [];
  const found = await viewPackage("@me/tiny@1.2.3", {
    engine: {
      docker(args, options) {
        calls.push({ args, stdin: options?.stdin });
        return Promise.resolve({ stdout: "", stderr: "", timedOut: false, ...answer });
      },
    },
    base: "sandcage/base:x",
    npmrc: "//corp/:_authToken=secret\n",
    proxies: ["HTTPS_PROXY"],
  });
  return { found, calls };
}

Deno.test("npm is asked without rights, with the login on stdin alone", async () => {
  const { calls } = await ask({ code: 0, stdout: JSON.stringify({ ...VIEW, bin: "x" }) });
  const [{ args, stdin }] = calls as [typeof calls[number]];
  assert.equal(stdin, "//corp/:_authToken=secret\n");
  assert.ok(!args.join(" ").includes("secret"));
  for (const part of ["--cap-drop ALL", "--read-only", "no-new-privileges", "--env HTTPS_PROXY"]) {
    assert.ok(args.join(" ").includes(part), part);
  }
  assert.equal(args.at(-1), "@me/tiny@1.2.3");
});

const FAILURES: [string, Answer, RegExp][] = [
  ["no such package", { code: 1, stdout: '{"error":{"code":"E404"}}' }, /npm has no package/],
  ["no such version", { code: 1, stdout: '{"error":{"code":"ETARGET"}}' }, /npm has no package/],
  [
    "no network",
    { code: 1, stdout: '{"error":{"code":"EAI_AGAIN","summary":"no network"}}' },
    /Cannot ask npm/,
  ],
  ["no JSON", { code: 125, stderr: "docker: no such image" }, /Cannot ask npm/],
  ["several programs", {
    code: 0,
    stdout: JSON.stringify({ ...VIEW, bin: { a: "1", b: "2" } }),
  }, /names one program/],
];

for (const [what, answer, words] of FAILURES) {
  Deno.test(`viewPackage() explains ${what}`, async () => {
    await assert.rejects(ask(answer), (error: unknown) => {
      assert.ok(error instanceof UserError && error.hint !== undefined);
      assert.match(error.message, words);
      return true;
    });
  });
}
