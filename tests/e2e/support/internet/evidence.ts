import assert from "node:assert/strict";
import { type Expected, findLeaks } from "../../../../src/verify/internet/evidence.ts";
import type { Internet } from "../../../../src/verify/internet/internet.ts";
import type { Event } from "../../../../src/verify/internet/types.ts";

/** Nothing arrived that should not have. */
export function assertSilent(
  events: readonly Event[],
  internet: Pick<Internet, "addresses">,
  options: Expected = {},
): void {
  assert.deepEqual(findLeaks(events, internet.addresses, options), []);
}
