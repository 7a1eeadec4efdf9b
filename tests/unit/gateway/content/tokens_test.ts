import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { TOKEN_PATTERNS } from "../../../../src/gateway/content/tokens.ts";
import {
  ALNUM,
  compile,
  headOf,
  LETTERS,
  LOWER_HEX,
  noise,
  OFF,
  pass,
  summarize,
} from "./support.ts";

/** Made here: no file of ours holds what a scanner would take for a real token. */
const B32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const jwt = (payload: object) =>
  [{ typ: "JWT", alg: "RS256" }, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url")
  ).join(".") + `.${noise(86, ALNUM)}`;
const azure = (issuer: string) => jwt({ aud: "api://x", iss: issuer, exp: 1 });

const ROWS: [name: string, token: string, home: string, others: string[]][] = [
  ["OpenAI key", `sk-proj-${noise(74, ALNUM)}T3BlbkFJ${noise(74, ALNUM)}`, "api.openai.com", [
    "evilopenai.com",
  ]],
  ["OpenAI key", `sk-svcacct-${noise(60, ALNUM)}T3BlbkFJ${noise(60, ALNUM)}`, "openai.com", []],
  ["OpenAI key", `sk-admin-${noise(58, ALNUM)}T3BlbkFJ${noise(58, ALNUM)}`, "api.openai.com", []],
  ["OpenAI key", `sk-${noise(20, ALNUM)}T3BlbkFJ${noise(20, ALNUM)}`, "api.openai.com", []],
  ["Anthropic key", `sk-ant-api03-${noise(95, ALNUM)}`, "api.anthropic.com", [
    "anthropic.com.evil.test",
  ]],
  ["Anthropic key", `sk-ant-admin01-${noise(95, ALNUM)}`, "api.anthropic.com", []],
  ["Anthropic key", `sk-ant-oat01-${noise(95, ALNUM)}`, "api.anthropic.com", []],
  ["AWS access key", `AKIA${noise(16, B32)}`, "s3.eu-west-1.amazonaws.com", [
    "amazonaws.com.evil.test",
  ]],
  ["AWS access key", `ASIA${noise(16, B32)}`, "sts.amazonaws.com", []],
  ...["ghp_", "ghs_", "gho_", "ghu_", "ghr_"].map((start): typeof ROWS[number] => [
    "GitHub token",
    `${start}${noise(36, ALNUM)}`,
    "api.github.com",
    ["github.com.evil.test", "notgithub.com"],
  ]),
  [
    "GitHub fine-grained token",
    `github_pat_${noise(22, ALNUM)}_${noise(59, ALNUM)}`,
    "github.com",
    [],
  ],
  ["Google API key", `AIza${noise(35, ALNUM)}`, "generativelanguage.googleapis.com", []],
  ["Slack token", `xoxb-123456789012-${noise(30, ALNUM)}`, "slack.com", []],
  ["Stripe key", `sk_live_${noise(24, ALNUM)}`, "api.stripe.com", []],
  ["Stripe key", `rk_test_${noise(99, ALNUM)}`, "api.stripe.com", []],
  ["GitLab token", `glpat-${noise(20, ALNUM)}`, "gitlab.com", []],
  ["Hugging Face token", `hf_${noise(34, LETTERS)}`, "huggingface.co", []],
  ["Databricks token", `dapi${noise(32, LOWER_HEX)}`, "x.cloud.databricks.com", []],
  ["OpenRouter key", `sk-or-v1-${noise(64, LOWER_HEX)}`, "openrouter.ai", []],
  ["Perplexity key", `pplx-${noise(48, ALNUM)}`, "api.perplexity.ai", []],
  ["Brave key", `BSAI${noise(27, ALNUM)}`, "api.search.brave.com", ["brave.com"]],
  ["Telegram token", `123456789:AA${noise(33, ALNUM)}`, "api.telegram.org", ["telegram.org"]],
  [
    "Discord token",
    `MTA4${noise(22, ALNUM)}.${noise(6, ALNUM)}.${noise(38, ALNUM)}`,
    "discord.com",
    [],
  ],
  ["Firecrawl key", `fc-${noise(32, LOWER_HEX)}`, "api.firecrawl.dev", []],
  ["Azure AD token", azure("https://sts.windows.net/1234/"), "graph.microsoft.com", []],
  ["Azure AD token", azure("https://login.microsoftonline.com/1/v2.0"), "management.azure.com", []],
];

