import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { insidePath } from "../../../src/workspace/inside_path.ts";
import { planMounts } from "../../../src/workspace/mount.ts";
import { observeWorkspace, type WorkspaceConfig } from "../../../src/workspace/observe.ts";
import type { MountPlan } from "../../../src/workspace/types.ts";
import { git, makeRepository, makeTemp, testHost } from "../support/workspace.ts";

type Wanted = Partial<WorkspaceConfig["workspace"]> & { mounts?: WorkspaceConfig["mounts"] };

async function plan(at: string, project: string, wanted: Wanted): Promise<MountPlan> {
  const { mounts = [], ...workspace } = wanted;
  await Deno.mkdir(join(at, "home"), { recursive: true });
  return planMounts(
    await observeWorkspace({
      project,
      host: testHost({ home: join(at, "home"), cwd: project }),
      config: {
        workspace: { hide: [], readonly: [], git: "protected", dirs: [], ...workspace },
        mounts,
      },
    }),
  );
}

/** One line for each mount and each watched mask, with the temporary directory as `T`. */
function format(plan: MountPlan, at: string): string[] {
  const short = (path: string) => path.replaceAll(at, "T");
  const bySelf = (source: string, target: string) => source === target ? "itself" : short(source);
  return [
    ...plan.mounts.map((mount) =>
      mount.type === "tmpfs"
        ? `${short(mount.target)} <- nothing`
        : `${short(mount.target)} <- ${bySelf(mount.source, mount.target)} ${
          mount.readonly ? "ro" : "rw"
        }`
    ),
    ...plan.watched.filter((mask) => mask.state === "absent")
      .map((mask) => `watch absent ${short(mask.target)}`),
    ...plan.warnings.map((warning) => `warn ${short(warning)}`),
  ];
}

async function write(path: string, text = ""): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}

Deno.test("planMounts() shows a plain directory at its own path and nothing else", async () => {
  await using temp = await makeTemp();
  await Deno.mkdir(join(temp.path, "p"));
  const planned = await plan(temp.path, join(temp.path, "p"), {});
  assert.deepEqual(format(planned, temp.path), ["T/p <- itself rw"]);
  assert.deepEqual(planned.watched, []);
});

for (const mode of ["protected", "readonly", "none"] as const) {
  Deno.test(`planMounts() of a repository with git: ${mode}`, async (t) => {
    await using temp = await makeTemp();
    const repo = await makeRepository(join(temp.path, "p"));
    await t.assertSnapshot(format(await plan(temp.path, repo, { git: mode }), temp.path));
  });

  Deno.test(`planMounts() of a worktree with git: ${mode}`, async (t) => {
    await using temp = await makeTemp();
    const repo = await makeRepository(join(temp.path, "p"));
    await git(repo, ["worktree", "add", "-q", join(temp.path, "tree")]);
    const planned = await plan(temp.path, join(temp.path, "tree"), { git: mode });
    await t.assertSnapshot(format(planned, temp.path));
  });

  Deno.test(`planMounts() of a submodule with git: ${mode}`, async (t) => {
    await using temp = await makeTemp();
    const repo = await makeRepository(join(temp.path, "p"));
    const inner = await makeRepository(join(temp.path, "inner"));
    const file = ["-c", "protocol.file.allow=always"];
    await git(repo, [...file, "submodule", "add", "-q", inner, "libs/sub"]);
    const sub = await plan(temp.path, join(repo, "libs/sub"), { git: mode });
    await t.assertSnapshot(format(sub, temp.path));
    await t.assertSnapshot(format(await plan(temp.path, repo, { git: mode }), temp.path));
  });
}

Deno.test("planMounts() hides and protects, parents first", async (t) => {
  await using temp = await makeTemp();
  const project = join(temp.path, "p");
  for (const name of [".env", "secrets/a", "config/k.pem", "config/a", "a/b/.env"]) {
    await write(join(project, name));
  }
  const planned = await plan(temp.path, project, {
    hide: [".env", "secrets/", "*.pem"],
    readonly: ["config/"],
  });
  await t.assertSnapshot(format(planned, temp.path));
});

