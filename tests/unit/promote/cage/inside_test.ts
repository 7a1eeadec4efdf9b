import assert from "node:assert/strict";
import { observeInsideChanges } from "../../../../src/promote/cage/inside.ts";
import type { PromoteSite } from "../../../../src/promote/cage/site.ts";
import type { Engine } from "../../../../src/engine/engine.ts";
import { openLandingWorld } from "../../support/landing_world.ts";

type Answer = { code: number; stdout: string; stderr: string };

/** What git inside says, by a word of the question; `asked` gets the arguments of git. */
async function observe(
  answers: Readonly<Record<string, Partial<Answer>>>,
  asked: string[] = [],
) {
  await using world = await openLandingWorld({ a: "a" });
  await world.run(world.user, "update-ref", "refs/sandcage/demo-1/done/fix/it", "HEAD");
  const engine = {
    docker: (args: readonly string[]) => {
      const line = args.slice(args.indexOf("image:1") + 1).join(" ");
      asked.push(line);
      const word = Object.keys(answers).find((each) => line.includes(each));
      const answer = word === undefined ? {} : answers[word];
      return Promise.resolve({ code: 0, stdout: "", stderr: "", ...answer });
    },
  } as unknown as Engine;
  const { pin, git } = world;
  const copy = {
    id: pin.cage,
    user: { uid: 1, gid: 1 },
    volumes: { work: "w" },
    promote: { pin, image: "image:1" },
  };
  return await observeInsideChanges({ copy, git, engine } as unknown as PromoteSite);
}

Deno.test("paths in no commit and commits of other branches are counted, those that came out are not", async () => {
  const asked: string[] = [];
  const found = await observe({
    "status": { stdout: " M a\0?? b\nc\0" },
    "refs/stash": { stdout: "3\n" },
  }, asked);
  assert.deepEqual(found, { changed: 2, elsewhere: 3 });
  assert.equal(asked.length, 2);
  assert.match(
    asked.join("\n"),
    /--ignore-missing --branches refs\/stash --not refs\/heads\/main [0-9a-f]{40} [0-9a-f]{40}$/m,
  );
});

Deno.test("without a stash it is asked again; what cannot be told is a problem", async () => {
  const none = { "refs/stash": { code: 128, stderr: "fatal: bad revision 'refs/stash'\n" } };
  assert.deepEqual(await observe({ ...none, "rev-list": { stdout: "1\n" } }), {
    changed: 0,
    elsewhere: 1,
  });
  assert.deepEqual(
    await observe({
      "status": { code: 128, stderr: "noise\nfatal: not a git repository\n" },
      "rev-list": { code: 128, stderr: "" },
    }),
    { changed: 0, elsewhere: 0, problem: "fatal: not a git repository" },
  );
  assert.deepEqual(await observe({ "rev-list": { code: 1, stderr: "" } }), {
    changed: 0,
    elsewhere: 0,
    problem: "git there says nothing",
  });
});
