import { Buffer } from "node:buffer";
import type { HeaderList } from "../../src/gateway/header_rules.ts";
import { parseConnectTarget } from "../../src/gateway/authority_form.ts";
import { guardRequest, type RawRequest } from "../../src/gateway/request_guard.ts";
import { createResponseParser, ResponseError } from "../../src/gateway/response_parser.ts";
import { parseHost } from "../../src/policy/host.ts";
import { textOf } from "./bytes.ts";
import { NAMES } from "./names.ts";
import type { Random } from "./random.ts";
import {
  h2HeadMaterial,
  http1Material,
  makeRequest,
  makeResponse,
  proxyMaterial,
  RESPONSE_MATERIAL,
} from "./seeds/http1.ts";
import { expect, type Target, type Verdict } from "./target.ts";

/** Readers of HTTP: what an agent asks, and what a host answers. */
export const HTTP_READERS: readonly Target[] = [
  {
    name: "http/request",
    material: http1Material(NAMES.allowed),
    make: makeRequest,
    read: (bytes, random) => guard(splitRequest(textOf(bytes)), random),
  },
  {
    name: "http/request-h2",
    material: h2HeadMaterial(NAMES.allowed),
    read: (bytes, random) => guard(splitH2Head(textOf(bytes)), random),
  },
  {
    name: "http/connect",
    material: proxyMaterial(),
    read(bytes, random) {
      const word = random.pick(textOf(bytes).split(/[ \r\n]+/));
      const target = parseConnectTarget(word);
      if (target === undefined) return { refused: "no authority" };
      expect(parseHost(target.host)?.host === target.host, "a host is in its normal form");
      expect(target.port > 0 && target.port < 65536, "a port is a port");
      return "accepted";
    },
  },
  {
    name: "http/response",
    material: RESPONSE_MATERIAL,
    make: makeResponse,
    read(bytes, random) {
      const method = random.pick(["GET", "GET", "HEAD", "POST"]);
      const whole = readResponse([Buffer.from(bytes)], method);
      const pieces = readResponse(cutUp(Buffer.from(bytes), random), method);
      expect(
        "refused" in whole === "refused" in pieces &&
          ("refused" in whole || whole.told === (pieces as { told: string }).told),
        "how the network cuts an answer changes nothing",
      );
      return "refused" in whole ? whole : "accepted";
    },
  },
];

/** A request that is let pass has one reading. */
function guard(raw: RawRequest, random: Random): Verdict {
  const host = random.oneIn(3) ? undefined : NAMES.allowed;
  const guarded = guardRequest(raw, { scheme: "https", host, port: 443 }, {
    isUpgrade: random.oneIn(4),
  });
  if (!guarded.ok) {
    const { detail } = guarded.refusal;
    expect(detail !== undefined && detail !== "", "a refusal says why");
    return { refused: detail };
  }
  const { head } = guarded;
  expect(host === undefined || head.host === host, "a request stays on its connection's host");
  expect(parseHost(head.host)?.host === head.host, "a host is in its normal form");
  expect(/^\/[\x21-\x7e]*$/.test(head.target), "a target is one word that starts with /");
  for (const [name, value] of head.headers) {
    expect(!/[\r\n\0]/.test(name + value), "no header holds a line of its own");
    expect(!/^(?:host|transfer-encoding|connection)$/i.test(name), "framing is not passed on");
  }
  return "accepted";
}

/** Headers of HTTP/2 as lines, the pseudo headers among them, as a session gives them. */
function splitH2Head(text: string): RawRequest {
  const pairs = text.split("\n").map((line): HeaderList[number] => {
    const colon = line.indexOf(":", 1);
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trimStart()];
  });
  const find = (name: string) => pairs.find(([own]) => own === name)?.[1];
  return {
    version: "2",
    method: find(":method") ?? "",
    target: find(":path") ?? "",
    authority: find(":authority"),
    scheme: find(":scheme"),
    headers: pairs.filter(([name]) => !name.startsWith(":")),
  };
}

/** Lines as a lenient reader would see them: what Node's own parser refuses gets in here too. */
function splitRequest(text: string): RawRequest {
  const [first = "", ...lines] = text.split("\r\n\r\n")[0]!.split("\r\n");
  const [method = "", target = "", version = ""] = first.split(" ");
  const headers = lines.map((line): HeaderList[number] => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
  });
  return { version: version === "HTTP/1.0" ? "1.0" : "1.1", method, target, headers };
}

/** Everything a parser tells of these pieces, as one text; bodies joined. */
function readResponse(
  pieces: readonly Buffer[],
  method: string,
): { told: string } | { refused: string } {
  const parser = createResponseParser();
  const told: string[] = [];
  let body = "";
  parser.expect(method, {
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
    return { refused: error.message };
  }
  return { told: `${told.join("\n")}\n${body}` };
}

function cutUp(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  // Of a head, which is no longer than 64 KiB, all is looked at again with each piece.
  const longest = bytes.length > 32_768 ? [500, 4000] : [1, 8, 200];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.integer(random.pick(longest));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