Deno.test("planMounts() masks a path in every root that shows it", async (t) => {
  await using temp = await makeTemp();
  const project = join(temp.path, "w/p");
  await write(join(project, ".env"));
  await write(join(temp.path, "w/.env"));
  const planned = await plan(temp.path, project, {
    hide: [".env"],
    dirs: [".."],
    mounts: [{ source: join(temp.path, "w"), target: "/mnt/w" }],
  });
  // Mounts are in the order of their depth, and how deep the temporary folder is, nobody knows.
  await t.assertSnapshot(format(planned, temp.path).toSorted());
});

Deno.test("planMounts() protects the git directory of additional directories", async () => {
  await using temp = await makeTemp();
  await Deno.mkdir(join(temp.path, "p"));
  const other = await makeRepository(join(temp.path, "other"));
  const planned = await plan(temp.path, join(temp.path, "p"), {
    mounts: [{ source: other, target: "/mnt/o", readonly: false }],
  });
  assert.ok(format(planned, temp.path).includes("/mnt/o/.git/hooks <- T/other/.git/hooks ro"));
});

Deno.test("planMounts() warns about a .git that is not followed", async () => {
  await using temp = await makeTemp();
  const victim = await makeRepository(join(temp.path, "victim"));
  await write(join(temp.path, "p/.git"), `gitdir: ${victim}/.git\n`);
  const planned = await plan(temp.path, join(temp.path, "p"), {});
  assert.match(planned.warnings.join(), /does not point back/);
  assert.deepEqual(planned.mounts.length, 1);
});

const REFUSED: [string, Wanted, RegExp][] = [
  [
    "a missing directory",
    { dirs: ["gone"] },
    /Cannot mount workspace\.dirs\[0\].*does not exist/,
  ],
  ["the home directory", { dirs: ["../home"] }, /it is your home directory/],
  ["the cage's system", { mounts: [{ source: "d", target: "/etc" }] }, /a system directory/],
  ["the agent's home", { mounts: [{ source: "d", target: "/home/agent" }] }, /the agent's home/],
  ["a relative target", { mounts: [{ source: "d", target: "x/y" }] }, /not a plain absolute/],
  ["a dotted target", { mounts: [{ source: "d", target: "/a/../etc" }] }, /not a plain absolute/],
  [
    "two things at one place",
    { mounts: [{ source: "d", target: "/m" }, { source: "e", target: "/m" }] },
    /two things at "\/m"/,
  ],
  ["something hidden", { hide: ["d/"], mounts: [{ source: "d", target: "/m" }] }, /hides it/],
];

for (const [title, wanted, message] of REFUSED) {
  Deno.test(`planMounts() refuses ${title}`, async () => {
    await using temp = await makeTemp();
    const project = join(temp.path, "p");
    await Deno.mkdir(join(project, "d"), { recursive: true });
    await Deno.mkdir(join(project, "e"));
    await assert.rejects(plan(temp.path, project, wanted), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      assert.equal(error.exit, 3);
      return true;
    });
  });
}

Deno.test("planMounts() refuses a target that the engine would make on the host", async () => {
  await using temp = await makeTemp();
  const project = join(temp.path, "p");
  await Deno.mkdir(join(project, "d"), { recursive: true });
  const mounts = [{ source: join(project, "d"), target: join(project, "new") }];
  await assert.rejects(plan(temp.path, project, { mounts }), /there is no directory to mount on/);
  await assert.rejects(Deno.lstat(join(project, "new")), Deno.errors.NotFound);
});

for (
  const [path, inside] of [
    ["C:\\Users\\me\\a b", "/c/Users/me/a b"],
    ["d:/x/", "/d/x"],
    ["\\\\?\\C:\\x", "/c/x"],
    ["C:\\", "/c"],
  ] as const
) {
  Deno.test(`insidePath() maps ${path} on Windows`, () => {
    assert.equal(insidePath(path, "windows"), inside);
  });
}

Deno.test("insidePath() keeps paths elsewhere", () => {
  assert.equal(insidePath("/a\\b", "linux"), "/a\\b");
});
