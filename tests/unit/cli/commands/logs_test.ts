import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../../src/errors.ts";
import { writeFileAtomic } from "../../../../src/files.ts";
import { cageId } from "../../../../src/project/identity.ts";
import { beginRun, runIdOf } from "../../headless/support.ts";
import { bareHost, makeTempDir, runLine } from "../support.ts";

/** A project whose own cage ran twice, and a cage elsewhere. */
async function makeScene() {
  const dir = await makeTempDir();
  const project = join(dir.path, "app");
  await Deno.mkdir(project);
  const stateDir = join(dir.path, "state");
  const host = bareHost({ stateDir, cwd: project, home: join(dir.path, "home") });
  const own = cageId({ path: project, basename: "app" });
  for (const [id, projectPath] of [[own, project], ["other-1", "/elsewhere"]] as const) {
    const cage = { schema: 1, id, projectPath, createdAt: "2026-01-01T00:00:00.000Z" };
    await writeFileAtomic(join(stateDir, "cages", id, "cage.json"), JSON.stringify(cage));
  }
  const run = async (cage: string, number: number, text: string) => {
    using log = await beginRun(stateDir, { key: { cageId: cage, runId: runIdOf(number) } });
    log.appendRaw(new TextEncoder().encode(`{"raw":"${text}"}\n`));
    log.append([
      { kind: "init", model: "m-1" },
      { kind: "text", text },
      { kind: "done", text: "ok", isError: false, usage: { costUsd: 0.5, durationMs: 1000 } },
    ]);
    log.setState("done", { exit: 0 });
  };
  await run(own, 1, "first");
  await run(own, 2, "second\x1b[2J");
  return { host, own, run, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

Deno.test("logs shows the last run of this project, for people", async () => {
  await using scene = await makeScene();
  const { exit, out, talk } = await runLine(["logs"], scene);
  assert.equal(exit, 0);
  assert.equal(
    out,
    "INIT model=m-1\nTEXT second^[[2J\nDONE ok\n    cost=$0.5000 duration=1.0s\n",
  );
  assert.equal(talk, "");
});

Deno.test("logs -f of a run that is over says how it ended, and ends with 0", async () => {
  await using scene = await makeScene();
  const { exit, out, talk } = await runLine(["logs", "-f", "-n", "1"], scene);
  assert.equal(exit, 0);
  assert.equal(out, "DONE ok\n    cost=$0.5000 duration=1.0s\n");
  assert.equal(talk, `The run ${runIdOf(2)} is done, exit code 0\n`);
});

Deno.test("logs --json is one event a line, of any run by the start of its id", async () => {
  await using scene = await makeScene();
  const { out } = await runLine(["logs", "--json", "--run", runIdOf(1)], scene);
  const events = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ seq, kind }) => [seq, kind]), [
    [1, "init"],
    [2, "text"],
    [3, "done"],
  ]);
  assert.equal(events[1].text, "first");
});

Deno.test("logs --raw on a terminal shows what would act on it", async () => {
  await using scene = await makeScene();
  const tty = { stdin: true, stdout: true, stderr: true };
  const { out } = await runLine(["logs", "--raw"], { host: { ...scene.host, tty } });
  assert.equal(out, '{"raw":"second^[[2J"}\n');
});

Deno.test("a cage is named, or the start of its id, from anywhere", async () => {
  await using scene = await makeScene();
  await scene.run("other-1", 3, "third");
  for (const word of ["other-1", "oth"]) {
    assert.match((await runLine(["logs", word], scene)).out, /^TEXT third$/m);
  }
  assert.match((await runLine(["logs"], scene)).out, /TEXT second/);
});

const WRONG: readonly [name: string, line: string[], message: RegExp][] = [
  ["a cage that never ran", ["logs", "other-1"], /no logs of other-1: it was never launched/],
  ["a cage that is not", ["logs", "nowhere"], /Cannot find cage "nowhere"/],
  ["a run that is not", ["logs", "--run", "2027"], /Cannot find the run "2027" .*there is none/],
  ["half an id of two runs", ["logs", "--run", "2026"], /several begin so/],
  ["a path for a run", ["logs", "--run", "../.."], /there is none/],
  ["no number of lines", ["logs", "-n", "many"], /Cannot read --lines "many"/],
  ["two forms", ["logs", "--raw", "--json"], /--raw and --json contradict/],
];

for (const [name, line, message] of WRONG) {
  Deno.test(`logs refuses ${name}`, async () => {
    await using scene = await makeScene();
    await assert.rejects(runLine(line, scene), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      assert.notEqual(error.hint, undefined);
      return true;
    });
  });
}
