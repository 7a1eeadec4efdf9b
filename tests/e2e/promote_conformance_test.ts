/** What promotion promises, each with a control that shows that the test would see it broken. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { docker } from "../../tools/engine_state.ts";
import { cutCommit, readObjects } from "../unit/support/promote_scene.ts";
import { formatHistory, planHistory } from "../unit/support/history.ts";
import { exists } from "./support/files.ts";
import {
  arrives,
  commit,
  findContainer,
  git,
  makePromoteWorld,
  must,
  openInside,
  start,
  status,
  until,
} from "./support/promote_world.ts";
import type { World } from "./support/world.ts";

const HISTORY = planHistory({ files: 100, commits: 120, merges: 6, seed: 7 });

/** Runs a program with bytes on its stdin. */
async function feed(command: readonly string[], bytes: Uint8Array, cwd: string): Promise<void> {
  const [program, ...args] = command;
  const child = new Deno.Command(program!, { args, cwd, stdin: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  const { code, stderr } = await child.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** Commits of a range by what crossing must not change, oldest first. */
async function readCrossed(world: World, range: string) {
  const args = `rev-list --topo-order --reverse ${range}`;
  const ids = (await git(world, args)).trim().split("\n");
  const objects = await readObjects(world.project, ids);
  return ids.map((id) => {
    const { head, message } = cutCommit(objects.get(id)!);
    const people = head.filter((line) => /^(author|committer) /.test(line));
    return {
      message,
      parents: head.filter((line) => line.startsWith("parent ")).length,
      tree: head.find((line) => line.startsWith("tree ")),
      dates: people.map((line) => line.replace(/^(\w+) .*> /, "$1 ")),
      others: head.filter((line) => !/^(tree|parent|author|committer|gpgsig)/.test(line)),
      people: people.map((line) => line.replace(/ \d+ [+-]\d{4}$/, "")),
    };
  });
}

/** All that is in the user's working tree and what the branch is at. */
async function photograph(world: World): Promise<string> {
  const sums = await run(
    "sh",
    [
      "-c",
      "find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha1sum; ls -lR | grep -v '^total '",
    ],
    { cwd: world.project, timeoutMs: 30_000 },
  );
  return sums.stdout + await git(world, "rev-parse HEAD") + await git(world, "ls-files -s");
}

/** Has something wait, and land once its cause is gone. Nothing of the user's changes in between. */
async function waitsAndLands(world: World, row: {
  file: string;
  state: string;
  cause(): Promise<unknown>;
  inside(): Promise<unknown>;
  resolve(): Promise<unknown>;
}): Promise<void> {
  await row.cause();
  const before = await photograph(world);
  await row.inside();
  await until(`${row.file} waits`, async () => (await status(world)).state === row.state);
  assert.equal(await photograph(world), before, `${row.file}: nothing of the user's changes`);
  await row.resolve();
  await arrives(world, row.file);
  await until("all is still", async () => (await status(world)).state === "idle");
}

Deno.test("P01: every kind of commit crosses, byte for byte but for whose it is", async () => {
  await using world = await makePromoteWorld("promodd");
  await feed(
    ["git", "fast-import", "--quiet", "--done"],
    formatHistory(HISTORY.slice(0, 1), "odd"),
    world.project,
  );
  await git(world, "switch -qf odd");
  await git(world, "branch -q -D user/work");
  await git(world, "switch -qc user/work");
  await start(world);
  const inside = await openInside(world);
  const { id } = await status(world);
  const container = await findContainer(id);
  await inside('echo ":1 $(git rev-parse HEAD)" > /tmp/marks');
  await feed(
    [
      ...["docker", "exec", "--interactive", "--workdir", "/work/project", container],
      ...["git", "fast-import", "--quiet", "--done", "--import-marks=/tmp/marks"],
    ],
    formatHistory(HISTORY.slice(1), "main"),
    world.project,
  );
  await inside(
    "git reset -q --hard; head -c 20000000 /dev/urandom > huge.bin; : > empty.bin; " +
      "git add -A; git commit -qm 'huge and empty'; git commit -q --allow-empty -m 'nothing at all'",
  );
  await until("all has landed", async () => (await status(world)).state === "idle");
  const total = HISTORY.length + 2;
  const inner = await readCrossed(world, `refs/sandcage/${id}/in/main`);
  const outer = await readCrossed(world, "user/work");
  assert.deepEqual([inner.length, outer.length], [total, total]);
  for (const [at, { people, ...commit }] of outer.slice(1).entries()) {
    const { people: _ghost, ...want } = inner[at + 1]!;
    assert.deepEqual(commit, want, `commit ${at}`);
    const user = "Test User <user@example.test>";
    assert.deepEqual(people, [`author ${user}`, `committer ${user}`]);
  }
  // The control: other commits are not the same, and some of each kind have crossed.
  assert.notDeepEqual(outer.at(-1), outer.at(-2));
  assert.equal(outer.filter(({ parents }) => parents === 2).length, 6);
  assert.ok(outer.some(({ message }) => message.startsWith("author X <y@z> 1 +0000\n")));
  assert.equal(await git(world, "status --porcelain"), "");
  await git(world, "fsck --strict");
  await must(world.sandcage(["clear"]));
});

Deno.test("P02, W03, C04: nothing of the user's is written over, nothing planted runs, nothing is told inside", async (t) => {
  await using world = await makePromoteWorld("promconf");
  const { project } = world;
  await world.write("tracked.txt", "tracked\n");
  await git(world, "add -A");
  await git(world, "commit -qm tracked");
  await start(world);
  const inside = await openInside(world);
  await inside(commit("first.txt"));
  await arrives(world, "first.txt");

  const outside = join(world.root, "outside");
  await Deno.mkdir(outside);
  const rows = [
    {
      name: "a file that is changed and not committed; a stash is enough",
      file: "one.txt",
      state: "paused",
      cause: () => world.write("tracked.txt", "mine\n"),
      inside: () => inside(`echo theirs > tracked.txt; ${commit("one.txt")}`),
      resolve: () => git(world, "stash -q"),
    },
    {
      name: "a file of the same name in a commit of the user's",
      file: "both.txt",
      state: "paused",
      async cause() {
        await world.write("both.txt", "mine\n");
        await git(world, "add both.txt");
        await git(world, "commit -qm mine");
      },
      inside: () => inside(commit("both.txt", "theirs")),
      async resolve() {
        await git(world, "rm -q both.txt");
        await git(world, "commit -qm theirs");
      },
    },
    {
      name: "a link in place of a directory, which leads out",
      file: "linked/x.txt",
      state: "paused",
      cause: () => Deno.symlink(outside, join(project, "linked")),
      inside: () => inside(`mkdir linked; ${commit("linked/x.txt")}`),
      resolve: () => Deno.remove(join(project, "linked")),
    },
    {
      name: "the branch is gone",
      file: "gone.txt",
      state: "held",
      async cause() {
        await git(world, "switch -q main");
        await git(world, "branch -m user/work user/kept");
      },
      inside: () => inside(commit("gone.txt")),
      async resolve() {
        await git(world, "branch -m user/kept user/work");
        await git(world, "switch -q user/work");
      },
    },
    {
      name: "a merge in progress",
      file: "merged.txt",
      state: "held",
      async cause() {
        await git(world, "switch -qc side");
        await world.write("side.txt", "side\n");
        await git(world, "add side.txt");
        await git(world, "commit -qm side");
        await git(world, "switch -q user/work");
        await git(world, "merge -q --no-ff --no-commit side");
      },
      inside: () => inside(commit("merged.txt")),
      resolve: () => git(world, "merge --abort"),
    },
  ];
  for (const { name, ...row } of rows) {
    await t.step(`P02: ${name}`, () => waitsAndLands(world, row));
  }
  assert.deepEqual(await Array.fromAsync(Deno.readDir(outside)), []);

  for (const name of [".git", "..", ".GIT"]) {
    await t.step(
      `P02: an entry ${name} is refused, and what follows lands without it`,
      async () => {
        const before = await photograph(world);
        await inside(
          `blob=$(echo x | git hash-object -w --stdin); tip=$(git rev-parse HEAD); ` +
            `tree=$( (printf '100644 ${name}\\0'; printf $blob | ` +
            `perl -ne 'print pack "H*", $_') | git hash-object -t tree -w --stdin --literally); ` +
            `git update-ref refs/heads/main $(git commit-tree -p $tip -m evil $tree)`,
        );
        await until("it is refused", async () => (await status(world)).state === "failed");
        assert.match((await status(world)).text, /breaks git's rule has(Dotgit|Dotdot)/);
        assert.equal(await photograph(world), before);
        const file = `after-${name.replaceAll(".", "")}-${name.length}.txt`;
        await inside(`git update-ref refs/heads/main HEAD~1; git reset -q --hard; ${commit(file)}`);
        await arrives(world, file);
      },
    );
  }

  await t.step("C04: no name of the user, no path of the host, no name of the tool", async () => {
    const scan = "cat /proc/self/mountinfo /etc/hosts /etc/hostname /etc/passwd ~/.gitconfig " +
      ".git/config 2>/dev/null; env; hostname; tr '\\0' '\\n' < /proc/1/environ; " +
      "git log --all --format=%an%ae%cn%ce%B; " +
      "grep -rIsl 'sand[c]age' /etc /opt /run /usr/local /home /work /var /tmp; " +
      "find / -xdev -iname '*sand[c]age*' 2>/dev/null; :";
    const container = await findContainer((await status(world)).id);
    const marks = /sandcage|Test User|user@example|user\/work/i;
    const look = () => docker(["exec", "--workdir", "/work/project", container, "sh", "-c", scan]);
    const seen = await look();
    assert.doesNotMatch(seen, marks);
    assert.ok(!seen.includes(world.root) && !seen.includes(world.home), "no path of the host");
    // The control: the same scan finds what is planted.
    await inside("echo sandcage > /tmp/marked");
    assert.match(await look(), /^\/tmp\/marked$/m);
    await inside("rm /tmp/marked");
  });

  await t.step("W03: what is planted runs inside, and not here", async () => {
    // The same path on both sides, and no name of ours in it.
    const canary = (name: string) => `/tmp/canary-${Deno.pid}-${name}`;
    const names = ["clean", "fsmonitor", "hook"];
    await inside(
      `git config core.fsmonitor 'touch ${canary("fsmonitor")}; false'; ` +
        `git config filter.x.clean 'touch ${canary("clean")}; cat'; ` +
        `git config filter.x.smudge 'touch ${canary("clean")}; cat'; ` +
        ["diff.x.command", "merge.x.driver", "core.sshCommand", "gpg.program"]
          .map((key) => `git config ${key} 'touch ${canary("hook")}'; `).join("") +
        `git config credential.helper '!touch ${canary("hook")}'; ` +
        `printf '[core]\\n\\thooksPath = .hooks\\n' > .git/more; git config include.path more; ` +
        `mkdir .hooks; printf '#!/bin/sh\\ntouch ${canary("hook")}\\n' > .hooks/post-commit; ` +
        `chmod +x .hooks/post-commit; echo '* filter=x diff=x merge=x' > .gitattributes; ` +
        commit("planted.txt"),
    );
    // The control: git inside runs all of it, where nothing is set over its settings.
    const fired = names.map(canary).join(" ");
    const bare = "env -u GIT_CONFIG_COUNT git -c safe.directory='*'";
    await inside(`${bare} update-index --fsmonitor; ${bare} status --porcelain || :; ls ${fired}`);
    await arrives(world, "planted.txt");
    for (const args of [["status"], ["promote", "--dry-run"], ["promote", "--once"], ["log"]]) {
      await must(world.sandcage(args));
    }
    assert.equal(await git(world, "status --porcelain"), "");
    assert.match(await git(world, "diff HEAD~1 --stat"), /planted\.txt/);
    for (const name of names) assert.equal(await exists(canary(name)), false, name);
  });

  await must(world.sandcage(["clear"]));
});