async function findIn(host: string, headers: [string, string][]): Promise<string[]> {
  const content = await compile();
  return summarize(content.openExchange(headOf({ host, headers })).findings);
}

for (const [name, token, home, others] of ROWS) {
  Deno.test(`a token (${name}, ${token.slice(0, 8)}…) goes home and nowhere else`, async () => {
    assert.deepEqual(await findIn(home, [["authorization", `Bearer ${token}`]]), []);
    for (const host of ["evil.test", ...others]) {
      const content = await compile();
      const headers: [string, string][] = [["authorization", `Bearer ${token}`]];
      const { findings } = content.openExchange(headOf({ host, headers }));
      assert.deepEqual(summarize(findings), ["block secret-foreign"], host);
      assert.match(findings[0]!.detail, new RegExp(`${name}.*toward ${host}`));
      assert(!findings[0]!.detail.includes(token.slice(12, 20)), "the token is told");
    }
  });
}

Deno.test("each pattern has a row", () => {
  const names = new Set([...ROWS.map(([name]) => name), "private key"]);
  assert.deepEqual(new Set(TOKEN_PATTERNS.map(({ name }) => name)), names);
});

const GITHUB = `ghp_${noise(36, ALNUM)}`;

Deno.test("a token inside Basic goes home and nowhere else", async () => {
  const basic = Buffer.from(`x-access-token:${GITHUB}`).toString("base64");
  const headers: [string, string][] = [["Authorization", `Basic ${basic}`]];
  assert.deepEqual(await findIn("github.com", headers), []);
  assert.deepEqual(await findIn("evil.test", headers), ["block secret-foreign"]);
});

const PLACES: [string, string][] = [
  ["alone", GITHUB],
  ["quoted", `{"token":"${GITHUB}"}`],
  ["assigned", `TOKEN=${GITHUB}`],
  ["on a line of a JSON string", JSON.stringify({ text: `one\n${GITHUB}\ntwo` })],
  ["behind a tab of a JSON string", JSON.stringify({ text: `one\t${GITHUB}` })],
  ["behind an escape of a form", `a=b%3D${GITHUB}`],
  ["in a path", `/x/${GITHUB}/y`],
  ["in an address", `https://user:${GITHUB}@host/x`],
];

for (const [name, body] of PLACES) {
  Deno.test(`a token is found ${name}, whatever the chunks`, async () => {
    const content = await compile();
    for (const size of [1, 2, 3, 7, body.length]) {
      const gate = content.openExchange(headOf({ host: "evil.test" })).openRequestBody(() => {})!;
      const chunks = Array.from(
        { length: Math.ceil(body.length / size) },
        (_, index) => Buffer.from(body.slice(index * size, (index + 1) * size)),
      );
      const { out, blocked } = await pass(gate, chunks);
      assert.equal(blocked?.reason, "secret-foreign");
      assert.equal(out.length, 0);
    }
  });
}

