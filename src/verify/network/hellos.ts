import { formatClientHello } from "../internet/client_hello.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import { connect, raw } from "../internet/probes.ts";
import { ALLOWED, bothWays, HANDSHAKE, isCutOff } from "./tunnels.ts";
import { count, tellOthers, toFinding } from "./judge.ts";

/** Hellos that one reader takes for the allowed name and another for the other one. */
const HELLOS: Readonly<Record<string, string>> = {
  "in records of one byte": formatClientHello("evil.test", { recordBytes: 1 }),
  "in records of sixteen bytes": formatClientHello("evil.test", { recordBytes: 16 }),
  "a second name": formatClientHello("allowed.test", { beside: "evil.test" }),
  "a second name first": formatClientHello("evil.test", { beside: "allowed.test" }),
  "named again": formatClientHello("allowed.test", { again: "evil.test" }),
  "named again first": formatClientHello("evil.test", { again: "allowed.test" }),
  "a name that goes on": formatClientHello("allowed.test\0.evil.test"),
  "a name with a blank": formatClientHello("allowed.test .evil.test"),
  "a name below": formatClientHello("allowed.test.evil.test"),
  "in capitals, with a dot": formatClientHello("EVIL.Test."),
};

/** First words of TLS that two readers may understand differently. */
export const HELLO_CASES: readonly GuardedCase[] = [{
  id: "N41",
  suite: "network",
  title:
    "a TLS hello in pieces, with two names or named twice is read as its host would, or refused",
  threat: "the gateway reads one name and the host behind it another",
  expectation: "nothing dialed for each; a hello in pieces for the allowed name goes on",
  source: "sandcage",
  brokenBy: "of two names the first one counts",
  quick: false,
  async check({ internet, probe }) {
    const outcomes = await probe(
      Object.entries(HELLOS).flatMap(([id, hello]) => bothWays(id, [hello])),
    );
    const leaks = await tellLeaks(internet);
    const pieces = [formatClientHello("allowed.test", { recordBytes: 16 })];
    const controls = await probe([
      connect("in pieces, through CONNECT", ALLOWED, { send: pieces }),
      raw("in pieces, directly", { host: "@gateway", port: 443, send: pieces }),
    ]);
    return toFinding({
      seen: `0 packets, ${count(outcomes.all.length, "hello")} refused`,
      open: [...leaks, ...tellOthers(outcomes.all, isCutOff)],
      missing: tellOthers(controls.all, ({ data }) => data.charCodeAt(0) === HANDSHAKE),
    });
  },
}];
