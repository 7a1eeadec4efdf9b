import assert from "node:assert/strict";
import { createMade, noteEvent } from "../../soak/engine_events.ts";

const MARK = "e2e12345678";

function note(...events: readonly unknown[]) {
  const made = createMade();
  for (const event of events) noteEvent(made, { line: JSON.stringify(event), mark: MARK });
  return {
    containers: [...made.containers],
    networks: [...made.networks],
    images: [...made.images],
  };
}

const event = (
  Type: string,
  Action: string,
  [ID, Attributes]: [string, Record<string, string>],
) => ({
  Type,
  Action,
  Actor: { ID, Attributes },
});

const OURS = event("container", "create", ["c1", {
  name: "x-shell",
  image: "sandcage/shell:1",
  "dev.sandcage.project": `/tmp/sandcage-${MARK}/x`,
}]);

Deno.test("a container is ours by any label, its image with it", () => {
  assert.deepEqual(note(OURS), {
    containers: [["c1", "x-shell"]],
    networks: [],
    images: ["sandcage/shell:1"],
  });
});

Deno.test("another's container, and another event, are nothing", () => {
  const others = event("container", "create", ["c2", { name: "other", image: "i" }]);
  const started = event("container", "start", ["c3", { name: `${MARK}-y`, image: "i" }]);
  assert.deepEqual(note(others, started), { containers: [], networks: [], images: [] });
});

Deno.test("a network is ours when a container of ours joins it, unless all share it", () => {
  const join = (container: string, name: string) =>
    event("network", "connect", [`id of ${name}`, { container, name, type: "bridge" }]);
  const { networks } = note(
    OURS,
    join("c1", "sandcage-session-1"),
    join("c2", "sandcage-session-2"),
    join("c1", "sandcage-egress"),
    join("c1", "bridge"),
    event("network", "create", ["n3", { name: `${MARK}-internet`, type: "bridge" }]),
  );
  assert.deepEqual(networks, [
    ["id of sandcage-session-1", "sandcage-session-1"],
    ["n3", `${MARK}-internet`],
  ]);
});

Deno.test("an empty line is nothing", () => {
  const made = createMade();
  noteEvent(made, { line: "", mark: MARK });
  assert.equal(made.containers.size, 0);
});
