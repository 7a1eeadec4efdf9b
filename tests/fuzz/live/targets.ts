import { GATEWAY_PORT } from "../../../src/policy/protocol.ts";
import { bigEndian, pack, textOf } from "../bytes.ts";
import type { Material } from "../mutate.ts";
import { NAMES } from "../names.ts";
import type { Random } from "../random.ts";
import { DNS_MATERIAL } from "../seeds/dns.ts";
import { formatRequest, http1Material, proxyMaterial } from "../seeds/http1.ts";
import { http2Material } from "../seeds/http2.ts";
import { formatHello, TLS_MATERIAL } from "../seeds/tls.ts";
import { WEBSOCKET_MATERIAL } from "../seeds/websocket.ts";
import { expect } from "../target.ts";
import { askUdp } from "./dns_client.ts";
import { holdsSecret } from "./judge.ts";
import { dialGateway, dialTls, readUntil, talk } from "./talk.ts";

/** One way to speak with a running gateway. */
export type LiveTarget = {
  name: string;
  /** How many of a hundred live cases are of this kind. */
  share: number;
  material: Material;
  /** @throws If the gateway broke a promise that its client can see. */
  play(
    bytes: Uint8Array<ArrayBuffer>,
    options: { authority: string; random: Random },
  ): Promise<void>;
};

const OPENED = [NAMES.allowed, NAMES.inject, NAMES.scoped, NAMES.wild];

/** All of them; together they know every port of a gateway. */
export const LIVE_TARGETS: readonly LiveTarget[] = [
  {
    name: "live DNS over UDP",
    share: 12,
    material: DNS_MATERIAL,
    play: (bytes) => askUdp(bytes),
  },
  {
    name: "live DNS over TCP",
    share: 8,
    material: DNS_MATERIAL,
    async play(bytes, { random }) {
      const length = random.oneIn(4) ? random.integer(65536) : bytes.length;
      await hear(await dialGateway(GATEWAY_PORT.dns), pack(...bigEndian(length, 2), bytes), random);
    },
  },
  {
    name: "live TLS hello",
    share: 15,
    material: TLS_MATERIAL,
    play: async (bytes, { random }) =>
      await hear(await dialGateway(GATEWAY_PORT.https), bytes, random),
  },
  {
    name: "live plain HTTP/1",
    share: 15,
    material: merge([NAMES.allowed, NAMES.inject, NAMES.scoped, NAMES.evil].map(http1Material)),
    play: async (bytes, { random }) =>
      await hear(await dialGateway(GATEWAY_PORT.http), bytes, random),
  },
  {
    name: "live proxy and CONNECT",
    share: 15,
    material: proxyMaterial(),
    async play(bytes, { random }) {
      const hello = formatHello({ name: random.pick(Object.values(NAMES)), alpn: ["http/1.1"] });
      const behind = random.pick([new Uint8Array(), hello, pack("SSH-2.0-fuzz\r\n")]);
      await hear(await dialGateway(GATEWAY_PORT.proxy), pack(bytes, behind), random);
    },
  },
  {
    name: "live HTTP/1 in TLS",
    share: 15,
    material: merge(OPENED.map(http1Material)),
    async play(bytes, { authority, random }) {
      const alpn = "http/1.1";
      await hear(await dialTls(pickHost(bytes, random), { authority, alpn }), bytes, random);
    },
  },
  {
    name: "live HTTP/2",
    share: 12,
    material: merge(OPENED.map(http2Material)),
    async play(bytes, { authority, random }) {
      await hear(await dialTls(pickHost(bytes, random), { authority, alpn: "h2" }), bytes, random);
    },
  },
  {
    name: "live WebSocket",
    share: 8,
    material: WEBSOCKET_MATERIAL,
    async play(bytes, { authority, random }) {
      const host = random.pick([NAMES.allowed, NAMES.inject]);
      const connection = await dialTls(host, { authority, alpn: "http/1.1" });
      await connection.write(formatRequest([
        ...["GET /ws HTTP/1.1", `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket"],
        ...["Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${btoa("0123456789abcdef")}`],
      ]));
      const answer = await readUntil(connection, "\r\n\r\n");
      expect(answer.startsWith("HTTP/1.1 101 "), "a WebSocket to an allowed host opens");
      await hear(connection, bytes, random);
    },
  },
];

/** The host a message names, so that it is more than a mismatch; now and then any. */
function pickHost(bytes: Uint8Array, random: Random): string {
  const text = textOf(bytes);
  const named = OPENED.find((host) => text.includes(host));
  return named === undefined || random.oneIn(8) ? random.pick(OPENED) : named;
}

/** Says it; what comes back may not hold the secret, whoever sent it there. */
async function hear(connection: Deno.Conn, bytes: Uint8Array, random: Random): Promise<void> {
  const answer = await talk(connection, bytes, { manner: random.oneIn(4) ? "hasty" : "patient" });
  expect(!holdsSecret(textOf(answer)), "no answer holds the secret");
}

/** One material of several, the tokens of the first. */
function merge(materials: readonly Material[]): Material {
  return {
    seeds: materials.flatMap(({ seeds }) => seeds),
    tokens: materials.flatMap(({ tokens }) => tokens),
  };
}
