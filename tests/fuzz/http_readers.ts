import { Buffer } from "node:buffer";
import type { HeaderList } from "../../src/gateway/header_rules.ts";
import { guardRequest } from "../../src/gateway/request_guard.ts";
import { createResponseParser, ResponseError } from "../../src/gateway/response_parser.ts";
import { parseHost } from "../../src/policy/host.ts";
import { textOf } from "./bytes.ts";
import { NAMES } from "./names.ts";
import type { Random } from "./random.ts";
import { http1Material, RESPONSE_MATERIAL } from "./seeds/http1.ts";
import { expect, type Target } from "./target.ts";

/** Readers of HTTP/1: what an agent asks, and what a host answers. */
export const HTTP_READERS: readonly Target[] = [
  {
    name: "HTTP request",
    material: http1Material(NAMES.allowed),
    read(bytes, random) {
      const raw = splitRequest(textOf(bytes));
      const host = random.oneIn(3) ? undefined : NAMES.allowed;
      const guarded = guardRequest(raw, { scheme: "https", host, port: 443 }, {
        isUpgrade: random.oneIn(4),
      });
      if (!guarded.ok) return;
      const { head } = guarded;
      expect(host === undefined || head.host === host, "a request stays on its connection's host");
      expect(parseHost(head.host)?.host === head.host, "a host is in its normal form");
      expect(/^\/[\x21-\x7e]*$/.test(head.target), "a target is one word that starts with /");
      for (const [name, value] of head.headers) {
        expect(!/[\r\n\0]/.test(name + value), "no header holds a line of its own");
        expect(!/^(?:host|transfer-encoding|connection)$/i.test(name), "framing is not passed on");
      }
    },
  },
  {
    name: "HTTP response",
    material: RESPONSE_MATERIAL,
    read(bytes, random) {
      const whole = readResponse([Buffer.from(bytes)]);
      const pieces = readResponse(cutUp(Buffer.from(bytes), random));
      expect(pieces === whole, "how the network cuts an answer changes nothing");
    },
  },
];

/** Lines as a lenient reader would see them: what Node's own parser refuses gets in here too. */
function splitRequest(text: string): Parameters<typeof guardRequest>[0] {
  const [first = "", ...lines] = text.split("\r\n\r\n")[0]!.split("\r\n");
  const [method = "", target = "", version = ""] = first.split(" ");
  const headers = lines.map((line): HeaderList[number] => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
  });
  return { version: version === "HTTP/1.0" ? "1.0" : "1.1", method, target, headers };
}

/** Everything a parser tells of these pieces, as one text; bodies joined. */
function readResponse(pieces: readonly Buffer[]): string {
  const parser = createResponseParser();
  const told: string[] = [];
  let body = "";
  parser.expect("GET", {
    onInformation: (head) => told.push(JSON.stringify(head)),
    onHead: (head) => told.push(JSON.stringify(head)),
    onBody: (chunk) => body += chunk.toString("latin1"),
    onEnd: (trailers) => told.push(`end ${JSON.stringify(trailers)}`),
  });
  try {
    for (const piece of pieces) parser.push(piece);
    parser.finish();
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    // How far it came before it saw the fault depends on the pieces; what is wrong does not matter.
    return "refused";
  }
  return `${told.join("\n")}\n${body}`;
}

function cutUp(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.integer(random.pick([1, 8, 200]));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
