import assert from "node:assert/strict";
import {
  formatResourceArgs,
  planEgress,
  planPodmanEgress,
  planResources,
  type Resource,
} from "../../../src/cage/resources.ts";
import type { InspectedObject } from "../../../src/engine/inspect.ts";
import { EXIT, UserError } from "../../../src/errors.ts";

const home: Resource = {
  kind: "home",
  name: "sandcage-home-1000-claude",
  service: "claude",
  owner: "1000:1000",
};
const egress = planEgress("docker", "demo-1");

function volume(labels: Record<string, string>): InspectedObject {
  return { kind: "volume", id: home.name, labels, raw: {} };
}

Deno.test("planResources() makes what is missing and nothing that is there", () => {
  const present = new Map([[home.name, volume({ "dev.sandcage.managed": "true" })]]);
  assert.deepEqual(planResources([home, egress], present), [egress]);
  assert.deepEqual(planResources([home, egress], new Map()), [home, egress]);
});

Deno.test("planResources() refuses a volume of the same name that is somebody else's", () => {
  assert.throws(() => planResources([home], new Map([[home.name, volume({})]])), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.exit, EXIT.conflict);
    return true;
  });
});

Deno.test("formatResourceArgs() labels everything and keeps cages apart", () => {
  assert.deepEqual(formatResourceArgs(egress), [
    "network",
    "create",
    "--label",
    "dev.sandcage.managed=true",
    "--opt",
    "com.docker.network.bridge.enable_icc=false",
    "--opt",
    "com.docker.network.bridge.name=sc-776f3ec880",
    "sandcage-egress",
  ]);
  assert.deepEqual(formatResourceArgs({ ...home, cage: "demo-1" }), [
    "volume",
    "create",
    "--label",
    "dev.sandcage.managed=true",
    "--label",
    "dev.sandcage.service=claude",
    "--label",
    "dev.sandcage.owner=1000:1000",
    "--label",
    "dev.sandcage.cage=demo-1",
    "sandcage-home-1000-claude",
  ]);
});

Deno.test("on Podman, which keeps no members of a network apart, each cage has a way out of its own", () => {
  assert.notEqual(planEgress("podman", "demo-1").name, planEgress("podman", "demo-2").name);
  const { options, internal, labels } = planPodmanEgress(planEgress("podman", "demo-1"));
  assert.deepEqual([options, internal], [{ isolate: "true" }, false]);
  assert.deepEqual(labels, { "dev.sandcage.managed": "true", "dev.sandcage.cage": "demo-1" });
});
