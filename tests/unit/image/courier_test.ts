import assert from "node:assert/strict";
import { defaultConfig } from "../../../src/config/defaults.ts";
import { planCourierImage } from "../../../src/image/courier.ts";
import type { ImageFacts } from "../../../src/image/spec.ts";
import { listCourierSources } from "../../../tools/gateway_sources.ts";
import { formatCourierSources } from "../../../tools/generate_format.ts";

const ROOT = new URL("../../../", import.meta.url);
const FACTS: ImageFacts = { arch: "x86_64", user: { uid: 1000, gid: 1000 }, ca: [], proxies: [] };

function plan(facts: Partial<ImageFacts> = {}) {
  return planCourierImage({ config: defaultConfig(), facts: { ...FACTS, ...facts } });
}

Deno.test("the generated module lists every source of the courier", async () => {
  assert.equal(
    await Deno.readTextFile(new URL("src/image/courier_sources.ts", ROOT)),
    formatCourierSources(listCourierSources(ROOT)),
    "run: deno run -A tools/generate.ts",
  );
});

Deno.test("the courier is built by the base image from the sources as they are", async () => {
  const { images, final } = await plan();
  const [base, courier] = images;
  assert.equal(courier, final);
  assert.match(final.ref, /^sandcage\/courier:[0-9a-f]{12}$/);
  assert.equal(final.labels["dev.sandcage.recipe"], final.recipe);
  assert.equal(final.labels["dev.sandcage.managed"], "true");
  assert.equal(final.args.PARENT, base!.ref);
  const main = final.files.find(({ path }) => path === "src/courier/main.ts");
  assert.equal(main?.text, await Deno.readTextFile(new URL("src/courier/main.ts", ROOT)));
});

Deno.test("users share the courier's image; a company's authority makes another one", async () => {
  const { final } = await plan();
  assert.equal((await plan({ user: { uid: 7, gid: 7 } })).final.ref, final.ref);
  assert.notEqual((await plan({ ca: ["PEM"] })).final.ref, final.ref);
});

Deno.test("courier and gateway have one layer of Node between them: the same step, word by word", async () => {
  const step = async (path: string) => {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    return /^FROM \$\{PARENT\} AS node\n(?:.+\n)+/m.exec(text)?.[0];
  };
  const own = await step("images/courier/courier.Dockerfile");
  assert.match(own!, /cp \/opt\/cage\/node/);
  assert.equal(own, await step("images/gateway/gateway.Dockerfile"));
});

Deno.test("the courier has no package but its bundler, pinned, and of no registry", async () => {
  const { final } = await plan();
  const text = (path: string) => final.files.find((file) => file.path === path)!.text;
  const { dependencies } = JSON.parse(text("package.json"));
  assert.deepEqual(Object.keys(dependencies), ["esbuild"]);
  assert.match(dependencies.esbuild, /^\d+\.\d+\.\d+$/);
  const lock = text("package-lock.json");
  assert.doesNotMatch(lock, /"resolved"|https?:/);
  const packages = Object.entries(JSON.parse(lock).packages as Record<string, unknown>);
  for (const [path, entry] of packages) {
    if (path !== "") assert.match((entry as { integrity: string }).integrity, /^sha512-/, path);
  }
});
