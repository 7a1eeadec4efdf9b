import assert from "node:assert/strict";
import { defaultConfig } from "../../../src/config/defaults.ts";
import { planGatewayImage } from "../../../src/image/gateway.ts";
import type { ImageFacts } from "../../../src/image/spec.ts";
import { listGatewaySources } from "../../../tools/gateway_sources.ts";
import { formatGatewaySources } from "../../../tools/generate_format.ts";

const ROOT = new URL("../../../", import.meta.url);
const FACTS: ImageFacts = { arch: "x86_64", user: { uid: 1000, gid: 1000 }, ca: [], proxies: [] };

function plan(facts: Partial<ImageFacts> = {}) {
  return planGatewayImage({ config: defaultConfig(), facts: { ...FACTS, ...facts } });
}

Deno.test("the generated module lists every source of the gateway", async () => {
  assert.equal(
    await Deno.readTextFile(new URL("src/image/gateway_sources.ts", ROOT)),
    formatGatewaySources(listGatewaySources(ROOT)),
    "run: deno run -A tools/generate.ts",
  );
});

Deno.test("the gateway is built by the base image from the sources as they are", async () => {
  const { images, final } = await plan();
  const [base, gateway] = images;
  assert.equal(gateway, final);
  assert.match(final.ref, /^sandcage\/gateway:[0-9a-f]{12}$/);
  assert.equal(final.labels["dev.sandcage.recipe"], final.recipe);
  assert.equal(final.labels["dev.sandcage.managed"], "true");
  assert.equal(final.args.PARENT, base!.ref);
  const main = final.files.find(({ path }) => path === "src/gateway/main.ts");
  assert.equal(main?.text, await Deno.readTextFile(new URL("src/gateway/main.ts", ROOT)));
});

Deno.test("users share the gateway's image; a company's authority makes another one", async () => {
  const { final } = await plan();
  assert.equal((await plan({ user: { uid: 7, gid: 7 } })).final.ref, final.ref);
  assert.notEqual((await plan({ ca: ["PEM"] })).final.ref, final.ref);
});

Deno.test("a build has the login of the host's registry and its proxies", async () => {
  const made = await plan({ npmrc: "registry=https://r.test/\n", proxies: ["HTTPS_PROXY"] });
  assert.equal(made.npmrc, "registry=https://r.test/\n");
  assert.deepEqual(made.proxies, ["HTTPS_PROXY"]);
});

Deno.test("packages are what the sources are checked with, pinned, and of no registry", async () => {
  const { final } = await plan();
  const text = (path: string) => final.files.find((file) => file.path === path)!.text;
  const { dependencies } = JSON.parse(text("package.json"));
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { esbuild: bundler, ...shared } = dependencies as Record<string, string>;
  assert.match(bundler!, /^\d+\.\d+\.\d+$/);
  for (const [name, version] of Object.entries(shared)) {
    assert.equal(imports[name], `npm:${name}@${version}`);
  }
  const lock = text("package-lock.json");
  assert.doesNotMatch(lock, /"resolved"|https?:/);
  const packages = Object.entries(JSON.parse(lock).packages as Record<string, unknown>);
  for (const [path, entry] of packages) {
    if (path !== "") assert.match((entry as { integrity: string }).integrity, /^sha512-/, path);
  }
});
