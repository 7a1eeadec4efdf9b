import assert from "node:assert/strict";
import { inspectAll, matchObjects } from "../../../src/engine/inspect.ts";

const IMAGE = {
  Id: "sha256:594ecabe81dff5a890bc",
  RepoTags: ["sandcage/base:latest", "sandcage/base:0123456789ab"],
  RepoDigests: [],
  RootFS: { Type: "layers" },
  Config: { Labels: { a: "1" } },
};
const NETWORK = { Name: "sandcage-egress", Id: "04ed", Driver: "bridge", Labels: {} };
const VOLUME = { Name: "home", Mountpoint: "/v", Labels: { b: "2" } };
const CONTAINER = {
  Id: "c0ffee",
  Name: "/c1",
  HostConfig: {},
  Config: { Labels: null, Image: "x" },
};

Deno.test("matchObjects() gives every answer its name and kind; what is missing is absent", () => {
  const names = ["gone", "sandcage/base", "nope", "sandcage-egress", "home", "c1", "last"];
  const found = matchObjects(names, [IMAGE, NETWORK, VOLUME, CONTAINER]);
  const seen = [...found].map(([name, { kind, id, labels }]) => [name, kind, id, labels]);
  assert.deepEqual(seen, [
    ["sandcage/base", "image", "sha256:594ecabe81dff5a890bc", { a: "1" }],
    ["sandcage-egress", "network", "04ed", {}],
    ["home", "volume", "home", { b: "2" }],
    ["c1", "container", "c0ffee", {}],
  ]);
});

for (
  const name of [
    "sandcage/base:latest",
    "sandcage/base:0123456789ab",
    "docker.io/sandcage/base",
    "sha256:594ecabe81dff5a890bc",
    "594ecabe81df",
  ]
) {
  Deno.test(`matchObjects() knows an image as ${name}`, () => {
    assert.equal(matchObjects([name], [IMAGE]).get(name)?.kind, "image");
  });
}

Deno.test("matchObjects() does not take another tag for the one asked", () => {
  assert.equal(matchObjects(["sandcage/base:other"], [IMAGE]).size, 0);
});

Deno.test("inspectAll() asks once for all, and not at all for nothing", async () => {
  const calls: string[][] = [];
  const docker = (args: readonly string[]) => {
    calls.push([...args]);
    const stdout = JSON.stringify([NETWORK, VOLUME]);
    return Promise.resolve({
      code: 1,
      stdout,
      stderr: "Error: No such object: x",
      timedOut: false,
    });
  };
  const found = await inspectAll({ docker }, ["sandcage-egress", "x", "home", "home"]);
  assert.deepEqual([...found.keys()], ["sandcage-egress", "home"]);
  assert.deepEqual(calls, [["inspect", "sandcage-egress", "x", "home"]]);
  assert.equal((await inspectAll({ docker }, [])).size, 0);
  assert.equal(calls.length, 1);
});

Deno.test("inspectAll() says so when docker prints something else", async () => {
  const answer = { code: 1, stdout: "", stderr: "unknown flag: --x\n", timedOut: false };
  await assert.rejects(inspectAll({ docker: () => Promise.resolve(answer) }, ["x"]), {
    code: "engine-failed",
    hint: "unknown flag: --x",
  });
});
