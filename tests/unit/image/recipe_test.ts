import assert from "node:assert/strict";
import { defaultConfig } from "../../../src/config/defaults.ts";
import type { Config } from "../../../src/config/schema.ts";
import { EXIT, UserError } from "../../../src/errors.ts";
import { BASE_FILES } from "../../../src/image/assets.ts";
import type { DeskTools } from "../../../src/image/desk.ts";
import { planImages } from "../../../src/image/recipe.ts";
import type { ImageFacts, ImagePlan, ImageSpec } from "../../../src/image/spec.ts";
import { resolveService } from "../../../src/service/registry.ts";

const FACTS: ImageFacts = { arch: "x86_64", user: { uid: 1000, gid: 1000 }, ca: [], proxies: [] };
const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

/** A plan as short text: hashes are replaced by the name of the image they stand for. */
function formatPlan(plan: ImagePlan): string {
  const blocks = plan.images.map((image) => {
    const isBase = image === plan.images[0];
    const files = image.files.filter((file) => !BASE_FILES.includes(file)).map(({ path }) => path);
    return [
      `${image.ref} (${image.cause})`,
      ...Object.entries(image.args).map(([name, value]) => `  arg ${name}=${value}`),
      ...files.map((path) => `  file ${path}`),
      ...(image.contextDir === undefined ? [] : [`  context ${image.contextDir}`]),
      ...(isBase ? [] : image.dockerfile.trimEnd().split("\n").map((line) => `  ${line}`)),
    ].join("\n");
  });
  return plan.images.reduce(
    (text, image, index) => text.replaceAll(image.ref.split(":")[1]!, `<${index + 1}>`),
    `${blocks.join("\n")}\nfinal ${plan.final.ref}\n`,
  );
}

function plan(
  change: Partial<Config> = {},
  options: {
    service?: string;
    facts?: Partial<ImageFacts>;
    acp?: boolean;
    desk?: DeskTools;
  } = {},
): ImagePlan {
  const config = { ...defaultConfig(), ...change };
  const service = resolveService(options.service ?? "claude", config);
  const { acp = false, facts, desk } = options;
  return planImages({
    config,
    service,
    facts: { ...FACTS, ...facts },
    acp,
    ...(desk === undefined ? {} : { desk }),
  });
}

const CASES: [string, () => ImagePlan][] = [
  ["shell is the base alone", () => plan({}, { service: "shell" })],
  ["claude is one install on the base", () => plan()],
  ["packages come between base and agent", () => plan({ packages: ["ripgrep", "jq", "jq"] })],
  [
    "system toolchains are Debian packages",
    () => plan({ toolchains: { python: "system", rust: "system", node: "system" } }),
  ],
  [
    "a Node version comes from npm beside the agent's own",
    () => plan({ toolchains: { node: "20" } }, { service: "shell" }),
  ],
  [
    "other toolchains come by mise",
    () =>
      plan({ toolchains: { python: "3.12", java: "temurin-21", go: "1.24" }, packages: ["jq"] }),
  ],
  ["a Dockerfile builds on the project's tools", () =>
    plan({ packages: ["jq"] }, {
      facts: {
        dockerfile: {
          path: "/p/Dockerfile",
          text: "FROM sandcage/base\nCOPY a /a\n",
          context: "/p",
          fingerprint: "f",
        },
      },
    })],
  [
    "a custom agent is installed like a built-in one",
    () =>
      plan({ services: { mine: { install: { npm: "@me/my-agent@1.2.3" } } } }, { service: "mine" }),
  ],
  [
    "an ACP session of claude has the adapter in a layer of its own",
    () => plan({ packages: ["jq"] }, { acp: true }),
  ],
  [
    "an ACP session of gemini needs nothing but gemini",
    () => plan({}, { service: "gemini", acp: true }),
  ],
  [
    "what people attach to is a layer on top",
    () => plan({}, { desk: { editor: "nvim", shell: "zsh" } }),
  ],
  [
    "host certificates go into the base",
    () => plan({}, { service: "shell", facts: { ca: [PEM, PEM.replace("AAAA", "BBBB")] } }),
  ],
  ["a mirror and another base reach the build", () =>
    plan({
      image: {
        base: "registry.example/debian:13",
        dockerfile: null,
        ca: "auto",
        args: { DEBIAN_MIRROR: "https://mirror.example/debian" },
      },
    }, { service: "shell", facts: { arch: "aarch64" } })],
];

for (const [name, make] of CASES) {
  Deno.test(`planImages(): ${name}`, async (t) => {
    await t.assertSnapshot(formatPlan(make()));
  });
}

Deno.test("the base Dockerfile is the file in images/ plus the environment of builds", async (t) => {
  await t.assertSnapshot(plan().images[0]!.dockerfile);
});

const tagOf = (image: ImageSpec | undefined) => image?.ref;

