import assert from "node:assert/strict";
import { findSentProblem } from "../../../../src/verify/network/paths.ts";

for (
  const [url, target, problem] of [
    ["https://path.test/public", "/public", undefined],
    ["https://path.test/public?x=/../y", "/public?x=/../y", undefined],
    ["https://path.test/%70ublic/x", "/%70ublic/x", undefined],
    ["https://path.test/public-evil", "/public-evil", "/public-evil arrived"],
    [
      "https://path.test/public/../x",
      "/public/../x",
      "something is left to resolve in /public/../x",
    ],
    ["https://path.test//x", "//x", "something is left to resolve in //x"],
    ["https://path.test/public/%2E%2E/x", "/public/%2E%2E/x", /left to resolve/],
    ["https://big.test/privateer", "/privateer", undefined],
    ["https://big.test/%70rivate", "/%70rivate", "/%70rivate arrived"],
    ["https://big.test/private/x", "/private/x?y", "/private/x arrived"],
  ] as const
) {
  Deno.test(`${target} for ${url}: ${problem ?? "right"}`, () => {
    const found = findSentProblem(url, target);
    if (problem instanceof RegExp) assert.match(found ?? "", problem);
    else assert.equal(found, problem);
  });
}
