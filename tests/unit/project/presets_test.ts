import assert from "node:assert/strict";
import { observeRemotes, suggestPresets } from "../../../src/project/presets.ts";
import { makeTempDir } from "../cli/support.ts";

const toolchain = (name: string) => ({ name, version: "1", cause: `${name}.lock` });

Deno.test("suggestPresets() names each package manager once, with the file that asks for it", () => {
  const toolchains = ["bun", "node", "python", "uv", "rust", "go", "java", "gradle", "deno", "perl"]
    .map(toolchain);
  assert.deepEqual(
    suggestPresets({ toolchains }, []).map(({ name, cause }) => `${name} ${cause}`),
    [
      "npm bun.lock",
      "pypi python.lock",
      "crates rust.lock",
      "go go.lock",
      "maven java.lock",
    ],
  );
});

for (
  const [remote, want] of [
    ["git@github.com:a/b.git", ["github"]],
    ["https://github.com/a/b", ["github"]],
    ["https://user:token@GitHub.com/a/b", ["github"]],
    ["ssh://git@ssh.github.com:443/a/b.git", ["github"]],
    ["https://gitlab.com/a/b.git", ["gitlab"]],
    ["https://github.com.evil.dev/a", []],
    ["https://evil.dev/github.com/a", []],
    ["/srv/github.com/a", []],
    ["../github.com", []],
    ["", []],
  ] as const
) {
  Deno.test(`suggestPresets() takes the remote ${JSON.stringify(remote)} for ${want}`, () => {
    const found = suggestPresets({ toolchains: [] }, [remote, remote]);
    assert.deepEqual(found.map(({ name }) => name), want);
  });
}

Deno.test("observeRemotes() reads addresses from a repository's config, and none elsewhere", async () => {
  await using dir = await makeTempDir();
  const project = { commonDir: dir.path };
  assert.deepEqual(await observeRemotes({}), []);
  assert.deepEqual(await observeRemotes(project), []);
  await Deno.writeTextFile(
    `${dir.path}/config`,
    '[remote "origin"]\n\turl = git@github.com:a/b.git\n\tfetch = x\n[remote "b.c"]\n\turl = https://b/\n',
  );
  assert.deepEqual(await observeRemotes(project), ["git@github.com:a/b.git", "https://b/"]);
  await Deno.writeTextFile(`${dir.path}/config`, "no config of git");
  assert.deepEqual(await observeRemotes(project), []);
});
