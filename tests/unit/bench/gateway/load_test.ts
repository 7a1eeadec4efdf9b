import assert from "node:assert/strict";
import { parseWrk } from "../../../bench/gateway/load.ts";

const PRINTED = `Running 2s test @ https://files.bench.test/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   200.58us  511.96us  13.32ms   96.49%
    Req/Sec   130.27k    18.06k  154.73k    80.95%
  Latency Distribution
     50%  105.00us
     75%  149.00us
     90%  253.00us
     99%    2.81ms
  271861 requests in 2.10s, 65.07MB read
Requests/sec: 129455.88
Transfer/sec:     30.99MB
`;

Deno.test("parseWrk() reads throughput and latencies of any unit", () => {
  assert.deepEqual(parseWrk(PRINTED), { perSecond: 129455.88, p50Ms: 0.105, p99Ms: 2.81 });
  const slow = parseWrk(PRINTED.replace("2.81ms", "1.20s"));
  assert.equal(slow.p99Ms, 1200);
});

for (
  const problem of [
    "  Non-2xx or 3xx responses: 12\n",
    "  Socket errors: connect 0, read 3, write 0, timeout 1\n",
  ]
) {
  Deno.test(`parseWrk() takes no speed from a run with${problem.trimEnd()}`, () => {
    assert.throws(() => parseWrk(PRINTED + problem), new RegExp(problem.trim()));
  });
}
