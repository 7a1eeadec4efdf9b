import assert from "node:assert/strict";
import { EXIT, UserError } from "../../../src/errors.ts";
import { findSources, rewriteDockerfile } from "../../../src/image/dockerfile.ts";

const BASE = "sandcage/tools:0123456789ab";
const rewrite = (text: string) => rewriteDockerfile({ path: "/p/Dockerfile", text }, BASE);

for (
  const [name, text, want] of [
    ["the plain form", "FROM sandcage/base\nRUN x\n", `FROM ${BASE}\nRUN x\n`],
    ["latest", "from sandcage/base:latest\n", `from ${BASE}\n`],
    [
      "an alias and a flag",
      "FROM --platform=linux/amd64 sandcage/base AS x\n",
      `FROM --platform=linux/amd64 ${BASE} AS x\n`,
    ],
    [
      "a comment that speaks of it",
      "# FROM sandcage/base\nFROM sandcage/base\n",
      `# FROM sandcage/base\nFROM ${BASE}\n`,
    ],
    [
      "several stages, the last from an earlier one",
      "FROM sandcage/base AS one\nFROM golang:1 AS two\nFROM ONE\n",
      `FROM ${BASE} AS one\nFROM golang:1 AS two\nFROM ONE\n`,
    ],
  ] as const
) {
  Deno.test(`rewriteDockerfile() puts in the exact image: ${name}`, () => {
    assert.equal(rewrite(text), want);
  });
}

for (
  const [name, text] of [
    ["another image", "FROM node:22\n"],
    ["an older build of it", "FROM sandcage/base:0123\n"],
    ["a last stage that leaves it", "FROM sandcage/base AS a\nFROM scratch\nCOPY --from=a / /\n"],
    ["no FROM at all", "RUN true\n"],
  ] as const
) {
  Deno.test(`rewriteDockerfile() refuses ${name}`, () => {
    assert.throws(() => rewrite(text), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /\/p\/Dockerfile does not build on sandcage\/base/);
      assert.equal(error.hint, "Start the last stage with: FROM sandcage/base");
      assert.equal(error.exit, EXIT.config);
      return true;
    });
  });
}

for (
  const [text, want] of [
    ["COPY a b /c/", ["a", "b"]],
    ["COPY --chown=1:1 --link a /c", ["a"]],
    ["COPY --from=x a /c", []],
    ['COPY ["with blank", "/c"]', ["with blank"]],
    ["ADD https://e.example/x git@h:r.git local.tar /c", ["local.tar"]],
    ["COPY a \\\n  # note\n  b \\\n  /c\nRUN COPY x y", ["a", "b"]],
  ] as const
) {
  Deno.test(`findSources() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(findSources(`FROM sandcage/base\n${text}\n`), want);
  });
}
