import assert from "node:assert/strict";
import { join } from "node:path";
import { parseFinding } from "../../../src/promote/fetch_outcome.ts";
import { gitIn } from "../support/history.ts";
import { addRawCommit, makeScene, type Scene } from "../support/promote_scene.ts";
import { commitTree, LINE, makeBlob, photograph, write } from "../support/promote_inside.ts";
import { makeTemp } from "../support/workspace.ts";

const onLinux = { ignore: Deno.build.os !== "linux" };

const HOSTILE: readonly (readonly [string, string, (scene: Scene) => Promise<unknown>])[] = [
  [".git", "hasDotgit", async (s) => commitTree(s, `100644 .git\0${await makeBlob(s, "x")}`)],
  [".GIT", "hasDotgit", async (s) => commitTree(s, `100644 .GIT\0${await makeBlob(s, "x")}`)],
  ["git~1", "hasDotgit", async (s) => commitTree(s, `100644 git~1\0${await makeBlob(s, "x")}`)],
  [
    ".git with an unseen character",
    "hasDotgit",
    async (s) => commitTree(s, `100644 .g\xe2\x80\x8cit\0${await makeBlob(s, "x")}`),
  ],
  ["..", "hasDotdot", async (s) => commitTree(s, `100644 ..\0${await makeBlob(s, "x")}`)],
  [".", "hasDot", async (s) => commitTree(s, `100644 .\0${await makeBlob(s, "x")}`)],
  [
    "a path in one name",
    "fullPathname",
    async (s) => commitTree(s, `100644 ../../etc/passwd\0${await makeBlob(s, "x")}`),
  ],
  [
    "one name twice",
    "duplicateEntries",
    async (s) =>
      commitTree(s, `100644 a\0${await makeBlob(s, "x")}100644 a\0${await makeBlob(s, "y")}`),
  ],
  [
    "a link in place of .gitmodules",
    "gitmodulesSymlink",
    async (s) => commitTree(s, `120000 .gitmodules\0${await makeBlob(s, "/etc/passwd")}`),
  ],
  [
    "a submodule's address that is an option",
    "gitmodulesUrl",
    async (s) =>
      commitTree(
        s,
        `100644 .gitmodules\0${await makeBlob(
          s,
          '[submodule "a"]\n\turl = -u./evil\n\tpath = a\n',
        )}`,
      ),
  ],
  [
    "a submodule's name that leads out",
    "gitmodulesName",
    async (s) =>
      commitTree(
        s,
        `100644 .gitmodules\0${await makeBlob(
          s,
          '[submodule "../../x"]\n\turl = u\n\tpath = a\n',
        )}`,
      ),
  ],
  ["a NUL in a message", "nulInCommit", async (scene) => {
    const tree = (await gitIn(scene.inner, ["rev-parse", "main^{tree}"])).trim();
    const person = "G <g@x> 1700000000 +0000";
    await addRawCommit(scene, `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\na\0b\n`);
  }],
  ["two names in an author line", "multipleAuthors", async (scene) => {
    const tree = (await gitIn(scene.inner, ["rev-parse", "main^{tree}"])).trim();
    const person = "G <g@x> 1700000000 +0000";
    await addRawCommit(
      scene,
      `tree ${tree}\nauthor ${person}\nauthor ${person}\ncommitter ${person}\n\nx\n`,
    );
  }],
];
for (const [name, rule, spoil] of HOSTILE) {
  Deno.test(`fetchInner() refuses ${name}, by the name of git's rule`, async () => {
    await using temp = await makeTemp();
    const scene = await makeScene(temp.path, LINE);
    await spoil(scene);
    const before = await photograph(scene);
    const failure = await scene.fetch();
    assert.equal(failure.kind, "refused", JSON.stringify(failure));
    assert.match("text" in failure ? failure.text : "", new RegExp(`breaks git's rule ${rule}: `));
    assert.equal(await photograph(scene), before);
  });
}