Deno.test("a changed package changes the tools and what stands on them, nothing else", () => {
  const [before, after] = [plan({ packages: ["jq"] }), plan({ packages: ["jq", "tree"] })];
  assert.equal(tagOf(after.images[0]), tagOf(before.images[0]));
  assert.equal(tagOf(after.agent), tagOf(before.agent));
  assert.notEqual(tagOf(after.images[1]), tagOf(before.images[1]));
  assert.notEqual(tagOf(after.final), tagOf(before.final));
});

Deno.test("the order of packages and toolchains changes nothing", () => {
  const one = plan({ packages: ["a1", "b1"], toolchains: { go: "1.24", ruby: "3.4" } });
  const other = plan({ packages: ["b1", "a1"], toolchains: { ruby: "3.4", go: "1.24" } });
  assert.equal(other.final.ref, one.final.ref);
});

for (
  const [what, facts] of [
    ["a host certificate", { ca: [PEM] }],
    ["the architecture", { arch: "aarch64" }],
  ] as const
) {
  Deno.test(`${what} changes every image`, () => {
    const [before, after] = [plan(), plan({}, { facts })];
    assert.notEqual(after.images[0]!.recipe, before.images[0]!.recipe);
    assert.notEqual(after.final.recipe, before.final.recipe);
  });
}

Deno.test("an npm login changes no image and stands in none", () => {
  const npmrc = "//r.example/:_authToken=hunter2\nregistry=https://r.example/\n";
  const after = plan({ packages: ["jq"] }, { facts: { npmrc, proxies: ["HTTP_PROXY"] } });
  assert.equal(after.final.ref, plan({ packages: ["jq"] }).final.ref);
  assert.ok(!JSON.stringify(after.images).includes("hunter2"));
  assert.equal(after.npmrc, npmrc);
});

Deno.test("changed context files of a Dockerfile change its image", () => {
  const file = { path: "/p/D", text: "FROM sandcage/base\n", context: "/p", fingerprint: "1" };
  const before = plan({}, { facts: { dockerfile: file } });
  const after = plan({}, { facts: { dockerfile: { ...file, fingerprint: "2" } } });
  assert.notEqual(after.final.ref, before.final.ref);
});

Deno.test("every image says what it is: managed, its full recipe, its service", () => {
  const { images, final } = plan({ packages: ["jq"] });
  for (const image of images) {
    assert.equal(image.labels["dev.sandcage.managed"], "true");
    assert.equal(image.labels["dev.sandcage.recipe"], image.recipe);
    assert.ok(image.ref.endsWith(`:${image.recipe.slice(0, 12)}`));
  }
  assert.equal(final.labels["dev.sandcage.service"], "claude");
});

Deno.test("a package version from a project's file never runs as a command", () => {
  const { images } = plan({ packages: ["jq=1;reboot", "tree=$(id)", "a1='b"] });
  const line = images[1]!.dockerfile.split("\n").find((text) => text.includes("apt-install"));
  assert.equal(
    line?.trim(),
    `/opt/cage/build/apt-install 'a1='\\''b' 'jq=1;reboot' 'tree=$(id)'`,
  );
});

for (
  const [what, make, message] of [
    [
      "a mirror that is more than an address",
      () => plan({ image: { ...defaultConfig().image, args: { DEBIAN_MIRROR: "http://x#e;id" } } }),
      /DEBIAN_MIRROR.*#e;id/,
    ],
    ["an unknown architecture", () => plan({}, { facts: { arch: "riscv64" } }), /riscv64/],
    ["a version with shell in it", () => plan({ toolchains: { go: "1;reboot" } }), /"1;reboot"/],
    ["system for .NET", () => plan({ toolchains: { dotnet: "system" } }), /no package.*dotnet/],
    ["a Node version that is none", () => plan({ toolchains: { node: "lts" } }), /"lts".*node/],
  ] as const
) {
  Deno.test(`planImages() refuses ${what} by name`, () => {
    assert.throws(make, (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      assert.ok(error.hint !== undefined);
      assert.ok(error.exit === EXIT.config || error.exit === EXIT.engine);
      return true;
    });
  });
}

Deno.test("planning takes well under 10 ms", () => {
  plan({ packages: ["jq"] });
  // The fastest of many: what others on the machine take is not its time.
  const tookMs = Array.from({ length: 40 }, (_, at) => {
    const startMs = performance.now();
    plan({ packages: [`jq${at}`] });
    return performance.now() - startMs;
  });
  assert.ok(Math.min(...tookMs) < 10, `${tookMs}`);
});

Deno.test("a session without ACP neither builds nor carries the adapter, and shares all its images", () => {
  const [plain, acp] = [plan(), plan({}, { acp: true })];
  assert.ok(!JSON.stringify(plain).includes("claude-agent-acp"));
  const shared = acp.images.slice(0, plain.images.length).map(({ ref }) => ref);
  assert.deepEqual(shared, plain.images.map(({ ref }) => ref));
  assert.notEqual(acp.final.ref, plain.final.ref);
});
