import assert from "node:assert/strict";
import { formatUsage, parseSoakOptions } from "../../soak/options.ts";

const NAMES = ["copy", "kill"];

Deno.test("parseSoakOptions() takes an hour of everything unless told otherwise", () => {
  const options = parseSoakOptions([], NAMES);
  assert.ok(options !== "help" && Number.isInteger(options.seed) && options.seed >= 0);
  assert.deepEqual({ ...options, seed: 0 }, { lengthMs: 3_600_000, seed: 0, json: false });
});

Deno.test("parseSoakOptions() reads every option", () => {
  const args = ["--minutes", "0.5", "--seed=7", "--only", "kill,copy", "--json"];
  assert.deepEqual(parseSoakOptions(args, NAMES), {
    lengthMs: 30_000,
    seed: 7,
    only: ["kill", "copy"],
    json: true,
  });
});

for (const args of [["--help"], ["-h", "--minutes", "wrong"]]) {
  Deno.test(`parseSoakOptions() answers help for ${args.join(" ")}`, () => {
    assert.equal(parseSoakOptions(args, NAMES), "help");
  });
}

for (
  const [args, words] of [
    [["--minutes", "-1"], /--minutes/],
    [["--minutes", ""], /Cannot read --minutes: got "", expected a number from 0 to 1440/],
    [["--minutes", "1441"], /Cannot read --minutes/],
    [["--minutes", "NaN"], /Cannot read --minutes/],
    [["--seed", "1.5"], /Cannot read --seed: got "1.5", expected a whole number/],
    [["--seed", "4294967296"], /Cannot read --seed/],
    [["--only", "kil"], /Cannot read --only: got "kil", expected any of copy, kill/],
    [["--only", ","], /Cannot read --only/],
    [["--hours", "1"], /--hours/],
    [["copy"], /copy/],
  ] as const
) {
  Deno.test(`parseSoakOptions() refuses ${args.join(" ")}`, () => {
    assert.throws(() => parseSoakOptions(args, NAMES), { name: "TypeError", message: words });
  });
}

Deno.test("formatUsage() names every activity", () => {
  assert.match(formatUsage(NAMES), /only these: copy, kill$/m);
});
