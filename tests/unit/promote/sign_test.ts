import assert from "node:assert/strict";
import { join } from "node:path";
import { createSign, planSignArgs, readSigning } from "../../../src/promote/sign.ts";
import { rewriteCommits } from "../../../src/promote/rewrite.ts";
import { storeObjects } from "../../../src/promote/store.ts";
import { gitIn, type HistoryCommit } from "../support/history.ts";
import { makeScene, USER } from "../support/promote_scene.ts";
import { makeTemp } from "../support/workspace.ts";

const LINE: readonly HistoryCommit[] = [1, 2, 3].map((mark) => ({
  mark,
  parents: mark === 1 ? [] : [mark - 1],
  message: `commit ${mark}\n`,
  changes: [{ kind: "write", mode: "100644", path: "file", content: `${mark}\n` }],
}));

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test(
  "commits are signed with the user's SSH key, and git finds the signatures good",
  onLinux,
  async () => {
    await using temp = await makeTemp();
    const key = join(temp.path, "key");
    const made = await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", key],
    }).output();
    assert.ok(made.success);
    const scene = await makeScene(temp.path, LINE);
    for (const [name, value] of [["gpg.format", "ssh"], ["user.signingKey", key]] as const) {
      await gitIn(scene.outer, ["config", name, value]);
    }
    const fetched = await scene.fetch();
    assert.ok(fetched.kind === "new");
    const sign = createSign(await readSigning(scene.git, USER), { env: scene.env });
    const built = await rewriteCommits(
      { tip: fetched.tip, done: scene.pin.snapshot, onto: scene.pin.base, identity: USER },
      {
        git: scene.git,
        store: (objects) => storeObjects(objects, scene),
        known: () => Promise.resolve(new Map()),
        sign,
      },
    );
    assert.ok(built.kind === "built");
    const signers = join(temp.path, "signers");
    await Deno.writeTextFile(signers, `${USER.email} ${await Deno.readTextFile(`${key}.pub`)}`);
    const verify = [
      "-c",
      "gpg.format=ssh",
      "-c",
      `gpg.ssh.allowedSignersFile=${signers}`,
      "verify-commit",
    ];
    await gitIn(scene.outer, [...verify, built.tip, `${built.tip}^`]);
    await gitIn(scene.outer, ["update-ref", "refs/heads/main", built.tip]);
    assert.equal(await gitIn(scene.outer, ["fsck", "--strict", "--no-dangling"]), "");
  },
);

Deno.test("a key that cannot sign says so, and what to do", onLinux, async () => {
  const sign = createSign({ format: "ssh", program: "ssh-keygen", key: "/nowhere/key" }, {
    env: { PATH: Deno.env.get("PATH") },
  });
  await assert.rejects(sign(new Uint8Array(1)), {
    name: "UserError",
    message: /^Cannot sign commits: ssh-keygen makes no signature: .*\/nowhere\/key/,
    hint: "Unlock the key in its agent, or promote without signatures",
  });
});

Deno.test("a program that is not there says so", async () => {
  const sign = createSign({ format: "openpgp", program: "/nowhere/gpg", key: "x" }, { env: {} });
  await assert.rejects(sign(new Uint8Array(1)), {
    message: "Cannot sign commits: there is no /nowhere/gpg on this machine",
  });
});

Deno.test("readSigning() reads what the user's git would take", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  const who = "Ursula Müller <ursula@example.com>";
  assert.deepEqual(await readSigning(scene.git, USER), {
    format: "openpgp",
    program: "gpg",
    key: who,
  });
  await gitIn(scene.outer, ["config", "gpg.program", "gpg2"]);
  await gitIn(scene.outer, ["config", "user.signingKey", "ABCD"]);
  assert.deepEqual(await readSigning(scene.git, USER), {
    format: "openpgp",
    program: "gpg2",
    key: "ABCD",
  });
  await gitIn(scene.outer, ["config", "gpg.format", "x509"]);
  assert.deepEqual(await readSigning(scene.git, USER), {
    format: "x509",
    program: "gpgsm",
    key: "ABCD",
  });
  await gitIn(scene.outer, ["config", "gpg.format", "new"]);
  await assert.rejects(readSigning(scene.git, USER), /git signs with new, which is unknown/);
});

Deno.test("readSigning() wants a key for SSH", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  await gitIn(scene.outer, ["config", "gpg.format", "ssh"]);
  await assert.rejects(readSigning(scene.git, USER), {
    message: "Cannot sign commits: git has no key to sign with",
    hint: "Set one: git config --global user.signingKey FILE",
  });
});

Deno.test("planSignArgs() names the key as each program wants it", () => {
  assert.deepEqual(
    [
      planSignArgs({ format: "openpgp", program: "gpg", key: "A" }, {}),
      planSignArgs({ format: "ssh", program: "x", key: "~/.ssh/id" }, { home: "/home/u" }),
      planSignArgs({ format: "ssh", program: "x", key: "key::ssh-x AA" }, { keyFile: "/t/key" }),
    ].map((args) => args.join(" ")),
    [
      "--status-fd=2 -bsau A",
      "-Y sign -n git -f /home/u/.ssh/id",
      "-Y sign -n git -f /t/key -U",
    ],
  );
});
