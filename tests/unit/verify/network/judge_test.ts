import assert from "node:assert/strict";
import type { Outcome } from "../../../../src/verify/internet/probe/types.ts";
import {
  count,
  formatOutcome,
  isAnswered,
  isEchoOf,
  isRefused,
  tellOthers,
  toFinding,
} from "../../../../src/verify/network/judge.ts";

const outcome = (given: Partial<Outcome> = {}): Outcome => ({
  id: "probe",
  reached: "nothing",
  data: "",
  ...given,
});

const ECHO = '{"request":7,"host":"allowed.test","target":"/"}';
const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";

for (
  const [what, given, want] of [
    ["nothing at all", outcome(), false],
    ["a CONNECT that is refused", outcome({ head: "HTTP/1.1 403 Forbidden\r\n" }), true],
    ["a request that is refused", outcome({ data: "HTTP/1.1 421 Misdirected\r\n" }), true],
    ["one over HTTP/2", outcome({ data: "HTTP/2 400 \r\n" }), true],
    ["a request in a tunnel", outcome({ head: ESTABLISHED, data: "HTTP/1.1 403 F\r\n" }), true],
    ["a tunnel that stands", outcome({ head: ESTABLISHED }), false],
    ["an answer in a tunnel", outcome({ head: ESTABLISHED, data: "HTTP/1.1 200 OK\r\n" }), false],
    ["a host out of reach", outcome({ data: "HTTP/1.1 502 Bad Gateway\r\n" }), false],
    ["a host that says no", outcome({ data: "HTTP/1.1 404 Not Found\r\n" }), false],
  ] as const
) {
  Deno.test(`${what}: ${want ? "refused" : "not refused"}`, () => {
    assert.equal(isRefused(given), want);
  });
}

Deno.test("an answer is that of the host that was asked for", () => {
  assert.deepEqual(
    [ECHO, ECHO.replace("allowed", "evil"), "403 allowed.test", ""].map((data) => [
      isAnswered({ data }),
      isEchoOf("allowed.test")({ data }),
    ]),
    [[true, true], [true, false], [false, false], [false, false]],
  );
});

Deno.test("what got through fails a case, whatever its control says", () => {
  assert.deepEqual(toFinding({ seen: "2 seen", open: ["one"], missing: ["two"] }), {
    held: false,
    control: false,
    seen: "1 sign of a way through; a control did not work",
    evidence: ["one", "control: two"],
  });
});

Deno.test("nothing to tell is a wall that held", () => {
  assert.deepEqual(toFinding({ seen: "0 seen", open: [], missing: [] }), {
    held: true,
    control: true,
    seen: "0 seen",
    evidence: [],
  });
});

Deno.test("an outcome is told in one line, cut where it is long", () => {
  const lines = tellOthers([
    outcome({ id: "right", data: ECHO }),
    outcome({ id: "raw", reached: "connect", error: "ECONNRESET", data: "x\r\n".repeat(100) }),
    outcome({ id: "program", code: 56, stderr: "curl: (56) no\n" }),
  ], isAnswered);
  assert.deepEqual(lines, [
    `raw: reached connect, ECONNRESET, ${JSON.stringify("x\r\n".repeat(40))}`,
    'program: exit code 56, "curl: (56) no\\n"',
  ]);
  assert.equal(formatOutcome(outcome()), "probe: reached nothing");
});

Deno.test("numbers take their nouns along", () => {
  const told = [[1, "way"], [2, "way"], [0, "query"], [1, "query"]] as const;
  assert.deepEqual(told.map(([number, noun]) => count(number, noun)), [
    "1 way",
    "2 ways",
    "0 queries",
    "1 query",
  ]);
});
