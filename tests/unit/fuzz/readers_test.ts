/** The short campaign; the long one is `deno task fuzz`. */
import assert from "node:assert/strict";
import { runTarget } from "../../fuzz/campaign.ts";
import { HTTP_READERS } from "../../fuzz/http_readers.ts";
import { MAIL_READERS } from "../../fuzz/mail_readers.ts";
import { POLICY_READERS } from "../../fuzz/policy_readers.ts";
import { READERS } from "../../fuzz/readers.ts";
import { STREAM_READERS } from "../../fuzz/stream_readers.ts";
import { TREE_READERS } from "../../fuzz/tree_readers.ts";

/** The same cases in every run: a test that fails only now and then helps nobody. */
const SEED = 20261121;
const CASES = 400;

for (
  const target of [
    ...READERS,
    ...HTTP_READERS,
    ...POLICY_READERS,
    ...TREE_READERS,
    ...MAIL_READERS,
    ...STREAM_READERS,
  ]
) {
  Deno.test(`broken bytes are read to the end and as promised: ${target.name}`, () => {
    assert.deepEqual(runTarget(target, { seed: SEED, cases: CASES }).findings, []);
  });
}
