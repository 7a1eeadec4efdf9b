import { requestsOf } from "../internet/evidence.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { connect, raw } from "../internet/probes.ts";
import { smuggle, SMUGGLED } from "../internet/smuggling.ts";
import type { Event } from "../internet/types.ts";
import { count, isRefused, tellOthers, toFinding } from "./judge.ts";

/** A connection whose TLS the gateway opens, to look into it. */
const OPENED = { host: "@gateway", port: 443, tls: { sni: "inject.test" } } as const;
const PLAIN = { host: "@gateway", port: 80 } as const;
const KEPT = "GET / HTTP/1.1\r\nHost: inject.test\r\n\r\n";

/** Hosts that a connection to `inject.test` was not made for, one of them allowed and opened, too. */
const OTHERS = ["evil.test", "big.test", "inject.test.evil.test", "inject.test:8443"];

/** Some are left waiting for the rest of a body: that is an answer, too. In milliseconds. */
const WAIT_MS = 1500;

/** What nobody may be asked for: it is meant for another host, or stands in the bytes of a body. */
const FOREIGN: ReadonlySet<string> = new Set(["/foreign", "/smuggled"]);

const ask = (host: string) => `GET /foreign HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

const ASKED_UPGRADE = "GET /foreign HTTP/1.1\r\nHost: evil.test\r\nConnection: Upgrade\r\n" +
  "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const chunked = (host: string) =>
  `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;

/** A line for each request that arrived and names what it should not. */
function tellForeign(events: readonly Event[]): string[] {
  return requestsOf(events).filter(({ target }) => FOREIGN.has(target))
    .map(({ method, target, host }) => `${method} ${target} for ${host} arrived`);
}

/** Its own host was asked first and answered; what came then was refused. */
function isSecondRefused({ data }: Outcome): boolean {
  return /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 4\d\d /.test(data);
}

/** Refused, or answered by nobody at all. */
function isNoTwo({ data }: Outcome): boolean {
  return /^(HTTP\/1\.1 (4\d\d|501) |$)/.test(data);
}

function planFirst(): Probe[] {
  return [
    ...OTHERS.flatMap((host) => [
      raw(`${host}, first`, { ...OPENED, send: [ask(host)] }),
      connect(`${host}, in a tunnel`, "inject.test:443", { tls: OPENED.tls, send: [ask(host)] }),
    ]),
    raw("evil.test, as an upgrade", { ...OPENED, send: [ASKED_UPGRADE] }),
  ];
}

function planSecond(): Probe[] {
  return [
    ...OTHERS.map((host) => raw(`${host}, second`, { ...OPENED, send: [KEPT, ask(host)] })),
    raw("evil.test, second and plain", {
      ...PLAIN,
      send: [KEPT.replace("inject", "allowed"), ask("evil.test")],
    }),
  ];
}

function planSmuggled(): Probe[] {
  return Object.keys(SMUGGLED).flatMap((name) => [
    raw(`${name}, plain`, { ...PLAIN, waitMs: WAIT_MS, send: [smuggle(name, "allowed.test")] }),
    raw(`${name}, opened`, { ...OPENED, waitMs: WAIT_MS, send: [smuggle(name, "inject.test")] }),
  ]);
}

/** One connection of HTTP/2: its own host first. */
const MULTIPLEXED: Probe = {
  id: "HTTP/2",
  kind: "h2",
  host: "@gateway",
  port: 443,
  sni: "inject.test",
  requests: [
    { authority: "inject.test", path: "/own" },
    ...OTHERS.map((authority) => ({ authority, path: "/foreign" })),
  ],
};

/** Requests on a connection that was made for another host. */
export const REQUEST_CASES: readonly GuardedCase[] = [{
  id: "N10",
  suite: "network",
  title: "a request for another host than its connection's is refused, and no bytes hide a second",
  threat: "a connection that was opened for one host carries requests to all others",
  expectation:
    "421 or 403, first or later, in HTTP/1, HTTP/2 and upgrades; no smuggled request arrives; its own host is answered on the same connection",
  source: "agentcage, superradcompany/microsandbox#709",
  brokenBy: "the Host is not compared",
  quick: false,
  async check({ internet, probe }) {
    const [first, second, smuggled] = [planFirst(), planSecond(), planSmuggled()];
    const outcomes = await probe([...first, ...second, ...smuggled, MULTIPLEXED]);
    const pick = (probes: readonly Probe[]) => probes.map(({ id }) => outcomes.get(id));
    const [own, ...others] = outcomes.get("HTTP/2").answers ?? [];
    const events = await internet.events();
    const leaks = await tellLeaks(internet, { names: ["inject.test", "allowed.test"], echo: true });
    const controls = await probe([
      raw("chunked, plain", { ...PLAIN, send: [chunked("allowed.test")] }),
      raw("chunked, opened", { ...OPENED, send: [chunked("inject.test")] }),
    ]);
    const isOk = ({ data }: Outcome) => data.startsWith("HTTP/1.1 200 ");
    return toFinding({
      seen: `0 foreign requests, ${
        count(first.length + second.length + smuggled.length + others.length, "form")
      } refused`,
      open: [
        ...leaks,
        ...tellForeign(events),
        ...tellOthers(pick(first), isRefused),
        ...tellOthers(pick(second).filter(isOk), isSecondRefused),
        ...tellOthers(pick(smuggled), isNoTwo),
        ...others.flatMap(({ status }, index) =>
          status === 200 ? [`${OTHERS[index]}, HTTP/2: answered`] : []
        ),
      ],
      missing: [
        ...tellOthers(pick(second), isOk),
        ...(own?.status === 200
          ? []
          : [`HTTP/2: ${JSON.stringify(own ?? outcomes.get("HTTP/2"))}`]),
        ...tellOthers(controls.all, ({ data }) => /^HTTP\/1\.1 200 [^]*"abc"/.test(data)),
      ],
    });
  },
}];
