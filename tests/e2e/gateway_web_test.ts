/** A host whose certificate is wrong is not spoken to; what else is said in a connection: verify, N10 to N24. */
import assert from "node:assert/strict";
import { assertEcho, type Case, testCases } from "./support/internet/cases.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { requestsOf } from "../../src/verify/internet/evidence.ts";
import { BAD_CERTIFICATES } from "../../src/verify/internet/certificates.ts";
import { curl } from "../../src/verify/internet/probes.ts";

const BAD = Object.values(BAD_CERTIFICATES);
const HOSTS = JSON.stringify([...BAD, "model.test"]);

const cases: Case[] = [
  ["a host whose certificate is wrong is not spoken to", async ({ internet, cage }) => {
    const outcomes = await cage.probe([
      // Our own end is not what the client would object to.
      ...BAD.map((host) =>
        curl(host, ["-k", "-i", "--suppress-connect-headers", `https://${host}/`])
      ),
      curl("good", ["https://model.test/"]),
      curl("broken off", ["https://model.test/reset"]),
    ]);
    const events = await internet.events();
    assertSilent(events, internet, { names: [...BAD, "model.test"], echo: true });
    assert.deepEqual(requestsOf(events).filter(({ host }) => host !== "model.test"), []);
    for (const host of BAD) {
      assert.match(
        outcomes.get(host).data,
        /^HTTP\/\S+ 502 [^]*"reason":"upstream-certificate"/,
        host,
      );
    }
    assertEcho(outcomes.get("good"), "model.test");
    // Half an answer is not passed off as a whole one.
    assert.notEqual(outcomes.get("broken off").code, 0);
    assert.match(outcomes.get("broken off").data, /^the beginning/);
  }],
];

testCases("requests and connections", {
  network: `allow = ${HOSTS}\n`,
  config: `[inspect]\nhosts = ${HOSTS}\n`,
  cases,
});
