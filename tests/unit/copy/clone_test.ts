import assert from "node:assert/strict";
import { planCloneArgs, planCloneEnv } from "../../../src/copy/clone.ts";
import { planGitEnv } from "../../../src/cage/host_git.ts";

const ADDRESS = { url: "https://host.example:8443/b.git", basename: "b" };

Deno.test("planCloneArgs() gives the address as an operand, without hooks and submodules", () => {
  assert.deepEqual(planCloneArgs("-x", "/to"), [
    "clone",
    "--progress",
    "--no-recurse-submodules",
    "--template=",
    "--",
    "-x",
    "/to",
  ]);
});

Deno.test("planCloneEnv() gives a login to its server alone, on top of what the caller set", () => {
  const env = planCloneEnv({ ...ADDRESS, login: { username: "ann", password: "s3cret" } }, {
    env: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "a.b" },
    interactive: false,
  });
  assert.equal(env.GIT_CONFIG_COUNT, "3");
  assert.equal(env.GIT_CONFIG_KEY_0, undefined);
  assert.equal(env.GIT_CONFIG_KEY_1, "credential.https://host.example:8443.helper");
  assert.equal(env.GIT_CONFIG_VALUE_1, "");
  assert.doesNotMatch(env.GIT_CONFIG_VALUE_2!, /s3cret/);
  assert.deepEqual([env.SANDCAGE_GIT_PASSWORD, env.GIT_TERMINAL_PROMPT], ["s3cret", "0"]);
});

Deno.test("planCloneEnv() lets git ask where somebody can answer", () => {
  assert.deepEqual(planCloneEnv(ADDRESS, { env: {}, interactive: true }), {
    GIT_TERMINAL_PROMPT: "1",
  });
});

Deno.test("planGitEnv() leaves out what a hook of git says about its repository", () => {
  const env = planGitEnv({ GIT_DIR: "/x", GIT_INDEX_FILE: "/y", HOME: "/h", EMPTY: undefined });
  assert.deepEqual(Object.keys(env).sort(), ["GIT_NO_REPLACE_OBJECTS", "HOME", "LC_ALL"]);
});