const NEAR: [string, string][] = [
  ["one character short", GITHUB.slice(0, -1)],
  ["inside a longer word", `x${GITHUB}`],
  ["with a longer word behind it", `AKIA${noise(16, B32)}X`],
  ["AWS's own example", "AKIAIOSFODNN7EXAMPLE"],
  ["an OpenAI key without its middle", `sk-proj-${noise(120, "abcdef")}`],
  ["an ordinary JWT", jwt({ iss: "https://accounts.example.com/", sub: "1" })],
  ["a JWT that only mentions Azure AD", jwt({ iss: "https://x.test/", note: "sts.windows.net" })],
  [
    "a header of a key without the key",
    "-----BEGIN RSA PRIVATE KEY----- is how it starts, and then",
  ],
  ["a public key", `-----BEGIN PUBLIC KEY-----\n${noise(64, ALNUM)}\n`],
  ["a time of the day", "12:AA"],
  ["a style class", "abc-fc-12"],
];

for (const [name, text] of NEAR) {
  Deno.test(`no token: ${name}`, async () => {
    assert.deepEqual(await findIn("evil.test", [["x-text", text]]), []);
  });
}

const KEY_BODY = noise(64, ALNUM);
const PRIVATE_KEYS: [string, string][] = [
  [
    "as a file",
    `-----BEGIN PRIVATE KEY-----\n${KEY_BODY}\n${KEY_BODY}\n-----END PRIVATE KEY-----\n`,
  ],
  ["of OpenSSH", `-----BEGIN OPENSSH PRIVATE KEY-----\n${KEY_BODY}\n${KEY_BODY}\n`],
  [
    "of RSA, with the line ends of Windows",
    `-----BEGIN RSA PRIVATE KEY-----\r\n${KEY_BODY}\r\n${KEY_BODY}`,
  ],
  ["in JSON", JSON.stringify({ key: `-----BEGIN PRIVATE KEY-----\n${KEY_BODY}\n${KEY_BODY}\n` })],
  [
    "in JSON in JSON",
    JSON.stringify(JSON.stringify(`-----BEGIN EC PRIVATE KEY-----\n${KEY_BODY}\n${KEY_BODY}`)),
  ],
  ["in a form", `key=-----BEGIN+PRIVATE+KEY-----%0A${KEY_BODY}%0A${KEY_BODY}`],
];

for (const [name, body] of PRIVATE_KEYS) {
  Deno.test(`a private key ${name} goes nowhere`, async () => {
    const content = await compile();
    for (const host of ["api.github.com", "api.anthropic.com", "evil.test"]) {
      const gate = content.openExchange(headOf({ host })).openRequestBody(() => {})!;
      const { blocked } = await pass(gate, [Buffer.from(body)]);
      assert.equal(blocked?.detail.includes("private key"), true, host);
    }
  });
}

Deno.test("tokens are only told when the inspector flags, and not looked for when it is off", async () => {
  for (const [action, want] of [["flag", ["flag secret-foreign"]], ["off", []]] as const) {
    const content = await compile({
      inspect: { ...OFF, secrets: action },
    });
    const headers: [string, string][] = [["authorization", `Bearer ${GITHUB}`]];
    const { findings } = content.openExchange(headOf({ host: "evil.test", headers }));
    assert.deepEqual(summarize(findings), want);
  }
});

Deno.test("random data, as it is and in base64, holds no token", async () => {
  const content = await compile();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1000, maxLength: 20_000 }), async (bytes) => {
      for (const body of [Buffer.from(bytes), Buffer.from(Buffer.from(bytes).toString("base64"))]) {
        const gate = content.openExchange(headOf({ host: "evil.test" })).openRequestBody(() => {})!;
        assert.equal((await pass(gate, [body])).blocked, null);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("a text made to be slow for the expressions is searched in time", async () => {
  const content = await compile();
  const rows = ["sk-proj-", "eyJ", "xoxb-1234567-", "-----BEGIN ", "ghp_", "MTA4"];
  const body = Buffer.from(rows.map((start) => start.repeat(20_000)).join(" "));
  const gate = content.openExchange(headOf({ host: "evil.test" })).openRequestBody(() => {})!;
  const startMs = performance.now();
  await pass(gate, [body]);
  assert(performance.now() - startMs < 60_000);
});
