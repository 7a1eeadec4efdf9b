import assert from "node:assert/strict";
import type { CopyRecord } from "../../../../src/copy/record.ts";
import type { Engine } from "../../../../src/engine/engine.ts";
import { EXIT, UserError } from "../../../../src/errors.ts";
import { planInnerGitArgs } from "../../../../src/promote/cage/fill.ts";
import {
  findRunning,
  planFetchSource,
  type PromoteCopy,
  refusePromoted,
  requirePromoted,
} from "../../../../src/promote/cage/site.ts";
import type { PromoteRecord } from "../../../../src/promote/record.ts";
import { tryLook } from "../../../../src/promote/cage/run.ts";

const COPY = {
  id: "web-0a0a0a",
  name: "web",
  state: "ready",
  user: { uid: 64_001, gid: 64_001 },
  volumes: { work: "work-0123", checkpoints: "checkpoints-0123" },
} as CopyRecord;

const PROMOTED = { ...COPY, promote: { image: "image:1" } as PromoteRecord } as PromoteCopy;

function fakeEngine(
  answer: { code: number; stdout: string; stderr?: string },
  seen: string[] = [],
) {
  return {
    docker: (args: readonly string[]) => {
      seen.push(args.join(" "));
      return Promise.resolve({ stderr: "", ...answer });
    },
    composeCommand: () => ({ env: { DOCKER_HOST: "unix:///s" } }),
  } as unknown as Engine;
}

Deno.test("what runs answers for the repository; else a container that can do nothing but that", () => {
  const site = { copy: PROMOTED, engine: fakeEngine({ code: 0, stdout: "" }) };
  const env = { DOCKER_HOST: "unix:///s" };
  assert.deepEqual(planFetchSource(site, "c0ffee"), {
    kind: "container",
    command: ["docker", "exec", "--interactive", "c0ffee", "git", "upload-pack", "/work/project"],
    env,
  });
  const source = planFetchSource(site, undefined);
  assert.ok(source.kind === "container");
  const line = source.command.join(" ");
  for (
    const word of [
      "--rm",
      "--network=none",
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges:true",
      "--user=64001:64001",
      "--mount=type=volume,source=work-0123,target=/work,readonly",
      "image:1 upload-pack /work/project",
    ]
  ) assert.ok(line.includes(word), `${word} in ${line}`);
});

Deno.test("only what writes files gets the volume writable", () => {
  const args = (access: "read" | "write") =>
    planInnerGitArgs(COPY, { image: "i", access, args: ["x"] }).join(" ");
  assert.match(args("write"), /target=\/work --env/);
  assert.match(args("read"), /target=\/work,readonly --env/);
});

Deno.test("the newest container of the cage is found, by labels alone", async () => {
  const seen: string[] = [];
  const engine = fakeEngine({ code: 0, stdout: "second\nfirst\n" }, seen);
  assert.equal(await findRunning({ copy: PROMOTED, engine }), "second");
  assert.match(seen[0]!, /label=dev\.sandcage\.cage=web-0a0a0a .*status=running/);
  const none = fakeEngine({ code: 0, stdout: "\n" });
  assert.equal(await findRunning({ copy: PROMOTED, engine: none }), undefined);
  const away = fakeEngine({ code: 1, stdout: "", stderr: "away\n" });
  await assert.rejects(findRunning({ copy: PROMOTED, engine: away }), {
    message: 'Cannot look what runs in "web"',
    hint: "away",
    exit: 4,
  });
});

Deno.test("each way back refuses the cages of the other, and says which command it is", () => {
  assert.equal(requirePromoted(PROMOTED), PROMOTED);
  assert.throws(() => requirePromoted(COPY), { exit: 2, hint: /sandcage export web/ });
  refusePromoted(COPY, "sandcage export");
  assert.throws(() => refusePromoted(PROMOTED, "sandcage export"), {
    exit: 2,
    message: 'Cannot use sandcage export with "web": its commits land by themselves',
    hint: /sandcage promote web/,
  });
});

Deno.test("a look that fails is an outcome, a bug is none", async () => {
  const failed = await tryLook(() => Promise.reject(new UserError("Away", { hint: "Start it" })));
  assert.deepEqual(failed, {
    kind: "failed",
    failure: { kind: "failed", text: "Away", hint: "Start it" },
  });
  const away = await tryLook(() => Promise.reject(new UserError("Away", { exit: EXIT.engine })));
  assert.ok(away.kind === "failed" && away.failure.kind === "unreachable");
  await assert.rejects(tryLook(() => Promise.reject(new TypeError("bug"))), TypeError);
});
