import type { Policy } from "../../../src/policy/compile.ts";
import type { Decision } from "../../../src/policy/decide.ts";
import { makePolicy } from "./support.ts";

/** A rule of every kind, for the tables of decisions. */
export const POLICY: Policy = makePolicy({
  allow: [
    "api.example.com",
    "*.wild.example",
    "git.example.com:22",
    "https://paths.example.com/posts",
    { dest: "methods.example.com", methods: ["GET", "HEAD"] },
    { dest: "mixed.example.com", methods: ["POST"], paths: ["/upload"] },
    "https://mixed.example.com/public",
    "some.example.com",
    "blocked.example.com",
    "slash.example.com:8443",
    { dest: "slash.example.com", paths: ["/api/a%2Fb"], methods: ["GET"] },
    "ported.example.com:443",
    "10.1.0.0/16",
    "10.2.0.5:5432",
    { dest: "10.3.0.1", methods: ["GET"] },
    "192.0.2.7",
    "[fd00::1]:8443",
    "64:ff9b::/96",
    "10.4.0.0/16",
    "10.4.4.0/24",
  ],
  block: [
    "blocked.example.com",
    "bad.wild.example",
    "*.evil.wild.example",
    { dest: "some.example.com", paths: ["/admin", "/*/secret"] },
    { dest: "some.example.com", methods: ["DELETE"] },
    "ported.example.com:8443",
    "10.1.2.0/24",
    { dest: "10.1.3.0/24", ports: [22] },
    "203.0.113.66",
    { dest: "10.4.0.1", methods: ["DELETE"] },
  ],
});

/** A decision in one line: verdict, reason, rule. */
export function tell(decision: Decision): string {
  if (decision.verdict === "allow") return `allow ${decision.rule}`;
  return ["deny", decision.reason, ...decision.rule === undefined ? [] : [decision.rule]].join(" ");
}
