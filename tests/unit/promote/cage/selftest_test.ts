import assert from "node:assert/strict";
import {
  type HostFacts,
  judgeInside,
  parseSections,
} from "../../../../src/promote/cage/selftest.ts";

const FACTS: HostFacts = {
  uid: 64_000,
  ghost: { name: "Alex Ellis", email: "alex.ellis10@example.com" },
  marks: ["sandcage", "ursula", "/home/ursula/project"],
};

const GOOD: Record<string, string> = {
  uid: "64000",
  owners: "",
  keys: "",
  socket: "",
  remotes: "",
  who: "Alex Ellis\nalex.ellis10@example.com",
  signs: "false",
  work: "alex.ellis10@example.com",
  secrets: "",
  traces: "HOME=/home/agent\ncage\n1 2 0:3 /volumes/work-0123/_data /work rw",
  end: "",
};

function print(sections: Record<string, string>): string {
  return Object.entries(sections).map(([name, text]) => `\x1e${name}\n${text}\n`).join("");
}

Deno.test("a cage that keeps its promises passes", () => {
  const proofs = judgeInside(parseSections(`noise\n${print(GOOD)}`), FACTS);
  assert.deepEqual(proofs.filter(({ holds }) => !holds), []);
  assert.equal(proofs.length, 11);
});

for (
  const [section, text, what, found] of [
    ["uid", "0", "the agent is a user that this machine does not have", "0"],
    ["owners", "/work/project/a", "its files are its own", "/work/project/a"],
    ["keys", "id_ed25519", "no keys of SSH or GPG", "id_ed25519"],
    ["socket", "/run/docker.sock", "no socket of the engine", "/run/docker.sock"],
    ["remotes", "origin", "the repository leads nowhere", "origin"],
    [
      "who",
      "Ursula\nu@example.test",
      "it commits as nobody in particular",
      "Ursula; u@example.test",
    ],
    ["signs", "true", "it signs nothing", "true"],
    ["work", "fatal: cannot merge", "commits, branches and merges work", "fatal: cannot merge"],
    ["secrets", "GITHUB_TOKEN", "no secret among its variables", "GITHUB_TOKEN"],
    ["traces", "X=/home/Ursula", "nothing names you, your paths or the tool", "ursula"],
    ["traces", "SANDCAGE_X=1", "nothing names you, your paths or the tool", "sandcage"],
  ] as const
) {
  Deno.test(`${section} that says ${JSON.stringify(text)} is a broken promise`, () => {
    const broken = judgeInside(parseSections(print({ ...GOOD, [section]: text })), FACTS)
      .filter(({ holds }) => !holds);
    assert.deepEqual(broken, [{ what, holds: false, found }]);
  });
}

Deno.test("what was not looked at does not hold", () => {
  const proofs = judgeInside(parseSections(""), FACTS);
  assert.deepEqual(proofs.filter(({ holds }) => holds), []);
});
