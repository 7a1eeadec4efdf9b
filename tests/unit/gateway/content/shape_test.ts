import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ALNUM, compile, cut, headOf, INSPECT, LOWER_HEX, noise, OFF, pass } from "./support.ts";

/** Bytes that look random and are the same in each run. */
function scramble(length: number, seed = 7): Buffer {
  let state = seed;
  return Buffer.from(Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 16;
  }));
}

const hex = (text: string) => Buffer.from(text, "hex");
const PNG = Buffer.concat([hex("89504e470d0a1a0a"), scramble(5000)]);
const ZIP = Buffer.concat([hex("504b0304"), scramble(5000)]);
const RANDOM = scramble(5000);
const B64 = RANDOM.toString("base64");
const PUSH = Buffer.concat([
  Buffer.from(
    `0094${noise(40, LOWER_HEX)} ${noise(40, LOWER_HEX)} refs/heads/x\0report-status0000PACK`,
  ),
  scramble(5000),
]);
const MULTIPART = Buffer.concat([
  Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'),
]);
const CHINESE = Buffer.from(
  "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。".repeat(
    20,
  ),
);

const ROWS: [name: string, type: string, body: Buffer | string, found: string[]][] = [
  ["JSON", "application/json", `{"a":"${"text and more ".repeat(200)}"}`, []],
  ["JSON in Chinese", "application/json", CHINESE, []],
  ["text with zeros", "text/plain; charset=utf-8", "a\0b", ["content-type"]],
  [
    "text in UTF-16, which has zeros",
    "text/plain; charset=utf-16le",
    Buffer.from("abc", "utf16le"),
    [],
  ],
  ["text that is an image", "text/plain", PNG, ["content-type", "entropy"]],
  ["JSON that is an archive", "application/json", ZIP, ["content-type", "entropy"]],
  ["an extended JSON type that is a PDF", "application/ld+json", "%PDF-1.7 …", ["content-type"]],
  [
    "text that is random, without zeros",
    "text/plain",
    scramble(5000).map((byte) => byte || 1) as Buffer,
    ["content-type", "entropy"],
  ],
  ["an image", "image/png", PNG, []],
  ["an image that is another image", "image/jpeg", PNG, []],
  ["a vector image, which is text", "image/svg+xml", "<svg/>", []],
  ["an image that is none", "image/png", "hello", ["content-type"]],
  ["an image that is random", "image/png", RANDOM, ["content-type", "entropy"]],
  ["an archive", "application/zip", ZIP, []],
  ["an archive that is none", "application/zip", RANDOM, ["entropy"]],
  ["a push of git", "application/x-git-receive-pack-request", PUSH, []],
  ["random data of any type", "application/octet-stream", RANDOM, ["entropy"]],
  ["random data of no type", "", RANDOM, ["entropy"]],
  ["too little to say", "application/octet-stream", RANDOM.subarray(0, 200), []],
  ["a form of parts", "multipart/form-data; boundary=b", MULTIPART, []],
  ["a long base64 run in JSON", "application/json", `{"a":"${B64}"}`, ["content-type"]],
  ["a long base64 run in a form of parts", "multipart/form-data; boundary=b", `--b\r\n\r\n${B64}`, [
    "content-type",
  ]],
  ["a base64 run of 255", "text/plain", `a ${B64.replace(/[+/=]/g, "").slice(0, 255)} b`, []],
  ["a base64 run of 256", "text/plain", `a ${B64.replace(/[+/=]/g, "").slice(0, 256)} b`, [
    "content-type",
  ]],
  ["a long run of one letter", "text/plain", "a".repeat(5000), []],
  ["a long run of hexadecimal", "text/plain", noise(5000, LOWER_HEX), []],
  [
    "an image in base64, as models get it",
    "application/json",
    `{"data":"${PNG.toString("base64")}"}`,
    [],
  ],
  ["a signature that a model gave out", "application/json", `{"signature":"${B64}"}`, []],
  [
    "a run behind an image",
    "application/json",
    `{"data":"${PNG.toString("base64")}","b":"${B64}"}`,
    ["content-type"],
  ],
];

for (const [name, type, data, found] of ROWS) {
  Deno.test(`a body that is ${name}: ${found.join(", ") || "nothing"} found, whatever the chunks`, async () => {
    const body = Buffer.from(data as string);
    const content = await compile({ inspect: { ...INSPECT, secrets: "off" } });
    for (const lengths of [[body.length], [1], [100, 31]]) {
      const flags: string[] = [];
      const exchange = content.openExchange(headOf({ headers: [["Content-Type", type]] }));
      const { out } = await pass(
        exchange.openRequestBody(({ action, reason }) => flags.push(`${action} ${reason}`))!,
        cut(body, lengths),
      );
      assert.deepEqual(flags.toSorted(), found.map((reason) => `flag ${reason}`), `${lengths}`);
      assert(out.equals(body));
    }
  });
}

Deno.test("what is found is blocked when asked for, and nothing leaves", async () => {
  for (const [key, reason] of [["entropy", "entropy"], ["contentType", "content-type"]] as const) {
    const content = await compile({ inspect: { ...OFF, [key]: "block" } });
    const exchange = content.openExchange(headOf({ headers: [["content-type", "text/plain"]] }));
    const { out, blocked } = await pass(exchange.openRequestBody(() => {})!, [RANDOM]);
    assert.deepEqual([blocked?.reason, out.length], [reason, 0]);
  }
});

