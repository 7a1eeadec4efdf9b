import { formatClientHello } from "../internet/client_hello.ts";
import { requestsOf } from "../internet/evidence.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { connect, formatGet, raw } from "../internet/probes.ts";
import type { Addresses } from "../internet/types.ts";
import { count, isAnswered, isRefused, tellOthers, toFinding } from "./judge.ts";

/** What a CONNECT may be for. */
export const ALLOWED = "allowed.test:443";
const DIRECT = { host: "@gateway", port: 443 } as const;
const TUNNEL = { tls: { sni: "allowed.test" }, send: [formatGet("allowed.test")] };

/** TLS record types, as what came back begins. */
export const HANDSHAKE = 22;
const ALERT = 21;

/** First words of what is not TLS. */
const SPEECH: Readonly<Record<string, string>> = {
  SSH: "SSH-2.0-OpenSSH_9.2\r\n",
  SMTP: "EHLO evil.test\r\n",
  HTTP: formatGet("allowed.test"),
  binary: "\u0000\u0001\u0002\u0003".repeat(64),
  "HTTP/2 without TLS": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a line of the PROXY protocol": "PROXY TCP4 192.0.2.1 192.0.2.2 1024 443\r\n",
};

/** What a CONNECT must not be for: names that are not allowed, ports, and addresses in any spelling. */
export function listTargets({ echo }: Pick<Addresses, "echo">, ipv6: string): string[] {
  const octets = echo.split(".").map(Number);
  const number = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return [
    "evil.test:443",
    ...[22, 25, 9418].map((port) => `allowed.test:${port}`),
    `${echo}:443`,
    `${number}:443`,
    `0x${number.toString(16)}:443`,
    `${octets.map((octet) => `0${octet.toString(8)}`).join(".")}:443`,
    `${octets.map((octet) => `0x${octet.toString(16)}`).join(".")}:443`,
    `${octets[0]}.${number % 2 ** 24}:443`,
    `[::ffff:${echo}]:443`,
    `[64:ff9b::${echo}]:443`,
    `[${ipv6}]:443`,
    "user@allowed.test:443",
    "allowed.test@evil.test:443",
    "xn--llowed-9ta.test:443",
    "\u00c3\u00a1llowed.test:443",
    "allowed.test",
    "allowed.test:0443",
    "allowed.test:65979",
    "allowed.test:443/../evil.test",
    "evil.test#allowed.test:443",
    "allowed.test\\.evil.test:443",
    "allowed.test%2eevil.test:443",
    "allowed.test..:443",
    "localhost:443",
  ];
}

/** An alert of TLS is the only thing that may come back, and the connection ends. Pure. */
export function isCutOff({ reached, closed, error, data }: Outcome): boolean {
  const isQuiet = data === "" || data.charCodeAt(0) === ALERT;
  return reached !== "tls" && isQuiet && (closed === true || error !== undefined);
}

/** The same first bytes through a CONNECT and on a connection of one's own. */
export function bothWays(id: string, send: string[]): Probe[] {
  return [
    connect(`${id}, through CONNECT`, ALLOWED, { send }),
    raw(`${id}, directly`, { ...DIRECT, send }),
  ];
}

/** What is asked of a tunnel, and what is said in it. */
export const TUNNEL_CASES: readonly GuardedCase[] = [
  {
    id: "N08",
    suite: "network",
    title: "a tunnel to anything but an allowed host and port is refused before it is dialed",
    threat:
      "an address in a spelling that nobody checks, or a port that nobody meant, is a way out",
    expectation:
      "no name asked, no packet, a refusal for each; an allowed name is one with a dot at its end or in capitals too",
    source: "bjorges/tjor, sandbox-runtime",
    brokenBy: "an address is allowed like a name",
    quick: false,
    async check({ internet, probe }) {
      const targets = listTargets(internet.addresses, internet.ipv6);
      const outcomes = await probe(targets.map((target) => connect(target, target)));
      const leaks = await tellLeaks(internet);
      const controls = await probe(
        [ALLOWED, "allowed.test.:443", "ALLOWED.Test:443"]
          .map((target) => connect(target, target, TUNNEL)),
      );
      return toFinding({
        seen: `0 packets, ${count(targets.length, "target")} refused`,
        open: [
          ...leaks,
          ...tellOthers(outcomes.all, (outcome) => isRefused(outcome) && outcome.reached === "tcp"),
        ],
        missing: tellOthers(controls.all, isAnswered),
      });
    },
  },
  {
    id: "N09",
    suite: "network",
    title: "TLS for another name than the tunnel's, for none or for a hidden one is cut off",
    threat: "one allowed host of a large network opens all others that are served there",
    expectation:
      "an alert at most, nothing dialed; the tunnel's own name is answered, and a hand-made hello goes on",
    source: "github/gh-aw-firewall",
    brokenBy: "the name in TLS is not compared",
    quick: false,
    async check({ internet, probe }) {
      const hidden = (name: string) => [formatClientHello(name, { ech: true })];
      const outcomes = await probe([
        connect("not allowed", ALLOWED, { tls: { sni: "evil.test" } }),
        connect("another allowed one", ALLOWED, { tls: { sni: "www.wild.test" } }),
        connect("none", ALLOWED, { tls: { sni: null } }),
        ...bothWays("hidden", hidden("allowed.test")),
        ...bothWays("hidden behind one that is not allowed", hidden("evil.test")),
        raw("not allowed, directly", { ...DIRECT, tls: { sni: "evil.test" } }),
        raw("none, directly", { ...DIRECT, tls: { sni: null } }),
      ]);
      const leaks = await tellLeaks(internet);
      const controls = await probe([
        connect("its own name", ALLOWED, TUNNEL),
        connect("a hand-made hello", ALLOWED, { send: [formatClientHello("allowed.test")] }),
      ]);
      const arrived = requestsOf(await internet.events()).length;
      return toFinding({
        seen: `0 packets, ${count(outcomes.all.length, "hello")} cut off`,
        open: [...leaks, ...tellOthers(outcomes.all, isCutOff)],
        missing: [
          ...tellOthers([controls.get("its own name")], isAnswered),
          ...tellOthers(
            [controls.get("a hand-made hello")],
            ({ data }) => data.charCodeAt(0) === HANDSHAKE,
          ),
          ...(arrived === 1 ? [] : [`one request at the echo: ${arrived}`]),
        ],
      });
    },
  },
  {
    id: "N12",
    suite: "network",
    title: "bytes that are not TLS are not carried where TLS belongs",
    threat: "a tunnel for anything carries SSH, mail or a protocol of the agent's own",
    expectation: "nothing dialed, each connection ends; TLS on the same port is answered",
    source: "bjorges/tjor, sandbox-runtime",
    brokenBy: "what is not TLS is carried",
    quick: false,
    async check({ internet, probe }) {
      const outcomes = await probe(
        Object.entries(SPEECH).flatMap(([id, text]) => bothWays(id, [text])),
      );
      const leaks = await tellLeaks(internet);
      const controls = await probe([
        connect("TLS, through CONNECT", ALLOWED, TUNNEL),
        raw("TLS, directly", { ...DIRECT, ...TUNNEL }),
      ]);
      const isEnded = (outcome: Outcome) => outcome.data === "" && isCutOff(outcome);
      return toFinding({
        seen: `0 packets, ${count(outcomes.all.length, "conversation")} ended`,
        open: [...leaks, ...tellOthers(outcomes.all, isEnded)],
        missing: tellOthers(controls.all, isAnswered),
      });
    },
  },
];
