import assert from "node:assert/strict";
import { planCageName, planDirName } from "../../../src/copy/names.ts";

for (
  const [source, name] of [
    ["Hello-World", "hello-world"],
    ["my project (2)", "my-project-2"],
    ["Über_Äpfel", "uber_apfel"],
    [".dotfiles", "dotfiles"],
    ["日本語", "project"],
    ["x".repeat(50), "x".repeat(32)],
  ] as const
) {
  Deno.test(`planCageName() makes "${name}" of ${source}`, () => {
    assert.equal(planCageName(undefined, source), name);
  });
}

Deno.test("planCageName() takes a given name as it is, or refuses it", () => {
  assert.equal(planCageName("review_2", "Hello-World"), "review_2");
  for (const name of ["Review", "-x", "a b", "", "../up", "x".repeat(41)]) {
    assert.throws(() => planCageName(name, "x"), { exit: 2, code: "usage" });
  }
});

const OPTIONS = { taken: ["lib"], fix: "--name NAME" };

Deno.test("planDirName() sanitises the last part of the path", () => {
  assert.equal(planDirName("/work/My Lib/", OPTIONS), "my-lib");
  assert.equal(planDirName("C:\\work\\Api", OPTIONS), "api");
  assert.equal(planDirName("/work/lib", { ...OPTIONS, given: "lib2" }), "lib2");
});

for (
  const [path, given, problem] of [
    ["/work/lib", undefined, { exit: 5, message: /called "lib" already/ }],
    ["/work/Project", undefined, { exit: 5, message: /that of the project itself/ }],
    ["/work/x", "project", { exit: 5, message: /that of the project itself/ }],
    ["/work/日本", undefined, { exit: 2, message: /no letter or digit/ }],
    ["/work/x", "../x", { exit: 2, message: /Cannot use "..\/x"/ }],
    ["/work/x", ".git", { exit: 2, message: /Cannot use ".git"/ }],
    ["/", undefined, { exit: 2, message: /no letter or digit/ }],
  ] as const
) {
  Deno.test(`planDirName() refuses ${given ?? path} and says what to do`, () => {
    assert.throws(() => planDirName(path, { ...OPTIONS, given }), {
      ...problem,
      hint: /--name NAME/,
    });
  });
}
