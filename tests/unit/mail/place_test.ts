import assert from "node:assert/strict";
import type { Engine } from "../../../src/engine/engine.ts";
import { UserError } from "../../../src/errors.ts";
import {
  findHomeServices,
  findMailPlace,
  findRunning,
  findRunningServices,
  planMailRun,
} from "../../../src/mail/place.ts";
import type { MailSite } from "../../../src/mail/site.ts";

/** A cage whose engine answers what it is told to, by the first word of the question. */
function site(answers: Record<string, { code: number; stdout: string }>): MailSite {
  const docker = ([word = ""]: readonly string[]) =>
    Promise.resolve({ stderr: "no", timedOut: false, ...answers[word]! });
  return {
    cageId: "web-1",
    dir: "/state/cages/web-1/mail",
    service: "claude",
    engine: { docker } as unknown as Engine,
    box: "/home/agent/.cage",
    home: "home-1",
    images: ["sandcage/claude:1", "sandcage/base:1"],
    user: { uid: 64_000, gid: 64_001 },
    programs: ["claude"],
  };
}

const good = (stdout: string) => ({ code: 0, stdout });
const inspected = (...objects: object[]) => ({ code: 1, stdout: JSON.stringify(objects) });
const HOME = { Name: "home-1", Mountpoint: "/x", Labels: {} };
const IMAGE = { Id: "sha256:1", RepoTags: ["sandcage/base:1"], Config: { Labels: {} } };

Deno.test("a mailbox is reached in the container of its own agent, and of no other", async () => {
  const running = site({ ps: good("aaa codex\nbbb claude\nccc claude\n") });
  assert.deepEqual(await findMailPlace(running), { kind: "running", container: "bbb" });
  assert.deepEqual(await findRunning(running), ["bbb", "ccc"]);
  assert.deepEqual(await findRunningServices(running), ["codex", "claude"]);
});

Deno.test("without one it is reached by the first image that is there", async () => {
  const still = site({ ps: good(""), inspect: inspected(HOME, IMAGE) });
  assert.deepEqual(await findMailPlace(still), { kind: "home", image: "sandcage/base:1" });
});

Deno.test("without a home or an image there is nothing to reach, and none is made", async () => {
  for (const objects of [[HOME], [IMAGE], []]) {
    const empty = site({ ps: good(""), inspect: inspected(...objects) });
    assert.deepEqual(await findMailPlace(empty), { kind: "nowhere" });
  }
});

Deno.test("an engine that gives no list is told of", async () => {
  const broken = site({ ps: { code: 1, stdout: "" }, volume: { code: 1, stdout: "" } });
  for (const ask of [findRunning, findHomeServices]) {
    await assert.rejects(
      () => ask(broken),
      (error) => error instanceof UserError && error.exit === 4,
    );
  }
  assert.deepEqual(await findHomeServices(site({ volume: good("shell\n\nclaude\nshell\n") })), [
    "claude",
    "shell",
  ]);
});

Deno.test("what looks into a home has nothing else, and no way out", () => {
  const args = planMailRun(site({}), "sandcage/base:1");
  for (
    const wanted of [
      "--rm",
      "--network=none",
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges:true",
      "--user=64000:64001",
      "--label=dev.sandcage.managed=true",
      "--label=dev.sandcage.cage=web-1",
    ]
  ) assert.ok(args.includes(wanted), wanted);
  assert.deepEqual(args.filter((arg) => arg.startsWith("--mount")), [
    "--mount=type=volume,source=home-1,target=/home/agent,volume-nocopy",
  ]);
  assert.deepEqual(args.slice(args.indexOf("sandcage/base:1") + 1), [
    "-i",
    "/opt/cage/node/bin/node",
    "/opt/cage/mail/serve.mjs",
    "/home/agent/.cage",
  ]);
});
