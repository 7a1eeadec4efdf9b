/** Presets mean what the package managers in the image are configured for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { INSIDE, LABEL } from "../../src/names.ts";
import { type ClientHosts, parseClientHosts } from "../../src/preset/client_hosts.ts";
import { makeCaged } from "./support/caged.ts";
import { startInternet } from "./support/internet/internet.ts";
import { GREETING, startRegistry } from "./support/registry/registry.ts";
import { makeWorld, RUN_ID } from "./support/world.ts";

const MIRROR = "mirror.test";

const DOCKERFILE = `FROM sandcage/base
RUN npm config set --location=global registry https://${MIRROR}/npm/
`;

Deno.test("npm's mirror of an image is what the preset npm allows, and nothing else is", async (t) => {
  await using internet = await startInternet();
  await using _registry = await startRegistry(internet, [MIRROR]);
  await using world = await makeCaged("presets", internet);
  const dockerfile = join(world.root, "Dockerfile");
  await Deno.writeTextFile(dockerfile, DOCKERFILE);
  const image = `[image]\ndockerfile = "${dockerfile}"\n`;
  const install = async () => {
    const script = 'cd "$(mktemp -d)" && npm install --silent trusty && ' +
      "node -p 'require(\"trusty\")'; curl -s -o /dev/null -w '%{http_code}' http://allowed.test/";
    return await world.sandcage(["shell", "--", "bash", "-c", script], { timeoutMs: 600_000 });
  };
  await t.step("without the preset the mirror is out of reach", async () => {
    await world.configure(image);
    const { stdout } = await install();
    assert.doesNotMatch(stdout, new RegExp(GREETING));
  });
  await t.step("with it npm works, and another host stays out of reach", async () => {
    await Deno.writeTextFile(join(world.project, ".sandcage.yml"), "network:\n  presets: [npm]\n");
    const trusted = await world.sandcage(["trust", "--yes"]);
    assert.equal(trusted.code, 0, trusted.stderr);
    const { stdout, stderr } = await install();
    assert.deepEqual(stdout.trim().split("\n"), [GREETING, "403"], stderr);
    const allowed = (await world.audit()).find(({ host, decision }) =>
      host === MIRROR && decision === "allow"
    );
    assert.match(allowed?.rule ?? "", /\(preset npm\)/);
  });
  await t.step("the image was asked once", () => {
    const cache = Array.from(Deno.readDirSync(join(world.state, "cache")))
      .filter(({ name }) => name.startsWith("clients-"));
    assert.equal(cache.length, 1);
  });
});

/** Files of a home, the variables of an image, and what the program in it tells then. */
type Row = readonly [
  what: string,
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  want: ClientHosts,
];

const ROWS: readonly Row[] = [
  ["nothing is configured", {}, {}, { pypi: ["default"], crates: ["default"], go: ["default"] }],
  [
    "npm has scopes, and a login that is not told",
    { ".npmrc": "registry=https://me:secret@one.test/npm/\n@a:registry=https://two.test:8443/\n" },
    {},
    { npm: ["https://two.test:8443", "https://one.test"] },
  ],
  [
    "pip and uv have indexes",
    {
      ".config/pip/pip.conf": "[global]\nindex-url = https://me:secret@one.test/simple\n" +
        "extra-index-url =\n  https://two.test/a\n  http://three.test:8080/b\n",
      ".config/uv/uv.toml": '[[index]]\nname = "x"\nurl = "https://four.test/simple"\n',
    },
    { UV_INDEX: "five=https://five.test/simple" },
    {
      pypi: [
        ...["https://one.test", "https://two.test", "http://three.test:8080"],
        ...["https://four.test", "https://five.test"],
      ],
    },
  ],
  [
    "an index beside pip's own",
    {},
    { PIP_EXTRA_INDEX_URL: "https://more.test/simple" },
    { pypi: ["default", "https://more.test"] },
  ],
  [
    "cargo's source is replaced along a chain, beside another registry",
    {
      ".cargo/config.toml": '[source.crates-io]\nreplace-with = "a"\n[source.a]\n' +
        'replace-with = "b"\n[source.b]\nregistry = "sparse+https://mirror.test/index/"\n' +
        '[registries.own]\nindex = "sparse+https://own.test/index/"\n',
    },
    {},
    { crates: ["https://mirror.test", "https://own.test"] },
  ],
  [
    "cargo's sources replace each other",
    {
      ".cargo/config.toml": '[source.crates-io]\nreplace-with = "a"\n' +
        '[source.a]\nreplace-with = "crates-io"\nregistry = "https://a.test/git"\n',
    },
    {},
    { crates: ["https://a.test"] },
  ],
  [
    "files are broken",
    {
      ".config/pip/pip.conf": "index-url\0[[[",
      ".config/uv/uv.toml": "= = =",
      ".cargo/config.toml": "[source",
    },
    {},
    { pypi: ["default"], crates: ["default"], go: ["default"] },
  ],
];

Deno.test("the program in the image tells what is configured", async (t) => {
  await using world = await makeWorld("registry-hosts");
  const built = await world.sandcage(["build", "shell"], { timeoutMs: 600_000 });
  assert.equal(built.code, 0, built.stderr);
  const image = /sandcage\/shell:\w+/.exec(built.stdout)?.[0];
  assert.ok(image !== undefined, built.stdout);
  for (const [what, files, env, want] of ROWS) {
    await t.step(what, async () => {
      const home = await Deno.makeTempDir({ dir: world.root });
      await Deno.chmod(home, 0o755);
      for (const [path, text] of Object.entries(files)) {
        await Deno.mkdir(join(home, path, ".."), { recursive: true });
        await Deno.writeTextFile(join(home, path), text);
      }
      const told = await tell(image, { home, env });
      assert.deepEqual({ ...told, ...want }, told);
      assert.equal(told.debian?.length, 1);
      assert.equal(told.npm?.length, want.npm?.length ?? 1);
    });
  }
});

async function tell(
  image: string,
  given: { home: string; env: Readonly<Record<string, string>> },
): Promise<ClientHosts> {
  const { home, env } = given;
  const pairs = Object.entries({ ...env, HOME: "/h" }).map(([name, value]) => `${name}=${value}`);
  const result = await run("docker", [
    ...["run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp"],
    ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.project}=/${RUN_ID}`],
    ...["--user", "65532:65532", "--volume", `${home}:/h:ro`],
    ...pairs.flatMap((pair) => ["--env", pair]),
    ...["--entrypoint", `${INSIDE.bin}/registry-hosts`, image],
  ], { timeoutMs: 60_000 });
  assert.equal(result.code, 0, result.stderr);
  const hosts = parseClientHosts(result.stdout);
  assert.ok(hosts !== undefined, result.stdout);
  return hosts;
}