Deno.test("nothing that is planted inside runs on the host", onLinux, async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, [...LINE, {
    mark: 4,
    parents: [3],
    message: "planted\n",
    changes: [
      write(".gitattributes", "* filter=evil diff=evil\n"),
      write(".gitmodules", '[submodule "a"]\n\tpath = a\n\turl = ../evil\n'),
      { kind: "gitlink", path: "a", id: "1".repeat(40) },
    ],
  }]);
  const canary = join(temp.path, "canary");
  const fire = join(temp.path, "fire");
  await Deno.writeTextFile(fire, `#!/bin/sh\necho "$0 $@" >> ${canary}\n`, { mode: 0o755 });
  const included = join(temp.path, "included");
  await Deno.writeTextFile(included, `[core]\n\tfsmonitor = ${fire}\n`);
  for (
    const [key, value] of [
      ["core.fsmonitor", fire],
      ["uploadpack.packObjectsHook", fire],
      ["filter.evil.smudge", fire],
      ["filter.evil.clean", fire],
      ["diff.evil.command", fire],
      ["gpg.program", fire],
      ["core.alternateRefsCommand", fire],
      ["include.path", included],
    ] as const
  ) await gitIn(scene.inner, ["config", key, value]);
  for (
    const hook of ["reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"]
  ) {
    await Deno.copyFile(fire, join(scene.inner, ".git", "hooks", hook));
    await Deno.copyFile(fire, join(scene.outer, ".git", "hooks", hook));
  }
  assert.equal((await scene.fetch()).kind, "new");
  const fetched = await scene.rewrite(scene.marks.get(4)!);
  assert.equal(fetched.kind, "built");
  await assert.rejects(Deno.stat(canary), Deno.errors.NotFound);
});

Deno.test("parseFinding() reads the object and the rule", () => {
  const object = "a".repeat(40);
  const said =
    `remote: error: object ${
      "b".repeat(40)
    }: x: y\nerror: object ${object}: hasDotgit: contains '.git'\n` +
    "fatal: fsck error in packed object\n";
  assert.deepEqual(parseFinding(said), { object, rule: "hasDotgit", text: "contains '.git'" });
  assert.equal(parseFinding("fatal: early EOF"), undefined);
});

/** Says a pack of one file of 5 GB that nothing can make smaller, and how much of it was taken. */
const GIANT = `
open my $told, ">", $ARGV[0] or die;
my ($size, $piece) = (5_000_000_000, join "", map { chr int rand 256 } 1 .. 65535);
my ($header, $rest) = ("", $size >> 4);
my $byte = 0x30 | ($size & 15);
while ($rest) { $header .= chr($byte | 0x80); $byte = $rest & 0x7f; $rest >>= 7 }
binmode STDOUT;
$| = 1;
print "PACK", pack("NN", 2, 1), $header, chr $byte, "\\x78\\x01";
$SIG{PIPE} = "IGNORE";
for (my $sent = 0; $sent < $size; $sent += 65535) {
  print "\\0", pack("vv", 65535, 0), $piece or last;
  seek $told, 0, 0; print $told $sent; $told->flush;
}
`;

Deno.test(
  "fetchInner() ends a file of 5 GB at its bound and leaves nothing of it",
  onLinux,
  async () => {
    await using temp = await makeTemp();
    const scene = await makeScene(temp.path, LINE);
    const [script, told, hook] = ["giant", "told", "hook"].map((name) => join(temp.path, name));
    await Deno.writeTextFile(script!, GIANT);
    await Deno.writeTextFile(hook!, `#!/bin/sh\nexec perl ${script} ${told}\n`, { mode: 0o755 });
    const before = await photograph(scene);
    const failure = await scene.fetch({
      source: {
        kind: "container",
        // As an agent does it in settings of its own.
        command: ["git", "-c", `uploadpack.packObjectsHook=${hook}`, "upload-pack", scene.inner],
      },
      limits: { bytes: 40_000_000 },
    });
    assert.equal(failure.kind, "too-big", JSON.stringify(failure));
    assert.match(
      "text" in failure ? failure.text : "",
      /^The commits inside are larger than 40 MB$/,
    );
    const taken = Number(await Deno.readTextFile(told!));
    assert.ok(taken > 30_000_000 && taken < 1_000_000_000, `${taken} bytes of it were taken`);
    assert.equal(await photograph(scene), before);
  },
);
