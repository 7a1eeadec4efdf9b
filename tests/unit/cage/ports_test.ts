import assert from "node:assert/strict";
import fc from "fast-check";
import { planPorts } from "../../../src/cage/ports.ts";
import { EXIT, UserError } from "../../../src/errors.ts";

Deno.test("planPorts() reads one number as the same port on both sides", () => {
  assert.deepEqual(planPorts(["3000", "8080:80"]), [{ host: 3000, cage: 3000 }, {
    host: 8080,
    cage: 80,
  }]);
});

for (
  const text of ["0", "65536", "70000:1", "a", "", "0.0.0.0:80:80", "80:80:80", "-1", "1e3", " 80"]
) {
  Deno.test(`planPorts() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => planPorts([text]), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exit, EXIT.config);
      assert.match(error.message, /Cannot read port/);
      return true;
    });
  });
}

Deno.test("planPorts() refuses one host port published twice", () => {
  assert.throws(() => planPorts(["80", "80:81"]), /Host port 80 is published twice/);
});

Deno.test("planPorts() keeps every valid pair as it is", () => {
  const port = fc.integer({ min: 1, max: 65535 });
  fc.assert(fc.property(port, port, (host, cage) => {
    assert.deepEqual(planPorts([`${host}:${cage}`]), [{ host, cage }]);
  }));
});
