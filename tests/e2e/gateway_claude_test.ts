/** Real Claude Code through the gateway, with a key that it never has. */
import assert from "node:assert/strict";
import { PLACEHOLDER_PATTERN } from "../../src/policy/protocol.ts";
import { startModelServer } from "../../tools/model/server.ts";
import { makeCaged } from "./support/caged.ts";
import { requestsOf } from "../../src/verify/internet/evidence.ts";
import { startInternet } from "./support/internet/internet.ts";

const KEY = "sk-ant-api03-real-key-of-the-test-nobody-has-0123456789";

Deno.test("Claude Code works through the gateway and never sees its key", async () => {
  await using model = await startModelServer({ hostname: "127.0.0.1", port: 0 });
  await using internet = await startInternet();
  internet.handle("model.test", async ({ method, target, headers }, body) => {
    const response = await fetch(`${model.url}${target}`, {
      method,
      headers: headers.filter(([name]) => /^(x-api-key|authorization|content-type)$/i.test(name)),
      ...(method === "POST" ? { body } : {}),
    });
    const type = response.headers.get("content-type") ?? "application/json";
    return {
      status: response.status,
      headers: [["content-type", type]],
      body: await response.text(),
    };
  });
  await using cage = await makeCaged("claude", internet, {
    services: ["claude"],
    network: 'allow = ["model.test"]\n',
    config: '[secrets.ANTHROPIC_API_KEY]\nfrom = "env"\nto = ["model.test"]\n' +
      '[services.claude.env]\nANTHROPIC_BASE_URL = "https://model.test"\n',
    env: { ANTHROPIC_API_KEY: KEY },
  });
  const result = await cage.sandcage([
    ...["claude", "--", "-p", "write hello.txt: made inside"],
    ...["--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"],
  ]);
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
  assert.equal(await cage.read("hello.txt"), "made inside\n");
  const played = model.requests.filter(({ dialect }) => dialect === "anthropic");
  assert.ok(played.length >= 2, JSON.stringify(model.requests));
  assert.deepEqual(new Set(played.map(({ key }) => key)), new Set([KEY]));
  assert.ok(!`${result.stdout}${result.stderr}`.includes(KEY));
  const inside = await cage.sandcage([
    "claude",
    "--shell",
    "--",
    "sh",
    "-c",
    "printenv ANTHROPIC_API_KEY; grep -rl real-key-of-the-test ~ /proc/*/environ 2>/dev/null; true",
  ]);
  assert.match(inside.stdout, new RegExp(`^${PLACEHOLDER_PATTERN.source}\n$`));
  const foreign = requestsOf(await internet.events()).filter(({ host }) => host !== "model.test");
  assert.deepEqual(foreign, []);
});
