import assert from "node:assert/strict";
import { bytesOf } from "../../fuzz/bytes.ts";
import { runSupervised } from "../../fuzz/supervise.ts";
import type { Target } from "../../fuzz/target.ts";

/** Says what a child says of 20 cases, of which case 7 never ends and case 13 takes it with it. */
const SCRIPT = String.raw`
field() { printf %s "$1" | sed -n "s/.*\"$2\":\([0-9a-z]*\).*/\1/p"; }
case $1 in *'"input"'*) echo '{"problem":null}'; exit;; esac
every=$(field "$1" every); first=$(field "$1" first); end=$((first + $(field "$1" cases))); at=$first
while [ $at -lt $end ]; do
  if [ $every = true ] || [ $at = $first ]; then echo "{\"at\":$at}"; fi
  [ $at = 7 ] && exec sleep 60
  [ $at = 13 ] && exit 3
  at=$((at + 1))
done
read=$((end - first))
echo "{\"cases\":$read,\"tally\":{\"accepted\":$read,\"refused\":{}},\"findings\":[]}"
`;

const TARGET: Target = {
  name: "any",
  material: { seeds: [bytesOf("x")], tokens: [bytesOf("y")] },
  read: () => "accepted",
};

Deno.test("a case that never ends and one that kills its process are found, and the others are read", async () => {
  const outcome = await runSupervised(TARGET, {
    seed: 1,
    cases: 20,
    child: { command: ["sh", "-c", SCRIPT, "sh"], silentMs: 2000, onceMs: 2000 },
  });
  assert.deepEqual(outcome.findings.map(({ index, problem }) => [index, problem]), [
    [7, "nothing came of it for 2 s"],
    [13, "the process ended with 3"],
  ]);
  assert.equal(outcome.cases, 20);
  assert.equal(outcome.tally.accepted, 18, "those before and behind them are counted");
});