Deno.test("random data behind a long text is found", async () => {
  const content = await compile({ inspect: { ...OFF, entropy: "block" } });
  const gate = content.openExchange(headOf()).openRequestBody(() => {})!;
  const body = Buffer.concat([Buffer.alloc(300_000, "text "), scramble(400_000)]);
  assert.equal((await pass(gate, cut(body, [65_536]))).blocked?.reason, "entropy");
});

Deno.test("a base64 run is found at every place and in every chunking", async () => {
  const content = await compile({ inspect: { ...OFF, contentType: "block" } });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2000),
      fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 4 }),
      async (before, lengths) => {
        const body = Buffer.from(
          `${"ab ".repeat(before).slice(0, before)} ${B64.slice(0, 300)} end`,
        );
        const exchange = content.openExchange(
          headOf({ headers: [["content-type", "text/plain"]] }),
        );
        const { blocked } = await pass(exchange.openRequestBody(() => {})!, cut(body, lengths));
        assert.equal(blocked?.reason, "content-type");
      },
    ),
    { numRuns: 200 },
  );
});

const LONG = noise(120, `${ALNUM}-_`, { seed: 5 });
const URLS: [name: string, host: string, target: string, isFound: boolean][] = [
  ["a short one", "x.test", "/a?b=c", false],
  [
    "words",
    "x.test",
    `/${"a-long-title-of-a-page-".repeat(8)}?q=${"some+words+".repeat(20)}`,
    false,
  ],
  ["a digest", "x.test", `/sha256/${noise(64, LOWER_HEX)}${noise(64, LOWER_HEX)}`, false],
  ["a random segment", "x.test", `/a/${LONG}/b`, true],
  ["a random parameter", "x.test", `/a?b=1&c=${LONG}`, true],
  ["a random name of a parameter", "x.test", `/a?${LONG}=1`, true],
  [
    "a random parameter, percent-encoded",
    "x.test",
    `/a?c=${Array.from(LONG, (char) => `%${char.charCodeAt(0).toString(16)}`).join("")}`,
    true,
  ],
  [
    "many short parameters",
    "x.test",
    `/a?${
      Array.from({ length: 20 }, (_, index) => `p${index}=${LONG.slice(index, index + 20)}`).join(
        "&",
      )
    }`,
    false,
  ],
  [
    "CloudFront",
    "d111.cloudfront.net",
    `/f?Policy=${LONG}&Signature=${LONG}&Key-Pair-Id=K1`,
    false,
  ],
  ["CloudFront's parameter elsewhere", "x.test", `/f?Policy=${LONG}`, true],
  ["another parameter at CloudFront", "d111.cloudfront.net", `/f?data=${LONG}`, true],
  [
    "S3",
    "b.s3.eu-west-1.amazonaws.com",
    `/f?X-Amz-Security-Token=${LONG}&X-Amz-Signature=${LONG}`,
    false,
  ],
  [
    "Google's storage",
    "storage.googleapis.com",
    `/f?X-Goog-Signature=${LONG}&X-Goog-Credential=${LONG}`,
    false,
  ],
  ["Azure's storage", "a.blob.core.windows.net", `/f?sv=1&sig=${LONG}`, false],
  [
    "Hugging Face's storage",
    "cas-bridge.xethub.hf.co",
    `/x?X-Xet-Cas-Uid=${LONG}&Policy=${LONG}`,
    false,
  ],
  [
    "GitHub's releases",
    "release-assets.githubusercontent.com",
    `/x?jwt=${LONG}&sig=${LONG}`,
    false,
  ],
];

for (const [name, host, target, isFound] of URLS) {
  Deno.test(`a URL with ${name}: ${isFound ? "found" : "passes"}`, async () => {
    const content = await compile({ inspect: { ...INSPECT, secrets: "off" } });
    const { findings } = content.openExchange(headOf({ host, target }));
    assert.deepEqual(
      findings.map(({ action, reason }) => `${action} ${reason}`),
      isFound ? ["flag entropy"] : [],
    );
  });
}

const SIZES: [action: "off" | "flag" | "block", size: number, declared: boolean, want: string[]][] =
  [
    ["block", 1000, true, []],
    ["block", 1001, true, ["block"]],
    ["block", 1001, false, ["block"]],
    ["flag", 1001, false, ["flag"]],
    ["off", 5000, true, []],
  ];

for (const [action, size, declared, want] of SIZES) {
  Deno.test(`a body of ${size} of 1000 bytes, ${declared ? "declared" : "chunked"}, set to ${action}`, async () => {
    const content = await compile({
      inspect: { ...OFF, secrets: "flag", body: action, bodyLimit: 1000 },
    });
    const headers: [string, string][] = declared ? [["Content-Length", `${size}`]] : [];
    const exchange = content.openExchange(headOf({ headers }));
    const flags: string[] = [];
    const { blocked } = await pass(
      exchange.openRequestBody((finding) => flags.push(finding.action))!,
      cut(Buffer.alloc(size, "a "), [300]),
    );
    if (declared) assert.deepEqual(exchange.findings.map((finding) => finding.action), want);
    else assert.deepEqual([...flags, ...(blocked === null ? [] : ["block"])], want);
    assert.equal(blocked === null ? "body-size" : blocked.reason, "body-size");
  });
}
