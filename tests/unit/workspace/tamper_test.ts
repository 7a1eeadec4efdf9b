import assert from "node:assert/strict";
import { join } from "node:path";
import { formatTamper, openGitGuard } from "../../../src/workspace/tamper.ts";
import { readGitSnapshot } from "../../../src/workspace/git_snapshot.ts";
import { git, makeRepository, makeTemp } from "../support/workspace.ts";

/** A repository with a hook, a submodule and a worktree; `act` is what an agent does to it. */
async function session(act: (repo: string) => Promise<unknown>, options: { kill?: boolean } = {}) {
  await using temp = await makeTemp();
  const repo = await makeRepository(join(temp.path, "p"));
  const inner = await makeRepository(join(temp.path, "inner"));
  await git(repo, ["-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "a/sub"]);
  await git(repo, ["worktree", "add", "-q", join(temp.path, "tree")]);
  await Deno.writeTextFile(join(repo, ".git/hooks/pre-commit"), "#!/bin/sh\n", { mode: 0o755 });
  const before = await readGitSnapshot([repo]);
  const guard = {
    roots: [repo],
    cageDir: join(temp.path, "cage"),
    live: false,
    nowMs: () => 0,
  };
  const first = await openGitGuard(guard);
  assert.deepEqual(first.found, []);
  await act(repo);
  const reports = options.kill === true
    ? (await openGitGuard(guard)).found
    : await first.close({ last: true });
  const after = await readGitSnapshot([repo]);
  const added = Object.keys(after.entries).filter((path) => before.entries[path] === undefined);
  const lost = Object.keys(before.entries).filter((path) =>
    JSON.stringify(before.entries[path]) !== JSON.stringify(after.entries[path])
  );
  const short = (path: string) => path.slice(repo.length + 1);
  return {
    reports: reports.map((report) => `${short(report.path)} ${report.change} ${report.outcome}`),
    /** What still differs on the host after the guard. */
    left: [...added, ...lost].map(short),
    /** Permission bits of the quarantined files. */
    modes: (await Promise.all(
      reports.flatMap((report) => report.quarantine ?? []).map((path) => Deno.lstat(path)),
    )).filter((stat) => stat.isFile).map((stat) => (stat.mode ?? 0) & 0o777),
  };
}

const MODULE = ".git/modules/a/sub";

const TABLE: [string, (repo: string) => Promise<unknown>, string[]][] = [
  ["nothing", () => Promise.resolve(), []],
  [
    "a commit",
    (repo) => git(repo, ["commit", "-q", "--no-verify", "--allow-empty", "-m", "x"]),
    [],
  ],
  ...[".git/config", ".git/hooks/pre-commit", `${MODULE}/config`].flatMap((
    path,
  ): typeof TABLE => [
    [
      `${path} written in place`,
      (repo) => Deno.writeTextFile(join(repo, path), "[core]\n\tfsmonitor = evil\n"),
      [`${path} changed restored`],
    ],
    [`${path} removed`, (repo) => Deno.remove(join(repo, path)), [`${path} removed restored`]],
    [
      `${path} replaced by a symlink`,
      async (repo) => {
        await Deno.remove(join(repo, path));
        await Deno.symlink("/etc/hostname", join(repo, path));
      },
      [`${path} changed restored`],
    ],
  ]),
  ...[
    ".git/hooks/post-checkout",
    ".git/config.worktree",
    ".git/commondir",
    ".git/info/attributes",
    `${MODULE}/hooks/post-checkout`,
    `${MODULE}/config.worktree`,
    ".git/worktrees/tree/config.worktree",
  ].map((path): typeof TABLE[number] => [
    `${path} added`,
    async (repo) => {
      await Deno.mkdir(join(repo, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(repo, path), "evil", { mode: 0o755 });
    },
    [`${path} added restored`],
  ]),
  [
    "the commondir of a worktree changed",
    (repo) => Deno.writeTextFile(join(repo, ".git/worktrees/tree/commondir"), "../../../evil"),
    [".git/worktrees/tree/commondir changed restored"],
  ],
  [
    "an executable bit taken",
    (repo) => Deno.chmod(join(repo, ".git/hooks/pre-commit"), 0o644),
    [".git/hooks/pre-commit changed restored"],
  ],
  [
    "the hooks directory replaced by a symlink",
    async (repo) => {
      await Deno.rename(join(repo, ".git/hooks"), join(repo, "h"));
      await Deno.symlink("../h", join(repo, ".git/hooks"));
    },
    [".git/hooks changed restored", ".git/hooks/pre-commit removed restored"],
  ],
  [
    "a hook replaced by a pipe",
    async (repo) => {
      await Deno.remove(join(repo, ".git/hooks/pre-commit"));
      await new Deno.Command("mkfifo", { args: [join(repo, ".git/hooks/pre-commit")] }).output();
    },
    [".git/hooks/pre-commit changed restored"],
  ],
  [
    ".git renamed",
    (repo) => Deno.rename(join(repo, ".git"), join(repo, ".git2")),
    [".git renamed restored"],
  ],
  [
    ".git renamed and another one made",
    async (repo) => {
      await Deno.rename(join(repo, ".git"), join(repo, "x"));
      await git(repo, ["init", "-q"]);
      await git(repo, ["config", "core.fsmonitor", "evil"]);
    },
    [".git renamed restored"],
  ],
  [
    ".git replaced by a file",
    async (repo) => {
      await Deno.rename(join(repo, ".git"), join(repo, "x"));
      await Deno.writeTextFile(join(repo, ".git"), "gitdir: evil\n");
    },
    [".git renamed restored"],
  ],
];

for (const [title, act, want] of TABLE) {
  // What a killed session left is settled by the same code: a few rows prove that it is.
  for (const kill of title.startsWith(".git ") ? [false, true] : [false]) {
    Deno.test(`openGitGuard() answers ${title}${kill ? " after kill -9" : ""}`, async () => {
      const { reports, left, modes } = await session(act, { kill });
      assert.deepEqual(reports, want);
      assert.deepEqual(left, []);
      // Nothing that was taken away can be executed.
      for (const mode of modes) assert.equal(mode, 0o600);
    });
  }
}

Deno.test("openGitGuard() leaves a new harmless submodule and worktree alone", async () => {
  const { reports } = await session(async (repo) => {
    const file = ["-c", "protocol.file.allow=always"];
    await git(repo, [...file, "submodule", "add", "-q", join(repo, "../inner"), "b"]);
    await git(repo, ["worktree", "add", "-q", "../tree2"]);
  });
  // The superproject's own config is the host's; adding a submodule writes it.
  assert.deepEqual(reports, [".git/config changed restored"]);
});

Deno.test("openGitGuard() takes the armed config of a new submodule away", async () => {
  const { reports, left } = await session(async (repo) => {
    const dir = join(repo, ".git/modules/new");
    await git(repo, ["init", "-q", "--bare", dir]);
    await git(repo, ["--git-dir", dir, "config", "core.fsmonitor", "evil"]);
    await Deno.writeTextFile(join(dir, "hooks/post-checkout"), "evil");
  });
  assert.deepEqual(reports, [
    ".git/modules/new/config added restored",
    ".git/modules/new/hooks/post-checkout added restored",
  ]);
  assert.deepEqual(left, [".git/modules/new/config", ".git/modules/new/hooks"]);
});

for (const [armed, want] of [[false, []], [true, [".git/config added restored"]]] as const) {
  Deno.test(`openGitGuard() answers a new ${armed ? "armed" : "plain"} repository`, async () => {
    await using temp = await makeTemp();
    const root = join(temp.path, "p");
    await Deno.mkdir(root);
    const guard = await openGitGuard({ roots: [root], cageDir: join(temp.path, "c"), live: false });
    await git(root, ["init", "-q"]);
    if (armed) await git(root, ["config", "core.fsmonitor", "evil"]);
    const reports = await guard.close({ last: true });
    assert.deepEqual(
      reports.map((r) => `${r.path.slice(root.length + 1)} ${r.change} ${r.outcome}`),
      want,
    );
    assert.equal((await git(root, ["config", "--get-all", "core.bare"])).trim(), "false");
  });
}

Deno.test("openGitGuard() keeps the first baseline while a session lives", async () => {
  await using temp = await makeTemp();
  const repo = await makeRepository(join(temp.path, "p"));
  const guard = { roots: [repo], cageDir: join(temp.path, "c") };
  const config = join(repo, ".git/config");
  const clean = await Deno.readTextFile(config);
  const first = await openGitGuard({ ...guard, live: false });
  await Deno.writeTextFile(config, "[core]\n\tfsmonitor = evil\n");
  const second = await openGitGuard({ ...guard, live: true });
  assert.deepEqual((await first.close({ last: false })).map((r) => r.outcome), ["pending"]);
  assert.notEqual(await Deno.readTextFile(config), clean);
  assert.deepEqual((await second.close({ last: true })).map((r) => r.outcome), ["restored"]);
  assert.equal(await Deno.readTextFile(config), clean);
});

Deno.test("openGitGuard() makes nothing anew for a project that was deleted", async () => {
  await using temp = await makeTemp();
  const repo = await makeRepository(join(temp.path, "p"));
  const guard = { roots: [repo], cageDir: join(temp.path, "c"), live: false };
  const opened = await openGitGuard(guard);
  await Deno.remove(repo, { recursive: true });
  assert.deepEqual((await opened.close({ last: true })).map((r) => [r.change, r.outcome]), [
    ["removed", "lost"],
  ]);
  await assert.rejects(Deno.lstat(repo), Deno.errors.NotFound);
});

Deno.test("openGitGuard() keeps the found version and says how to take it back", async () => {
  await using temp = await makeTemp();
  const repo = await makeRepository(join(temp.path, "it's"));
  const guard = { roots: [repo], cageDir: join(temp.path, "c"), live: false };
  const opened = await openGitGuard(guard);
  await git(repo, ["remote", "add", "origin", "https://example.org/x"]);
  const [report] = await opened.close({ last: true });
  assert.ok(report?.quarantine !== undefined);
  const [line = ""] = formatTamper([report]);
  const command = /cp -a .*$/.exec(line)?.[0] ?? "";
  await new Deno.Command("sh", { args: ["-c", command] }).output();
  assert.equal((await git(repo, ["remote"])).trim(), "origin");
});
