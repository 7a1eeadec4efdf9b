import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  ALNUM,
  compile,
  headOf,
  INSPECT,
  noise,
  OFF,
  placeholderOf,
  secretOf,
  summarize,
} from "./support.ts";

const VALUE = 'r3al/"value+x y';
const PLACEHOLDER = placeholderOf("a");
const TOKEN = `ghp_${noise(36, ALNUM)}`;

type Row = {
  name: string;
  text: string;
  host?: string;
  scheme?: "http";
  body?: boolean;
  found: string[];
  out?: string;
};

const OUT: Row[] = [
  { name: "nothing of note", text: "hello", found: [] },
  { name: "a value", text: `x ${VALUE}`, found: ["block secret-leak"] },
  {
    name: "a value in base64",
    text: Buffer.from(`ab${VALUE}`).toString("base64"),
    found: ["block secret-leak"],
  },
  { name: "a token", text: `{"a":"${TOKEN}"}`, found: ["block secret-foreign"] },
  { name: "a token at home", text: TOKEN, host: "alive.github.com", found: [] },
  {
    name: "a placeholder, replaced in JSON",
    text: `{"k":"${PLACEHOLDER}"}`,
    body: true,
    found: [],
    out: JSON.stringify({ k: VALUE }),
  },
  {
    name: "a placeholder, replaced in text",
    text: `k ${PLACEHOLDER}`,
    body: true,
    found: [],
    out: `k ${VALUE}`,
  },
  {
    name: "a placeholder of a secret not for bodies",
    text: PLACEHOLDER,
    found: ["flag secret-foreign"],
  },
  {
    name: "a placeholder toward another host",
    text: PLACEHOLDER,
    host: "x.test",
    body: true,
    found: ["block secret-foreign"],
  },
  {
    name: "a placeholder without TLS",
    text: PLACEHOLDER,
    scheme: "http",
    body: true,
    found: ["block secret-foreign"],
  },
];

for (const { name, text, body, found, out, ...head } of OUT) {
  Deno.test(`a WebSocket message with ${name}`, async () => {
    const content = await compile({ secrets: [secretOf(VALUE, { body: body ?? false })] });
    const data = Buffer.from(text);
    const passed = content.openExchange(headOf(head)).passMessage({ data, binary: false }, "out");
    assert.deepEqual(summarize(passed.findings), found);
    if (!found.some((finding) => finding.startsWith("block"))) {
      assert.equal(passed.data.toString(), out ?? text);
    }
  });
}

Deno.test("messages are judged at most as strictly as inspect.websocket says", async () => {
  for (
    const [websocket, want] of [["block", ["block secret-leak"]], ["flag", ["flag secret-leak"]], [
      "off",
      [],
    ]] as const
  ) {
    const content = await compile({
      inspect: { ...OFF, secrets: "block", websocket },
      secrets: [secretOf(VALUE)],
    });
    const { findings } = content.openExchange(headOf()).passMessage({
      data: Buffer.from(VALUE),
      binary: false,
    }, "out");
    assert.deepEqual(summarize(findings), want);
  }
});

Deno.test("a message that looks encrypted is told", async () => {
  const content = await compile({ inspect: { ...INSPECT, secrets: "off" } });
  const data = Buffer.from(
    Uint8Array.from({ length: 4096 }, (_, index) => Math.imul(index, 2654435761) >>> 13),
  );
  const { findings } = content.openExchange(headOf()).passMessage({ data, binary: true }, "out");
  assert.deepEqual(summarize(findings), ["flag entropy"]);
});

Deno.test("values in messages from the host are replaced, values toward no host of theirs are not", async () => {
  const content = await compile({ secrets: [secretOf(VALUE)] });
  const echo = (host: string, text: string) => {
    const message = { data: Buffer.from(text), binary: false };
    return content.openExchange(headOf({ host })).passMessage(message, "in").data.toString();
  };
  assert.equal(
    echo("inject.test", `a ${VALUE} ${JSON.stringify(VALUE)}`),
    `a ${PLACEHOLDER} "${PLACEHOLDER}"`,
  );
  assert.equal(echo("inject.test", "nothing"), "nothing");
  assert.equal(echo("other.test", VALUE), VALUE);
});
