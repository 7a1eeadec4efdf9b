import assert from "node:assert/strict";
import { planSecretFiles } from "../../../src/image/secret_files.ts";
import { NPM_MOUNTS, PIP_MOUNTS } from "../../../src/image/steps.ts";

const IMAGE = { dockerfile: `FROM x\nRUN ${NPM_MOUNTS} a\nRUN ${PIP_MOUNTS} b\n`, files: [] };

Deno.test("a login is a file that its own steps see where no builder takes secrets", () => {
  const { dockerfile, files } = planSecretFiles(IMAGE, { npmrc: "token" });
  assert.match(dockerfile, /--mount=type=bind,source=\.secret-npmrc,target=\/root\/\.npmrc a\n/);
  assert.match(dockerfile, /--mount=type=secret,id=pipconf,target=\S+ b\n$/);
  assert.deepEqual(files, [{ path: ".secret-npmrc", text: "token", mode: 0o600 }]);
});

Deno.test("a build without logins is built as it is", () => {
  assert.deepEqual(planSecretFiles(IMAGE, {}), IMAGE);
});
