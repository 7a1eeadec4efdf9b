import assert from "node:assert/strict";
import { join } from "node:path";
import { gitEnv, readGitIdentity } from "../../../src/workspace/git_env.ts";
import { git, makeRepository, makeTemp, testHost } from "../support/workspace.ts";

async function identify(files: Record<string, string>, own = "") {
  await using temp = await makeTemp();
  const home = join(temp.path, "home");
  await Deno.mkdir(join(home, ".config/git"), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(home, name), text.replaceAll("TEMP", temp.path));
  }
  const repo = await makeRepository(join(home, "work/p"));
  await Deno.writeTextFile(join(repo, ".git/config"), own, { append: true });
  const host = testHost({ home, cwd: repo, env: { GIT_CONFIG_NOSYSTEM: "1" } });
  const place = { gitDir: join(repo, ".git"), commonDir: join(repo, ".git") };
  const ours = await readGitIdentity(host, place);
  // What git itself would take, in a repository of the test's own.
  const real = await new Deno.Command("git", {
    args: ["config", "--get", "user.email"],
    cwd: repo,
    clearEnv: true,
    env: { HOME: home, GIT_CONFIG_NOSYSTEM: "1", PATH: Deno.env.get("PATH") ?? "" },
  }).output();
  return { ours, real: new TextDecoder().decode(real.stdout).trim() };
}

const USER = "[user]\n\tname = A B\n\temail = a@b\n";

for (
  const [title, files, email] of [
    ["nothing", {}, undefined],
    ["the global file", { ".gitconfig": USER }, "a@b"],
    ["the XDG file", { ".config/git/config": USER }, "a@b"],
    ["an include", { ".gitconfig": "[include]\npath = x\n", x: USER }, "a@b"],
    ["the later value", { ".gitconfig": `${USER}[user]\nemail = c@d\n` }, "c@d"],
    [
      "a matching includeIf",
      { ".gitconfig": `${USER}[includeIf "gitdir:~/work/"]\npath = ~/w\n`, w: "[user]\nemail=w@w" },
      "w@w",
    ],
    [
      "a relative includeIf",
      { ".gitconfig": `${USER}[includeIf "gitdir:work/*/"]\npath = w\n`, w: "[user]\nemail=w@w" },
      "w@w",
    ],
    [
      "an includeIf elsewhere",
      { ".gitconfig": `${USER}[includeIf "gitdir:~/wor/"]\npath = ~/w\n`, w: "[user]\nemail=w@w" },
      "a@b",
    ],
    ["an include of the same", { ".gitconfig": `${USER}[include]\npath = y\n`, y: USER }, "a@b"],
  ] as [string, Record<string, string>, string | undefined][]
) {
  Deno.test(`readGitIdentity() agrees with git on ${title}`, async () => {
    const { ours, real } = await identify(files);
    assert.equal(ours.email, email);
    assert.equal(ours.email ?? "", real);
  });
}

Deno.test("readGitIdentity() leaves to the repository what it sets itself", async () => {
  const { ours } = await identify({ ".gitconfig": USER }, "[user]\n\temail = own@x\n");
  assert.deepEqual(ours, { name: "A B" });
});

Deno.test("gitEnv() counts what it sets and lets git commit unsigned as the user", async () => {
  await using temp = await makeTemp();
  const repo = await makeRepository(join(temp.path, "p"));
  await git(repo, ["config", "commit.gpgSign", "true"]);
  const env = gitEnv({ name: "A B", email: "a@b" });
  assert.equal(env.GIT_CONFIG_COUNT, "8");
  const commit = await new Deno.Command("git", {
    args: ["commit", "-q", "--allow-empty", "-m", "x"],
    cwd: repo,
    clearEnv: true,
    env: { ...env, HOME: temp.path, PATH: Deno.env.get("PATH") ?? "" },
  }).output();
  assert.ok(commit.success, new TextDecoder().decode(commit.stderr));
  assert.equal((await git(repo, ["log", "-1", "--format=%an %ae"])).trim(), "A B a@b");
});
