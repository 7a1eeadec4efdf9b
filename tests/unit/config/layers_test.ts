import assert from "node:assert/strict";
import { loadConfig } from "../../../src/config/layers.ts";
import type { ConfigLayer } from "../../../src/config/schema.ts";
import { UserError } from "../../../src/errors.ts";
import { makeSandbox } from "./support.ts";

Deno.test("loadConfig() gives the defaults where no file exists", async (t) => {
  await using box = await makeSandbox();
  const { config, layers } = await loadConfig(box.project, { host: box.host });
  assert.deepEqual(layers.map(({ name }) => name), ["defaults"]);
  await t.assertSnapshot(config);
});

Deno.test("loadConfig() puts all five layers on top of each other", async (t) => {
  await using box = await makeSandbox();
  await box.writeUser(
    'packages = ["fd-find", "jq"]\n[limits]\nmemory = "4g"\n[env]\nA = "user"\nB = "user"\n',
  );
  await box.write(
    ".sandcage.yml",
    "version: 1\npackages: [jq, ripgrep]\nenv: {B: project, C: project}\ntoolchains: {python: 3.10}\n",
  );
  await box.write(".sandcage.local.yml", "env:\n  C: local\nlimits: {cpus: 2}\nservices:\n");
  const flags: ConfigLayer = { network: { mode: "none" } };
  const { config, origins, layers } = await loadConfig(box.project, { host: box.host, flags });
  assert.deepEqual(
    layers.map(({ name }) => name),
    ["defaults", "user", "project", "local", "flags"],
  );
  const shown = [...origins].filter(([, { layer }]) => layer !== "defaults").map(([key, origin]) =>
    `${key}: ${origin.layer} ${origin.line}:${origin.column}`
  );
  await t.assertSnapshot({
    packages: config.packages,
    env: config.env,
    limits: config.limits,
    toolchains: config.toolchains,
    network: config.network.mode,
    origins: shown.sort(),
  });
});

Deno.test("loadConfig() resets lists, maps, sections and scalars, in YAML and TOML", async () => {
  await using box = await makeSandbox();
  await box.writeUser(
    'home = "project"\npackages = ["a1", "b1"]\n[env]\nA = "1"\n[limits]\ncpus = 1\n[workspace]\nhide = ["x"]\n',
  );
  await box.write(
    ".sandcage.yml",
    "packages: !reset [jq]\nenv: !reset {B: '2'}\nlimits: !reset\nhome: !reset\nworkspace: {hide: !reset }\n",
  );
  const first = (await loadConfig(box.project, { host: box.host })).config;
  assert.deepEqual(first.packages, ["jq"]);
  assert.deepEqual(first.env, { B: "2" });
  assert.equal(first.limits.cpus, 4);
  assert.equal(first.home, "service");
  assert.deepEqual(first.workspace.hide, []);
  await box.write(".sandcage.yml", "packages: [jq]\nworkspace: {hide: [y]}\n");
  await box.writeUser('"!reset" = ["packages", "limits"]\npackages = ["z1"]\n');
  const second = (await loadConfig(box.project, { host: box.host })).config;
  assert.deepEqual(second.packages, ["z1", "jq"]);
});

Deno.test("loadConfig() makes host paths absolute from their file's folder, ~ and links", async () => {
  await using box = await makeSandbox();
  await Deno.mkdir(`${box.project}/data`);
  await Deno.mkdir(`${box.host.home}/shared`);
  await Deno.symlink(`${box.host.home}/shared`, `${box.project}/link`);
  await box.writeUser('[image]\nca = ["ca.pem"]\n');
  await box.write(
    ".sandcage.yml",
    "image: {dockerfile: docker/Dockerfile}\nmounts: [{source: ./data}, {source: link}, {source: absent}]\nworkspace: {dirs: [~/shared]}\n",
  );
  const { config } = await loadConfig(box.project, { host: box.host });
  assert.equal(config.image.dockerfile, `${box.project}/docker/Dockerfile`);
  assert.deepEqual(config.image.ca, [`${box.host.stateDir}/ca.pem`]);
  assert.deepEqual(config.mounts, [
    { source: `${box.project}/data` },
    { source: `${box.host.home}/shared`, target: `${box.project}/link` },
    { source: `${box.project}/absent` },
  ]);
  assert.deepEqual(config.workspace.dirs, [`${box.host.home}/shared`]);
});

Deno.test("loadConfig() refuses host paths no cage may see, whoever asks", async () => {
  await using box = await makeSandbox();
  await Deno.mkdir(`${box.host.home}/.ssh`);
  await Deno.mkdir(`${box.host.home}/engine`);
  await Deno.writeTextFile(`${box.host.home}/engine/d.sock`, "");
  await Deno.symlink(`${box.host.home}/.ssh`, `${box.project}/innocent`);
  const host = { ...box.host, env: { DOCKER_HOST: `unix://${box.host.home}/engine/d.sock` } };
  const bad = [
    "/",
    box.host.home,
    `${box.host.home}/..`,
    "~",
    "~/.ssh",
    "~/.ssh/id_ed25519",
    "~/.sandcage",
    "~/.sandcage/cages",
    "./innocent",
    "./innocent/id_ed25519",
    "/var/run/docker.sock",
    "/run",
    "/var/run",
    "~/engine",
    "~/engine/d.sock",
  ];
  for (const path of bad) {
    for (
      const flags of [{ mounts: [{ source: path }] }, { workspace: { dirs: [path] } }] as const
    ) {
      await assert.rejects(
        loadConfig(box.project, { host, flags: flags as unknown as ConfigLayer }),
        (error) =>
          error instanceof UserError && error.exit === 3 && /may never be/.test(error.message),
        path,
      );
    }
  }
});

Deno.test("loadConfig() keeps what it was given as flags", async () => {
  await using box = await makeSandbox();
  const flags: ConfigLayer = { mounts: [{ source: "data" }], packages: ["jq"] };
  const before = structuredClone(flags);
  await loadConfig(box.project, { host: box.host, flags });
  assert.deepEqual(flags, before);
});

Deno.test("loadConfig() calls a wrong flag a usage error", async () => {
  await using box = await makeSandbox();
  const flags = { limits: { memory: "lots" } } as ConfigLayer;
  await assert.rejects(loadConfig(box.project, { host: box.host, flags }), {
    name: "UserError",
    exit: 2,
    message: 'command line: limits.memory: expected a size such as 512m, 8g or 10MiB, got "lots"',
  });
});
