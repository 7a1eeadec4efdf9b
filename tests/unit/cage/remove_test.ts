import assert from "node:assert/strict";
import type { ManagedObject } from "../../../src/cage/inventory.ts";
import { applyRemoval } from "../../../src/cage/remove.ts";
import type { ProcessResult } from "../../../src/engine/process.ts";

const CONTAINER = { kind: "container", id: "c1", title: "one" } as ManagedObject;

/** An engine that refuses to remove, and answers what it is asked about the container in turn. */
function refusing(...states: (string | undefined)[]) {
  const asked: string[] = [];
  const docker = (args: readonly string[]): Promise<ProcessResult> => {
    asked.push(args.slice(0, 2).join(" "));
    const said = args[0] === "rm" ? undefined : states.shift();
    return Promise.resolve({
      code: said === undefined ? 1 : 0,
      stdout: said ?? "",
      stderr: said === undefined ? "in progress" : "",
      timedOut: false,
    });
  };
  return { engine: { docker }, asked };
}

for (
  const [what, states, gone, looks] of [
    ["is gone already", [undefined], true, 1],
    ["somebody else is removing", ["removing", "removing", undefined], true, 3],
    ["runs all the same", ["running"], false, 1],
    ["somebody began to remove and could not", ["removing", "dead"], false, 2],
  ] as const
) {
  Deno.test(`a container that ${what} is ${gone ? "removed" : "a failure"}`, async () => {
    const { engine, asked } = refusing(...states);
    const removed: string[] = [];
    const failures = await applyRemoval([CONTAINER], {
      engine,
      onRemoved: ({ id }) => removed.push(id),
    });
    assert.deepEqual(removed, gone ? ["c1"] : []);
    assert.deepEqual(failures, gone ? [] : [{ object: CONTAINER, reason: "in progress" }]);
    assert.deepEqual(asked, ["rm --force", ...Array(looks).fill("container inspect")]);
  });
}
