import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { RequestHead } from "../../../../src/gateway/context.ts";
import { compile, cut, headOf, pass, placeholderOf, secretOf, summarize } from "./support.ts";

const VALUE = 'r3al/"value+é=&x y';
const PLACEHOLDER = placeholderOf("a");
const LATIN = Buffer.from(VALUE, "utf8").toString("latin1");
const basic = (text: string) => `Basic ${Buffer.from(text, "latin1").toString("base64")}`;

const HEADERS: [name: string, sent: string, arrives: string][] = [
  ["alone", PLACEHOLDER, LATIN],
  ["as a bearer token", `Bearer ${PLACEHOLDER}`, `Bearer ${LATIN}`],
  ["twice", `${PLACEHOLDER};${PLACEHOLDER}`, `${LATIN};${LATIN}`],
  ["as a password of Basic", basic(`user:${PLACEHOLDER}`), basic(`user:${LATIN}`)],
  ["as a user of Basic", basic(`${PLACEHOLDER}:`), basic(`${LATIN}:`)],
  [
    "in a Basic of another case",
    `basic ${basic(`u:${PLACEHOLDER}`).slice(6)}`,
    `basic ${basic(`u:${LATIN}`).slice(6)}`,
  ],
  ["in a Basic that is none", "Basic !!!", "Basic !!!"],
  ["not at all", "Bearer other", "Bearer other"],
];

for (const [name, sent, arrives] of HEADERS) {
  Deno.test(`a placeholder in a header ${name} arrives as the value`, async () => {
    const content = await compile({ secrets: [secretOf(VALUE)] });
    const { findings, head } = content.openExchange(headOf({ headers: [["X-Key", sent]] }));
    assert.deepEqual(findings, []);
    assert.deepEqual(head.headers, [["X-Key", arrives], ["accept-encoding", "identity"]]);
  });
}

const TARGETS: [name: string, sent: string, arrives: string][] = [
  ["query", `/a?key=${PLACEHOLDER}&b=%20`, `/a?key=${encodeURIComponent(VALUE)}&b=%20`],
  ["path", `/bot${PLACEHOLDER}/send`, `/bot${encodeURIComponent(VALUE)}/send`],
  [
    "query, its underscores encoded",
    `/a?k=${PLACEHOLDER.replaceAll("_", "%5F")}`,
    `/a?k=${encodeURIComponent(VALUE)}`,
  ],
  [
    "query, encoded as a whole",
    `/a%2Fb?k=${Array.from(PLACEHOLDER, (char) => `%${char.charCodeAt(0).toString(16)}`).join("")}`,
    `/a%2Fb?k=${encodeURIComponent(VALUE)}`,
  ],
];

for (const [name, sent, arrives] of TARGETS) {
  Deno.test(`a placeholder in the ${name} arrives as the value`, async () => {
    const content = await compile({ secrets: [secretOf(VALUE)] });
    const { findings, head } = content.openExchange(headOf({ target: sent }));
    assert.deepEqual([findings, head.target], [[], arrives]);
  });
}

const BLOCKED: [name: string, head: Partial<RequestHead>, detail: RegExp][] = [
  [
    "toward another host",
    { host: "other.test", headers: [["x-api-key", PLACEHOLDER]] },
    /API_KEY.*not for this host.*other\.test/,
  ],
  [
    "toward a host below",
    { host: "a.inject.test", headers: [["x-api-key", PLACEHOLDER]] },
    /API_KEY/,
  ],
  ["toward another host inside Basic", {
    host: "other.test",
    headers: [["authorization", basic(`u:${PLACEHOLDER}`)]],
  }, /API_KEY/],
  [
    "toward another host in a query",
    { host: "other.test", target: `/?a=${PLACEHOLDER}` },
    /API_KEY/,
  ],
  ["toward another host, percent-encoded", {
    host: "other.test",
    target: `/?a=${PLACEHOLDER.replaceAll("_", "%5f")}`,
  }, /API_KEY/],
  ["toward another host, encoded twice", {
    host: "other.test",
    target: `/?a=${PLACEHOLDER.replaceAll("_", "%255f")}`,
  }, /API_KEY/],
  ["toward another host in the name of a header", {
    host: "other.test",
    headers: [[PLACEHOLDER, "1"]],
  }, /API_KEY/],
  [
    "without TLS",
    { scheme: "http", port: 80, headers: [["x-api-key", PLACEHOLDER]] },
    /API_KEY without TLS/,
  ],
  [
    "that nobody knows",
    { headers: [["x-api-key", placeholderOf("z")]] },
    /no secret of this session/,
  ],
];

