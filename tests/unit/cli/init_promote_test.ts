import assert from "node:assert/strict";
import { join } from "node:path";
import { runInit } from "../../../src/cli/commands/init.ts";
import { applyAnswers, writeIdentity } from "../../../src/cli/init_promote.ts";
import { loadConfig } from "../../../src/config/layers.ts";
import { findPendingGrants } from "../../../src/config/trust.ts";
import { findProject } from "../../../src/project/root.ts";
import type { Starter } from "../../../src/project/starter.ts";
import { bareHost, makeTempDir, recordingIo } from "./support.ts";

const STARTER: Starter = {
  toolchains: [{ name: "node", version: "22", cause: "package.json" }],
  packages: [{ name: "jq", cause: "Makefile" }],
  presets: [],
};

const ADA = { name: 'Ada "the first"', email: "ada@example.com" };

Deno.test("answers replace what was detected, which keeps its cause", () => {
  const applied = applyAnswers(STARTER, {
    ...ADA,
    toolchains: [{ name: "node", version: "24" }, { name: "go", version: "1.23" }],
    packages: ["jq", "make"],
    setup: ["npm ci"],
  });
  assert.deepEqual(applied, {
    mode: "promote",
    setup: ["npm ci"],
    toolchains: [
      { name: "node", version: "24", cause: "package.json" },
      { name: "go", version: "1.23", cause: "as asked" },
    ],
    packages: [{ name: "jq", cause: "Makefile" }, { name: "make", cause: "as asked" }],
    presets: [],
  });
});

/** A project, with git's own file of what it does not see, or without git. */
async function makeProject(exclude?: string) {
  const [dir, state] = [await makeTempDir(), await makeTempDir()];
  const path = await Deno.realPath(dir.path);
  const host = bareHost({ cwd: path, stateDir: state.path });
  if (exclude !== undefined) {
    const git = (name: string) => join(path, ".git", name);
    for (const name of ["info", "objects", "refs"]) {
      await Deno.mkdir(git(name), { recursive: true });
    }
    await Deno.writeTextFile(git("HEAD"), "ref: refs/heads/main\n");
    await Deno.writeTextFile(git("info/exclude"), exclude);
  }
  return {
    path,
    host,
    project: await findProject({ host, path }),
    read: (name: string) => Deno.readTextFile(join(path, name)),
    async [Symbol.asyncDispose]() {
      await dir[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

Deno.test("whose name commits carry is kept in a file that git does not see", async () => {
  await using made = await makeProject("# mine");
  assert.equal(await writeIdentity(made.project, ADA), true);
  const { config } = await loadConfig(made.path, { host: made.host });
  assert.deepEqual([config.promotion.name, config.promotion.email], [ADA.name, ADA.email]);
  assert.equal(await made.read(".git/info/exclude"), "# mine\n.sandcage.local.yml\n");
  // A second time nothing is written over, and no line comes twice.
  assert.equal(await writeIdentity(made.project, { ...ADA, name: "Eve" }), false);
  assert.equal(await made.read(".git/info/exclude"), "# mine\n.sandcage.local.yml\n");
  assert.match(await made.read(".sandcage.local.yml"), /Ada/);
});

Deno.test("a project without git gets the file alone", async () => {
  await using made = await makeProject();
  assert.equal(await writeIdentity(made.project, ADA), true);
  assert.match(await made.read(".sandcage.local.yml"), /^version: 1\npromotion:\n/);
});

Deno.test("init --promote says yes to the mode it writes, and to nothing that was there", async () => {
  await using made = await makeProject("");
  await Deno.writeTextFile(
    join(made.host.stateDir, "config.toml"),
    '[workspace]\nmode = "copy"\n',
  );
  await Deno.writeTextFile(
    join(made.path, ".sandcage.local.yml"),
    "promotion: { name: Somebody }\nsetup: [evil]\n",
  );
  const options = { yes: true, force: false, promote: true };
  assert.equal(await runInit(options, { host: made.host, io: recordingIo() }), 0);
  const loaded = await loadConfig(made.path, { host: made.host });
  assert.equal(loaded.config.workspace.mode, "promote");
  const pending = await findPendingGrants(loaded, { host: made.host, projectPath: made.path });
  assert.deepEqual(pending.map(({ key, value }) => `${key} = ${value}`).sort(), [
    "promotion.name = Somebody",
    "setup = evil",
  ]);
});
