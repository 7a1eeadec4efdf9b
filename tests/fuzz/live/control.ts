import { textOf } from "../bytes.ts";
import { NAMES, PLACEHOLDER } from "../names.ts";
import { formatRequest } from "../seeds/http1.ts";
import { expect } from "../target.ts";
import { dialGateway, dialTls, talk } from "./talk.ts";
import type { FuzzWorld } from "./world.ts";

/**
 * What must work all the time, or a campaign that sees nothing proves nothing: an allowed request is
 * answered, a refused one is refused, and the secret arrives where it belongs.
 */
export async function runControls(world: FuzzWorld): Promise<void> {
  const { authority } = world;
  const ask = async (host: string, path: string, header = "Accept: */*") => {
    const connection = await dialTls(host, { authority, alpn: "http/1.1" });
    const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, header, "Connection: close"];
    return textOf(await talk(connection, formatRequest(lines), { manner: "waiting" }));
  };
  const allowed = await ask(NAMES.allowed, "/control");
  expect(allowed.startsWith("HTTP/1.1 200 "), `an allowed request is answered: ${allowed}`);
  const before = world.arrivals.secrets;
  const injected = await ask(NAMES.inject, "/control", `Authorization: Bearer ${PLACEHOLDER}`);
  expect(injected.startsWith("HTTP/1.1 200 "), `a request with a secret is answered: ${injected}`);
  expect(injected.includes(PLACEHOLDER), "the placeholder comes back in the secret's place");
  expect(world.arrivals.secrets > before, "the secret arrives where it belongs");
  const refused = await ask(NAMES.scoped, "/admin");
  expect(refused.startsWith("HTTP/1.1 403 "), `a path outside of its rule is refused: ${refused}`);
  const plain = await dialGateway(80);
  const lines = ["GET / HTTP/1.1", `Host: ${NAMES.evil}`, "Connection: close"];
  const evil = textOf(await talk(plain, formatRequest(lines), { manner: "waiting" }));
  expect(evil.startsWith("HTTP/1.1 403 "), `a host no rule names is refused: ${evil}`);
}