for (const [name, head, detail] of BLOCKED) {
  Deno.test(`a placeholder ${name} is blocked`, async () => {
    const content = await compile({ secrets: [secretOf(VALUE)] });
    const { findings } = content.openExchange(headOf(head));
    assert.deepEqual(summarize(findings), ["block secret-foreign"]);
    assert.match(findings[0]!.detail, detail);
  });
}

Deno.test("a placeholder too deep to be replaced is told, toward its own host", async () => {
  const content = await compile({ secrets: [secretOf(VALUE)] });
  const target = `/?a=${PLACEHOLDER.replaceAll("_", "%255f")}`;
  const { findings, head } = content.openExchange(headOf({ target }));
  assert.deepEqual([summarize(findings), head.target], [["flag secret-foreign"], target]);
});

Deno.test("text that only begins like a placeholder passes", async () => {
  const content = await compile({ secrets: [secretOf(VALUE)] });
  const { findings } = content.openExchange(
    headOf({ host: "other.test", target: "/withheld_ph_short" }),
  );
  assert.deepEqual(findings, []);
});

Deno.test("the agent's own credential does not go along with a secret", async () => {
  const content = await compile({ secrets: [secretOf(VALUE)] });
  const rows: [[string, string][], [string, string][], string[]][] = [
    [
      [["X-Api-Key", PLACEHOLDER], ["Authorization", "Bearer own"]],
      [["X-Api-Key", LATIN]],
      ["flag secret-foreign"],
    ],
    [
      [["authorization", `Bearer ${PLACEHOLDER}`], ["x-api-key", "own"], [
        "authorization",
        "Bearer own",
      ]],
      [["authorization", `Bearer ${LATIN}`]],
      ["flag secret-foreign", "flag secret-foreign"],
    ],
    [
      [["authorization", `Bearer ${PLACEHOLDER}`], ["x-api-key", PLACEHOLDER]],
      [["authorization", `Bearer ${LATIN}`], ["x-api-key", LATIN]],
      [],
    ],
    // Without a placeholder the agent speaks for itself.
    [[["authorization", "Bearer own"]], [["authorization", "Bearer own"]], []],
    [
      [["x-other", PLACEHOLDER], ["x-api-key", "own"]],
      [["x-other", LATIN], ["x-api-key", "own"]],
      [],
    ],
  ];
  for (const [sent, arrives, findings] of rows) {
    const exchange = content.openExchange(headOf({ headers: sent }));
    assert.deepEqual(exchange.head.headers, [...arrives, ["accept-encoding", "identity"]]);
    assert.deepEqual(summarize(exchange.findings), findings);
  }
});

Deno.test("only a host with secrets is asked for plain responses, and its head is a copy", async () => {
  const content = await compile({ secrets: [secretOf(VALUE)] });
  const headers: [string, string][] = [["Accept-Encoding", "gzip"], ["accept-encoding", "br"]];
  const own = headOf({ headers });
  assert.deepEqual(content.openExchange(own).head.headers, [["Accept-Encoding", "identity"]]);
  assert.deepEqual(own.headers, headers);
  const other = headOf({ host: "other.test", headers });
  assert.equal(content.openExchange(other).head, other);
});

Deno.test("each host gets its own secrets", async () => {
  const secrets = [
    secretOf("first-value-1234", { name: "A", to: ["*.a.test"] }),
    secretOf("second-value-5678", {
      name: "B",
      placeholder: placeholderOf("b"),
      to: ["b.test", "x.a.test"],
    }),
  ];
  const content = await compile({ secrets });
  const send = (host: string) => {
    const headers: [string, string][] = [["x-a", placeholderOf("a")], ["x-b", placeholderOf("b")]];
    const { findings, head } = content.openExchange(headOf({ host, headers }));
    return [summarize(findings), head.headers.slice(0, 2).map(([, value]) => value)];
  };
  const blocked = ["block secret-foreign"];
  assert.deepEqual(send("x.a.test"), [[], ["first-value-1234", "second-value-5678"]]);
  assert.deepEqual(send("y.a.test"), [blocked, ["first-value-1234", placeholderOf("b")]]);
  assert.deepEqual(send("b.test"), [blocked, [placeholderOf("a"), "second-value-5678"]]);
});

