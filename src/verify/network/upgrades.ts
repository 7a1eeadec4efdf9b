import { requestsOf } from "../internet/evidence.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { raw } from "../internet/probes.ts";
import { count, isRefused, tellOthers, toFinding } from "./judge.ts";

const PLAIN = { host: "@gateway", port: 80 } as const;
const OPENED = { host: "@gateway", port: 443, tls: { sni: "inject.test" } } as const;

const KEY = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** Requests after which the connection would be no HTTP any more. */
const UPGRADES: Readonly<Record<string, string>> = {
  "HTTP/2 in plain": ask("GET", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
  "TLS in plain": ask("OPTIONS", "Upgrade: TLS/1.2\r\n"),
  "a protocol of one's own": ask("GET", "Upgrade: anything\r\n"),
  "WebSocket and another": ask("GET", `Upgrade: websocket, anything\r\n${KEY}`),
  "WebSocket twice": ask("GET", `Upgrade: websocket\r\nUpgrade: anything\r\n${KEY}`),
  "WebSocket by another method": ask("PATCH", `Upgrade: websocket\r\n${KEY}`),
  "a tunnel": "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
  "a tunnel to itself": "CONNECT HOST:443 HTTP/1.1\r\nHost: HOST\r\n\r\n",
};

function ask(method: string, headers: string): string {
  return `${method} /upgrade HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\n${headers}\r\n`;
}

/** Refused, or cut off without a word. */
function isNoTunnel(outcome: Outcome): boolean {
  return isRefused(outcome) || (outcome.data === "" && outcome.closed === true);
}

/** Requests that turn a connection into something else. */
export const UPGRADE_CASES: readonly GuardedCase[] = [{
  id: "N42",
  suite: "network",
  title: "no request turns its connection into a tunnel that nobody looks into",
  threat:
    "after one upgrade with a host that plays along, bytes pass that no rule and no inspector sees",
  expectation:
    "no upgrade to anything but a WebSocket arrives, no CONNECT inside a connection; a WebSocket is carried",
  source: "sandcage",
  brokenBy: "any upgrade is passed on",
  quick: false,
  async check({ internet, probe }) {
    const outcomes = await probe(
      Object.entries(UPGRADES).flatMap(([id, text]): Probe[] => [
        raw(`${id}, plain`, { ...PLAIN, send: [text.replaceAll("HOST", "allowed.test")] }),
        raw(`${id}, opened`, { ...OPENED, send: [text.replaceAll("HOST", "inject.test")] }),
      ]),
    );
    const arrived = requestsOf(await internet.events());
    const leaks = await tellLeaks(internet, { names: ["allowed.test", "inject.test"], echo: true });
    const controls = await probe([
      { id: "a WebSocket", kind: "websocket", url: "wss://inject.test/ws", send: ["hello"] },
    ]);
    return toFinding({
      seen: `0 upgrades at the host, ${count(outcomes.all.length, "form")} refused`,
      open: [
        ...leaks,
        ...arrived.map(({ method, target, host }) => `${method} ${target} for ${host} arrived`),
        ...tellOthers(outcomes.all, isNoTunnel),
      ],
      missing: tellOthers(controls.all, ({ data }) => data === '["hello"]'),
    });
  },
}];
