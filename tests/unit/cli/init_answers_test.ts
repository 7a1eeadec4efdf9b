import assert from "node:assert/strict";
import { askPromoteAnswers, parseToolchains } from "../../../src/cli/init_answers.ts";

const SUGGESTED = {
  name: "Ursula",
  email: "ursula@example.test",
  toolchains: [{ name: "node", version: "22" }],
  packages: ["git-lfs"],
};

function answerWith(lines: readonly string[]) {
  const left = [...lines];
  let shown = "";
  return {
    shown: () => shown,
    left,
    ports: {
      show: (text: string) => void (shown += text),
      readLine: () => Promise.resolve(left.shift()),
    },
  };
}

Deno.test("empty lines take what is suggested", async () => {
  const { ports, shown } = answerWith(["", "", "", "", ""]);
  assert.deepEqual(await askPromoteAnswers(SUGGESTED, ports), {
    name: "Ursula",
    email: "ursula@example.test",
    toolchains: [{ name: "node", version: "22" }],
    packages: ["git-lfs"],
    setup: [],
  });
  assert.match(shown(), /Name on promoted commits \[Ursula\]: .*\[node=22\]: /);
});

Deno.test("answers replace it, `-` takes none of it, and what cannot be is asked again", async () => {
  const { ports, shown, left } = answerWith([
    ...["Ada", "nowhere", "ada@example.test", "node 22", "python=3.13 go=1.24", "-"],
    ...["npm ci", "make", ""],
  ]);
  assert.deepEqual(await askPromoteAnswers(SUGGESTED, ports), {
    name: "Ada",
    email: "ada@example.test",
    toolchains: [{ name: "python", version: "3.13" }, { name: "go", version: "1.24" }],
    packages: [],
    setup: ["npm ci", "make"],
  });
  assert.equal(left.length, 0);
  assert.match(shown(), /Give an address such as/);
  assert.match(shown(), /Give each as NAME=VERSION/);
});

Deno.test("the end of input ends the questions, wherever it comes", async () => {
  for (let lines = 0; lines < 5; lines++) {
    const { ports } = answerWith(Array.from({ length: lines }, () => ""));
    assert.equal(await askPromoteAnswers(SUGGESTED, ports), undefined, `${lines} lines`);
  }
});

Deno.test("a version must not be a shell's", () => {
  assert.deepEqual(parseToolchains(""), []);
  assert.equal(parseToolchains("node=22;x"), undefined);
  assert.equal(parseToolchains("Node=22"), undefined);
});