const BODIES: [type: string, write: (value: string) => string][] = [
  ["application/json; charset=utf-8", (value) => JSON.stringify({ key: value, more: [value] })],
  ["application/vnd.api+json", (value) => JSON.stringify({ key: value })],
  ["application/x-www-form-urlencoded", (value) => `a=${encodeURIComponent(value)}&b=1`],
  ["text/plain", (value) => `key ${value} ${value}`],
  ["", (value) => value],
];

for (const [type, write] of BODIES) {
  Deno.test(`a body of type "${type}" gets the value in its own syntax, whatever the chunks`, async () => {
    const content = await compile({ secrets: [secretOf(VALUE, { body: true })] });
    const [sent, arrives] = [Buffer.from(write(PLACEHOLDER)), write(VALUE)];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 4 }),
        async (lengths) => {
          const exchange = content.openExchange(headOf({ headers: [["content-type", type]] }));
          assert.equal(exchange.keepsLength, false);
          const gate = exchange.openRequestBody(() => assert.fail())!;
          const { out, blocked } = await pass(gate, cut(sent, lengths));
          assert.deepEqual([blocked, out.toString()], [null, arrives]);
        },
      ),
      { numRuns: 30 },
    );
  });
}

const BODY_ROWS: [
  name: string,
  options: { host?: string; scheme?: "http"; body: boolean },
  want: string,
][] = [
  ["of a secret that is not for bodies is left as it is", { body: false }, "flag secret-foreign"],
  ["toward another host is blocked", { host: "other.test", body: true }, "block secret-foreign"],
  ["without TLS is blocked", { scheme: "http", body: true }, "block secret-foreign"],
];

for (const [name, { body, ...head }, want] of BODY_ROWS) {
  Deno.test(`a placeholder in a body ${name}`, async () => {
    const content = await compile({ secrets: [secretOf(VALUE, { body })] });
    const exchange = content.openExchange(headOf(head));
    const flags: string[] = [];
    const gate = exchange.openRequestBody((finding) => flags.push(...summarize([finding])))!;
    const { out, blocked } = await pass(gate, cut(Buffer.from(`{"a":"${PLACEHOLDER}"}`), [7]));
    assert.deepEqual([...flags, ...(blocked === null ? [] : summarize([blocked]))], [want]);
    assert.equal(out.toString(), blocked === null ? `{"a":"${PLACEHOLDER}"}` : "");
    assert.equal(
      exchange.keepsLength,
      !body || head.host !== undefined || head.scheme !== undefined,
    );
  });
}

Deno.test("a foreign placeholder that is quoted in a body is told toward a host that has a secret, and blocked elsewhere", async () => {
  const own = secretOf(VALUE);
  const other = secretOf("other-value-1234", {
    name: "OTHER",
    placeholder: placeholderOf("b"),
    to: ["other.test"],
  });
  const content = await compile({ secrets: [own, other] });
  const send = async (head: Parameters<typeof headOf>[0], quoted: string) => {
    const exchange = content.openExchange(headOf(head));
    const flags: string[] = summarize(exchange.findings);
    const gate = exchange.openRequestBody((finding) => flags.push(...summarize([finding])))!;
    const { blocked } = await pass(gate, [Buffer.from(`{"transcript":"OTHER=${quoted}"}`)]);
    return [...flags, ...(blocked === null ? [] : summarize([blocked]))];
  };
  for (const quoted of [placeholderOf("b"), placeholderOf("z")]) {
    assert.deepEqual(await send({}, quoted), ["flag secret-foreign"]);
    assert.deepEqual(await send({ host: "third.test" }, quoted), ["block secret-foreign"]);
  }
  const inHeader = content.openExchange(headOf({ headers: [["x-key", placeholderOf("b")]] }));
  assert.deepEqual(summarize(inHeader.findings), ["block secret-foreign"]);
});
