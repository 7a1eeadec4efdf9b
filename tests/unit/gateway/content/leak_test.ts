import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  ALNUM,
  compile,
  cut,
  headOf,
  noise,
  OFF,
  pass,
  placeholderOf,
  secretOf,
  summarize,
} from "./support.ts";

const SECRET = 'p4ss/"word+é=&x y';

/** Every way the value may be written, by hand and not by our own code. */
function writeForms(value: string): [name: string, text: Buffer][] {
  const bytes = Buffer.from(value, "utf8");
  const percent = (text: string) =>
    Array.from(Buffer.from(text, "utf8"), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(
      "",
    );
  const forms: [string, string][] = [
    ["escaped for JSON", JSON.stringify({ a: value })],
    [
      "escaped for JSON by Python",
      JSON.stringify({ a: value }).replace(
        /[^\x20-\x7e]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
    ],
    ["escaped for JSON by PHP", JSON.stringify({ a: value }).replaceAll("/", "\\/")],
    ["in an address", `a=${encodeURIComponent(value)}`],
    [
      "in an address, lower case",
      `a=${encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase())}`,
    ],
    ["in a form", new URLSearchParams({ a: value }).toString()],
    ["each byte percent-encoded", percent(value)],
    ["each byte percent-encoded, upper case", percent(value).toUpperCase()],
    ["hexadecimal", bytes.toString("hex")],
    ["hexadecimal, upper case", bytes.toString("hex").toUpperCase()],
  ];
  for (const alphabet of ["base64", "base64url"] as const) {
    for (const before of ["", "x", "xy", "user:"]) {
      const text = Buffer.concat([Buffer.from(before), bytes, Buffer.from("tail")]).toString(
        alphabet,
      );
      forms.push([`${alphabet} behind ${before.length} bytes`, text]);
    }
  }
  return [
    ["as it is", bytes],
    ...forms.map(([name, text]): [string, Buffer] => [name, Buffer.from(text)]),
  ];
}

for (const [name, form] of writeForms(SECRET)) {
  Deno.test(`a secret ${name} leaves in no body, toward any host`, async () => {
    const content = await compile({ secrets: [secretOf(SECRET)] });
    const body = Buffer.concat([
      Buffer.from(`{"x":"${noise(900, ALNUM)} `),
      form,
      Buffer.from(' "}'),
    ]);
    for (const host of ["inject.test", "other.test"]) {
      for (const lengths of [[body.length], [1], [3, 5, 2], [901, 1]]) {
        const gate = content.openExchange(headOf({ host })).openRequestBody(() => {})!;
        const { out, blocked } = await pass(gate, cut(body, lengths));
        assert.equal(blocked?.reason, "secret-leak", `${host} ${lengths}`);
        assert.match(blocked.detail, /^The value of API_KEY \(.*\) in the body toward /);
        assert(!blocked.detail.includes(SECRET));
        assert.equal(out.length, 0);
      }
    }
  });

  Deno.test(`a secret ${name} leaves in no header and no address`, async () => {
    const content = await compile({ secrets: [secretOf(SECRET)] });
    const text = form.toString("latin1");
    const heads = [
      headOf({ headers: [["x-a", `b ${text} c`]] }),
      headOf({ headers: [[`x-${text}`, "1"]] }),
      headOf({ target: `/a/${text}` }),
      headOf({ method: text }),
      headOf({ host: `${text}.test` }),
      headOf({ target: `/a?b=${text}` }),
      headOf({
        headers: [[
          "authorization",
          `Basic ${Buffer.from(`u:${text}`, "latin1").toString("base64")}`,
        ]],
      }),
    ];
    for (const head of heads) {
      assert(summarize(content.openExchange(head).findings).includes("block secret-leak"), name);
    }
  });
}

Deno.test("a secret is found in an address that was encoded twice", async () => {
  const content = await compile({ secrets: [secretOf(SECRET)] });
  const target = `/a?b=${encodeURIComponent(encodeURIComponent(encodeURIComponent(SECRET)))}`;
  const found = summarize(content.openExchange(headOf({ target })).findings);
  assert.deepEqual([...new Set(found)], ["block secret-leak"]);
});

Deno.test("any secret in any form, place and chunking is found; its like is not", async () => {
  const text = fc.string({ unit: "grapheme-ascii", minLength: 8, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      text.filter((value) => !value.includes("withheld_ph_")),
      fc.nat(40),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
      fc.nat(9000),
      async (value, pick, lengths, before) => {
        const content = await compile({
          inspect: { ...OFF, secrets: "block" },
          secrets: [secretOf(value)],
        });
        const forms = writeForms(value);
        const [name, form] = forms[pick % forms.length]!;
        const body = Buffer.concat([Buffer.alloc(before, "- "), form, Buffer.from(" -")]);
        const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
        const { out, blocked } = await pass(gate, cut(body, lengths));
        assert.equal(blocked?.reason, "secret-leak", name);
        assert.equal(out.length, 0);
        // The positive control: the same form of another value of this length passes.
        const other = Buffer.from(Buffer.from(value).map((byte) => byte ^ 1)).toString("latin1");
        if (other.includes(value)) return;
        const control = writeForms(other)[pick % forms.length]![1];
        const open = content.openExchange(headOf()).openRequestBody(() => {})!;
        const passed = await pass(open, cut(control, lengths));
        assert.equal(passed.blocked, null);
        assert.deepEqual(passed.out, control);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("what passes comes out as it came, whatever the chunks", async () => {
  const content = await compile({ secrets: [secretOf(SECRET)] });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 30_000 }),
      fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 4 }),
      async (bytes, lengths) => {
        const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
        const { out, blocked } = await pass(gate, cut(Buffer.from(bytes), lengths));
        assert.equal(blocked, null);
        assert.deepEqual(out, Buffer.from(bytes));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("of a long body nothing of a late secret leaves", async () => {
  const content = await compile({ secrets: [secretOf(SECRET)] });
  const start = Buffer.alloc(700_001, "lorem ipsum ");
  const body = Buffer.concat([start, Buffer.from(SECRET), Buffer.alloc(50_000, "x ")]);
  for (const lengths of [[65_536], [1021], [700_005, 3, 2]]) {
    const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
    const { out, blocked } = await pass(gate, cut(body, lengths));
    assert.equal(blocked?.reason, "secret-leak");
    assert(out.length <= start.length, `${out.length}`);
    assert.deepEqual(out, start.subarray(0, out.length));
  }
});

Deno.test("at the seams of large chunks all is found, and a word is still a word", async () => {
  const content = await compile({
    inspect: { ...OFF, secrets: "block" },
    secrets: [secretOf(SECRET)],
  });
  const token = `ghp_${noise(36, ALNUM)}`;
  const rows: [string, string | undefined][] = [
    [` ${SECRET} `, "secret-leak"],
    [` ${token} `, "secret-foreign"],
    [` x${token} `, undefined],
    [` 123456:AA${noise(33, ALNUM)} `, "secret-foreign"],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...rows),
      fc.integer({ min: 9000, max: 70_000 }),
      // Around the seam, and around where the search of a chunk ends.
      fc.oneof(fc.integer({ min: -60, max: 20 }), fc.integer({ min: -8200, max: -8185 })),
      async ([text, want], size, shift) => {
        const body = Buffer.alloc(size * 3, "- ");
        body.write(text, size * 2 + shift);
        const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
        const { blocked } = await pass(gate, cut(body, [size]));
        assert.equal(blocked?.reason, want);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a long body of single bytes passes", async () => {
  const content = await compile({ secrets: [secretOf(SECRET)] });
  const body = Buffer.from(noise(270_000, ALNUM));
  const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
  const { out, blocked } = await pass(gate, cut(body, [1]));
  assert.equal(blocked, null);
  assert(out.equals(body));
});

Deno.test("a body longer than what is held first starts to leave before its end", async () => {
  const content = await compile({ secrets: [secretOf(SECRET)] });
  const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
  let out = 0;
  gate.on("data", (piece: Buffer) => out += piece.length);
  const write = (size: number) =>
    new Promise((resolve) => gate.write(Buffer.alloc(size, "ab "), resolve));
  await write(200 * 1024);
  assert.equal(out, 0);
  await write(200 * 1024);
  assert(out > 380 * 1024 && out < 400 * 1024, `${out}`);
  gate.destroy();
});

Deno.test("a leak is only told when the inspector flags, and not looked for when it is off", async () => {
  for (const [action, want] of [["flag", ["flag secret-leak"]], ["off", []]] as const) {
    const content = await compile({
      inspect: { ...OFF, secrets: action },
      secrets: [secretOf(SECRET)],
    });
    const flags: string[] = [];
    const gate = content.openExchange(headOf()).openRequestBody((finding) =>
      flags.push(...summarize([finding]))
    )!;
    const { out } = await pass(gate, [Buffer.from(`${SECRET} ${SECRET}`)]);
    assert.deepEqual(flags, want);
    assert.equal(out.toString(), `${SECRET} ${SECRET}`);
  }
});

Deno.test("no finding tells a value", async () => {
  const secrets = [
    secretOf("first-value-1234", { name: "FIRST" }),
    secretOf("second-value-5678", {
      name: "SECOND",
      placeholder: placeholderOf("b"),
      to: ["b.test"],
    }),
  ];
  const content = await compile({ secrets });
  const target = `/${secrets.map(({ value }) => value).join("/")}/${placeholderOf("b")}`;
  const { findings } = content.openExchange(headOf({ target }));
  const told = JSON.stringify(findings);
  assert.equal(findings.length, 3);
  for (const { value, placeholder, name } of secrets) {
    assert(!told.includes(value) && !told.includes(placeholder));
    assert(told.includes(name));
  }
});
