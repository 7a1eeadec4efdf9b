import assert from "node:assert/strict";
import { pickImage } from "../../../src/engine/local.ts";

for (
  const [what, list, picked] of [
    ["nothing", "\n", undefined],
    ["the first one", "a1 debian\nb2 debian\n", "a1"],
    ["one without a name", "a1 <none>\n", "a1"],
    ["none of one program", "a1 sandcage/gateway\nb2 sandcage/courier\nc3 sandcage/base\n", "c3"],
    ["Podman's names", "a1 docker.io/sandcage/courier\nb2 docker.io/sandcage/shell\n", "b2"],
    ["an agent of such a name", "a1 sandcage/gateway.acp\n", "a1"],
    ["only such", "a1 sandcage/gateway\n", undefined],
  ] as const
) {
  Deno.test(`pickImage() of a list: ${what}`, () => assert.equal(pickImage(list), picked));
}
