/**
 * Agents of a registry of the official format on loopback, installed for real: from npm, from
 * archives of every kind, from a Python index. Each one answers an editor's first message in its
 * cage; what is refused leaves nothing behind.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { docker } from "../../tools/engine_state.ts";
import { type AgentsRegistry, serveAgents, sha256 } from "./support/agents_registry.ts";
import { type Entry, packTarGz, packZip } from "./support/archives.ts";
import { exists, waitFor } from "./support/files.ts";
import { makeWorld, RUN_ID, type World } from "./support/world.ts";

/** An install builds two small images. */
const INSTALL_MS = 300_000;

const PLATFORM = `linux-${Deno.build.arch}`;

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: 1, clientCapabilities: {} },
}) + "\n";

const ANSWER = '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":1}}';

/** Answers an editor's first message, and a person who runs it in a terminal. */
const PROGRAM = `#!/bin/sh
[ "$1" = --version ] && { echo 'tiny 1.0.0'; exit; }
read -r line
printf '%s\\n' '${ANSWER}'
`;

/** `agent` of {@link ANSWER}, by tar and bzip2: nothing in Deno packs that. */
const TAR_BZ2 = Uint8Array.fromBase64(
  "QlpoOTFBWSZTWZbe3NgAAH/bhMyQeof7kAEMf/XeChAACAggAJIRKfqGptNANTIwAjBNo9TQSkFPFHpAaB6mINPUBo" +
    "Gl2a9SgQHtEBCm7XA2xwvQEFBnt6TZN0dMLJu8Uy+Cr6PzpFVC9lWBjRN+XQwQmtBdjZR5VsdauHN4emffFrKM+ull" +
    "7xJYoPBEUZ2201MEoQGUX8xQ8C0wk00oFJKZDJHDqgGQWaYaY2GMYA7F3JFOFCQlt7c2AA==",
);

const AGENT: Entry = { name: "agent", text: PROGRAM, mode: 0o755 };

/** Ids are new for each run: images of another run prove nothing. */
const id = (name: string) => `${RUN_ID.toLowerCase()}-${name}`;

/** An entry whose archive the registry itself serves. */
function archived(
  registry: AgentsRegistry,
  name: string,
  options: { file: string; bytes: Uint8Array<ArrayBuffer>; cmd?: string; sum?: string | null },
) {
  const { file, bytes, cmd = "./agent", sum = sha256(bytes) } = options;
  registry.files.set(`/${file}`, bytes);
  return {
    id: id(name),
    name: `Tiny ${name}`,
    version: "1.0.0",
    description: "An agent of the tests",
    distribution: {
      binary: {
        [PLATFORM]: {
          archive: `${registry.url}/${file}`,
          cmd,
          args: ["--acp"],
          env: { TINY: "yes" },
          ...(sum === null ? {} : { sha256: sum }),
        },
      },
    },
  };
}

/** Its cages have no network at all: what an agent needs is in its image. */
async function makeRegistryWorld(name: string, registry: AgentsRegistry): Promise<World> {
  const world = await makeWorld(name, { network: 'mode = "none"' });
  Object.assign(world.env, registry.env);
  const dispose = world[Symbol.asyncDispose];
  return Object.assign(world, {
    async [Symbol.asyncDispose]() {
      // What a failed test left; ids of this run are in the names.
      const reference = `reference=sandcage/*${id("")}*`;
      const images = await docker(["image", "ls", "--quiet", "--filter", reference]);
      const unique = [...new Set(images.split("\n").filter((line) => line !== ""))];
      if (unique.length > 0) await docker(["image", "rm", "--force", ...unique]);
      await dispose();
    },
  });
}

async function readRecord(world: World): Promise<{ agents: object; pins: object }> {
  const path = join(world.state, "registry", "installed.json");
  return await exists(path) ? JSON.parse(await Deno.readTextFile(path)) : { agents: {}, pins: {} };
}

async function listArchives(world: World): Promise<string[]> {
  const dir = join(world.state, "registry", "archives");
  if (!await exists(dir)) return [];
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
}

/** Folders of builds that are under way, or were when somebody killed them. */
async function listBuilds(world: World): Promise<string[]> {
  const dir = join(world.state, "tmp");
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
}

async function listImages(name: string): Promise<string[]> {
  const label = `label=dev.sandcage.service=${name}`;
  const text = await docker(["image", "ls", "--filter", label, "--format", "{{.Repository}}"]);
  return text.split("\n").filter((line) => line !== "").sort();
}

/** Nothing of an agent: no record, no archive, no image. */
async function assertNothing(world: World, name: string): Promise<void> {
  assert.deepEqual(Object.keys((await readRecord(world)).agents), []);
  assert.deepEqual(await listArchives(world), []);
  assert.deepEqual(await listImages(name), []);
}

Deno.test("an agent from npm is installed with its exact version and answers in its cage", async () => {
  await using registry = serveAgents();
  const name = id("npm");
  registry.agents = [{
    id: name,
    name: "Tiny from npm",
    version: "3.0.0",
    description: "A package of npm with one program",
    // The registry names no version: what npm has now is recorded.
    distribution: { npx: { package: "semver@^7.5.0", args: ["1.2.3"], env: { TINY: "yes" } } },
  }];
  await using world = await makeRegistryWorld("acp-npm", registry);
  const installed = await world.sandcage(
    ["acp", "install", name, "--domain", "api.example.test", "--json"],
    { timeoutMs: INSTALL_MS },
  );
  assert.equal(installed.code, 0, installed.stderr);
  const outcome = JSON.parse(installed.stdout);
  assert.match(outcome.origin.package, /^semver@7\.\d+\.\d+$/);
  assert.match(outcome.origin.integrity, /^sha512-/);
  assert.deepEqual([outcome.outcome, outcome.domains], ["installed", ["api.example.test"]]);
  const asked = registry.asked.length;
  const relayed = await world.sandcage(["acp", "run", name], { stdin: INITIALIZE });
  assert.equal(relayed.code, 0, relayed.stderr);
  assert.equal(
    relayed.stdout,
    "1.2.3\n",
    "acp run starts the program with the registry's arguments",
  );
  const plain = await world.sandcage([name, "--", "4.5.6", "bad"]);
  assert.equal(plain.stdout, "4.5.6\n", "a terminal starts it without them");
  const block = await world.sandcage(["acp", "config", "zed", name]);
  assert.match(block.stdout, new RegExp(`"Tiny from npm \\(sandcage\\)".*\n.*\n.*\n.*"${name}"`));
  const all = await world.sandcage(["acp", "config", "zed"]);
  assert.match(all.stdout, /Claude Code[\s\S]*Tiny from npm/);
  const env = await world.sandcage(["run", name, "--shell", "--", "sh", "-c", "echo $TINY"]);
  assert.equal(env.stdout, "yes\n");
  assert.equal(registry.asked.length, asked);
  const rules = await world.sandcage(["domain", "list"]);
  assert.match(rules.stdout, new RegExp(`api\\.example\\.test +service ${name}`));
  const listed = await world.sandcage(["acp", "installed", "--json"]);
  assert.deepEqual(JSON.parse(listed.stdout).map((agent: { id: string }) => agent.id), [name]);
  const removed = await world.sandcage(["acp", "remove", name, "--home"]);
  assert.equal(removed.code, 0, removed.stderr);
  await assertNothing(world, name);
  const gone = await world.sandcage(["acp", "run", name]);
  assert.deepEqual([gone.code, gone.stdout], [2, ""]);
});

// Both endings of a kind are one format: `choose_test.ts`.
Deno.test("an archive of every kind becomes an agent that answers in its cage", async () => {
  await using registry = serveAgents();
  await using world = await makeRegistryWorld("acp-archives", registry);
  const inside = { ...AGENT, name: "tiny-1.0/bin/agent" };
  const kinds = [
    archived(registry, "zip", {
      file: "tiny.zip",
      bytes: packZip([inside]),
      cmd: "./tiny-1.0/bin/agent",
    }),
    archived(registry, "tgz", {
      file: "tiny.tgz",
      bytes: packTarGz([inside, { name: "start", kind: "link", target: "tiny-1.0/bin/agent" }]),
      cmd: "./start",
    }),
    archived(registry, "tbz2", { file: "tiny.tbz2", bytes: TAR_BZ2 }),
    archived(registry, "raw", {
      file: "tiny-linux",
      bytes: new TextEncoder().encode(PROGRAM),
      cmd: "./tiny",
    }),
  ];
  registry.agents = kinds;
  for (const kind of kinds) {
    const installed = await world.sandcage(["acp", "install", kind.id], { timeoutMs: INSTALL_MS });
    assert.deepEqual([installed.code, installed.stdout], [0, ""], installed.stderr);
    const relayed = await world.sandcage(["acp", "run", kind.id], { stdin: INITIALIZE });
    assert.equal(relayed.stdout, `${ANSWER}\n`, relayed.stderr);
  }
  const examined = await world.sandcage(["acp", "doctor", kinds[0]!.id, "--json"]);
  const { protocolVersion, session } = JSON.parse(examined.stdout);
  assert.deepEqual([examined.code, protocolVersion, session], [1, 1, false], "it has one answer");
  assert.equal((await listArchives(world)).length, kinds.length);
  for (const kind of kinds) {
    const removed = await world.sandcage(["acp", "remove", kind.id, "--home"]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.deepEqual(await listImages(kind.id), []);
  }
  assert.deepEqual(await listArchives(world), []);
});

Deno.test("an update brings another version and takes the old images along", async () => {
  await using registry = serveAgents();
  await using world = await makeRegistryWorld("acp-update", registry);
  const first = archived(registry, "update", { file: "one.tgz", bytes: packTarGz([AGENT]) });
  registry.agents = [first];
  const installed = await world.sandcage(["acp", "install", first.id], { timeoutMs: INSTALL_MS });
  assert.equal(installed.code, 0, installed.stderr);
  const same = await world.sandcage(["acp", "update"], { timeoutMs: INSTALL_MS });
  assert.match(same.stderr, /1\.0\.0 is up to date/);
  const newer = { ...AGENT, text: PROGRAM.replace("tiny 1.0.0", "tiny 2.0.0") };
  registry.agents = [{
    ...archived(registry, "update", { file: "two.tgz", bytes: packTarGz([newer]) }),
    version: "2.0.0",
  }];
  const updated = await world.sandcage(["acp", "update", first.id, "--json"], {
    timeoutMs: INSTALL_MS,
  });
  assert.equal(updated.code, 0, updated.stderr);
  const { agents, failures } = JSON.parse(updated.stdout);
  assert.deepEqual([agents[0].outcome, agents[0].previous, agents[0].version, failures], [
    "updated",
    "1.0.0",
    "2.0.0",
    [],
  ]);
  assert.deepEqual(await listImages(first.id), [
    `sandcage/agent-${first.id}`,
    `sandcage/${first.id}`,
  ]);
  const run = await world.sandcage(["run", first.id, "--", "--version"]);
  assert.equal(run.stdout, "tiny 2.0.0\n", run.stderr);
  assert.deepEqual((await listArchives(world)).length, 1);
  const removed = await world.sandcage(["acp", "remove", first.id, "--home"]);
  assert.equal(removed.code, 0, removed.stderr);
});

Deno.test("what cannot be verified is refused, pinned on first use, and never taken changed", async () => {
  await using registry = serveAgents();
  await using world = await makeRegistryWorld("acp-verify", registry);
  const bytes = packTarGz([AGENT]);
  const name = id("verify");
  const install = (...more: string[]) =>
    world.sandcage(["acp", "install", name, ...more], { timeoutMs: INSTALL_MS });
  registry.agents = [
    archived(registry, "verify", { file: "t.tgz", bytes, sum: "0".repeat(64) }),
  ];
  const wrong = await install("--allow-unverified");
  assert.equal(wrong.code, 6, wrong.stderr);
  assert.match(wrong.stderr, /is not what it should be[\s\S]*the registry says: 0{64}/);
  await assertNothing(world, name);
  registry.agents = [archived(registry, "verify", { file: "t.tgz", bytes, sum: null })];
  const asked = await world.sandcage(["acp", "update"]);
  assert.equal(asked.code, 0);
  // The copy is three hours fresh; the update has asked anew.
  const files = registry.asked.length;
  const missing = await install("--json");
  assert.deepEqual([missing.code, missing.stdout], [6, ""]);
  assert.equal(JSON.parse(missing.stderr.trim().split("\n").at(-1)!).code, "denied");
  assert.equal(registry.asked.length, files, "nothing is fetched that would be refused");
  const trusted = await install("--allow-unverified");
  assert.equal(trusted.code, 0, trusted.stderr);
  assert.deepEqual(Object.values((await readRecord(world)).pins), [sha256(bytes)]);
  assert.equal((await world.sandcage(["acp", "remove", name, "--home"])).code, 0);
  registry.files.set("/t.tgz", packTarGz([{ ...AGENT, text: `${PROGRAM}# changed\n` }]));
  const changed = await install("--allow-unverified");
  assert.equal(changed.code, 6, changed.stderr);
  assert.match(changed.stderr, /the first download had: /);
  await assertNothing(world, name);
});

const link = (name: string, target: string): Entry => ({ name, kind: "link", target });

/** What is wrong, what is said about it, the archive's name, its bytes. */
const HOSTILE: [string, RegExp, string, Uint8Array<ArrayBuffer>][] = [
  ...([
    ["a path that climbs out", /"\.\." in a path/, [{ name: "../evil", text: "x" }]],
    ["an absolute path", /absolute path/, [{ name: "/etc/evil", text: "x" }]],
    ["a path of another system", /backslash in a path/, [{ name: "a\\..\\evil", text: "x" }]],
    ["a link that leads out", /link to '\.\.\/\.\.\/bin', outside/, [link("out", "../../bin")]],
    ["a link with an absolute end", /link to '\/etc'/, [link("out", "/etc")]],
    ["a link that leads out by another", /outside/, [
      link("dir/up", ".."),
      link("out", "dir/up/../../bin"),
    ]],
    ["links in a circle", /in a circle/, [link("a", "b"), link("b", "a")]],
    ["a file below a link", /below something that is no folder/, [
      link("a", "."),
      { name: "a/evil", text: "x" },
    ]],
    ["a hard link to the image", /absolute link/, [
      { name: "a", kind: "hard", target: "/etc/passwd" },
    ]],
    ["a hard link to nothing", /hard link to 'gone'/, [{
      name: "a",
      kind: "hard",
      target: "gone",
    }]],
    ["a device", /neither file, folder nor link/, [{ name: "null", kind: "device" }]],
    ["names that differ in case", /only in its spelling/, [
      { name: "Readme", text: "x" },
      { name: "README", text: "y" },
    ]],
    ["one name twice", /listed twice/, [{ name: "a", text: "x" }, { name: "a", text: "y" }]],
    ["a bomb", /unpacks to more than 64 MiB/, [
      { name: "zeros", text: "\0".repeat(65 * 1024 * 1024) },
    ]],
  ] satisfies [string, RegExp, Entry[]][]).map((
    [what, words, entries],
  ): (typeof HOSTILE)[number] => [what, words, "tgz", packTarGz([AGENT, ...entries])]),
  ["no program where it should be", /holds no program/, "tgz", packTarGz([{ name: "other" }])],
  ["a zip path that climbs out", /"\.\." in a path/, "zip", packZip([AGENT, { name: "../evil" }])],
  ["a zip link that leads out", /link to '\/etc'/, "zip", packZip([AGENT, link("a", "/etc")])],
  ["half an archive", /cannot read the archive/, "tgz", packTarGz([AGENT]).slice(0, 60)],
  ["no archive at all", /cannot read the archive/, "zip", new TextEncoder().encode("<html>")],
  ["no bzip2", /cannot read the archive/, "tar.bz2", packTarGz([AGENT])],
];

/** Runs the step of an image build for every archive of a folder: what it says, or what it made. */
const JUDGE = `cd /judged
for file in *; do
  python3 -I /agent-archive "\${file#*.}" "$file" "/tmp/$file/agent" agent 2>"/tmp/said"
  echo "$file $? $(tr '\n' ' ' </tmp/said)[$(ls "/tmp/$file" 2>/dev/null)]"
done`;

Deno.test("an archive that means harm is refused before any of it is written", async () => {
  await using world = await makeWorld("acp-judge");
  const built = await world.sandcage(["build", "shell"], { timeoutMs: INSTALL_MS });
  assert.equal(built.code, 0, built.stderr);
  const image = /sandcage\/shell:\w+/.exec(built.stdout)![0];
  const judged = join(world.root, "judged");
  await Deno.mkdir(judged);
  for (const [index, [, , ending, bytes]] of HOSTILE.entries()) {
    const format = ending === "tgz" ? "tar.gz" : ending;
    await Deno.writeFile(join(judged, `${index}.${format}`), bytes);
  }
  // The control: what means no harm is taken.
  await Deno.writeFile(join(judged, `${HOSTILE.length}.tar.gz`), packTarGz([AGENT]));
  await Deno.writeFile(join(judged, `${HOSTILE.length + 1}.tar.bz2`), TAR_BZ2);
  const script = fileURLToPath(new URL("../../images/agent/agent-archive", import.meta.url));
  const said = await docker([
    ...["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh"],
    ...["--volume", `${judged}:/judged:ro`, "--volume", `${script}:/agent-archive:ro`],
    ...[image, "-c", JUDGE],
  ]);
  const lines = new Map(said.split("\n").map((line) => [Number(line.split(".")[0]), line]));
  for (const index of [HOSTILE.length, HOSTILE.length + 1]) {
    assert.match(lines.get(index) ?? "", /^\S+ 0 \[agent/);
  }
  for (const [index, [what, words, ending]] of HOSTILE.entries()) {
    const format = ending === "tgz" ? "tar.gz" : ending;
    const line = lines.get(index) ?? "";
    assert.match(line, words, what);
    // Refused, and the folder above it holds nothing: neither the agent nor a command.
    assert.match(line, new RegExp(`^${index}\\.${format} 1 agent-archive: .*\\[\\]$`), what);
  }
});

Deno.test("a refused archive leaves no agent, no image and no file", async () => {
  await using registry = serveAgents();
  await using world = await makeRegistryWorld("acp-hostile", registry);
  const [what, words, ending, bytes] = HOSTILE[0]!;
  const agent = archived(registry, "hostile", { file: `hostile.${ending}`, bytes });
  registry.agents = [agent];
  const result = await world.sandcage(["acp", "install", agent.id], { timeoutMs: INSTALL_MS });
  assert.deepEqual([result.code, result.stdout], [1, ""], `${what}: ${result.stderr}`);
  assert.match(result.stderr, words, what);
  await assertNothing(world, agent.id);
});

Deno.test("what is not offered, not known or not whole is said, and nothing is installed", async () => {
  await using registry = serveAgents();
  await using world = await makeRegistryWorld("acp-absent", registry);
  const elsewhere = archived(registry, "elsewhere", { file: "x.tgz", bytes: packTarGz([AGENT]) });
  const { [PLATFORM]: source, ...none } = elsewhere.distribution.binary;
  const cut = archived(registry, "cut", { file: "cut.tgz", bytes: packTarGz([AGENT]) });
  registry.files.set("/cut.tgz", () => new Response("Gone", { status: 410 }));
  registry.agents = [
    { ...elsewhere, distribution: { binary: { ...none, "windows-x86_64": source } } },
    cut,
    { id: id("broken"), name: "Broken" },
  ];
  const rows: [string, number, RegExp][] = [
    [id("elsewhere"), 1, new RegExp(`not offered for ${PLATFORM}.*\\n.*windows-x86_64`)],
    [id("elswhere"), 2, new RegExp(`no agent .*\\n.*${id("elsewhere")}`)],
    [id("cut"), 1, /it answered 410/],
    [id("broken"), 1, /"version" is missing|"distribution" is missing/],
    ["constructor", 2, /no agent "constructor"/],
    ["a@b@c", 2, /Cannot read the agent/],
  ];
  for (const [name, code, words] of rows) {
    const result = await world.sandcage(["acp", "install", name]);
    assert.deepEqual([result.code, result.stdout], [code, ""], result.stderr);
    assert.match(result.stderr, words);
    await assertNothing(world, name);
  }
});

Deno.test("an installation killed in the middle leaves nothing, and the next one works", async () => {
  await using registry = serveAgents();
  await using world = await makeRegistryWorld("acp-killed", registry);
  const bytes = packTarGz([AGENT]);
  const agent = archived(registry, "killed", { file: "slow.tgz", bytes });
  registry.agents = [agent];
  registry.files.set("/slow.tgz", () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.subarray(0, 64));
        },
      }),
    ));
  const child = world.spawn(["acp", "install", agent.id]);
  await waitFor("the download", async () => (await listArchives(world)).length > 0 || undefined);
  await child.end("SIGKILL");
  assert.deepEqual(Object.keys((await readRecord(world)).agents), []);
  assert.deepEqual(await listImages(agent.id), []);
  registry.files.set("/slow.tgz", bytes);
  const again = await world.sandcage(["acp", "install", agent.id], { timeoutMs: INSTALL_MS });
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(await listArchives(world), [sha256(bytes)]);
  assert.equal((await world.sandcage(["acp", "remove", agent.id, "--home"])).code, 0);
});

/** An index of Python packages where builds reach it, and nobody beyond does; with one agent in it. */
function servePython() {
  const hostname =
    Deno.networkInterfaces().find(({ name, family }) => name === "docker0" && family === "IPv4")!
      .address;
  const index = serveAgents({ hostname });
  const wheel = packZip([
    {
      name: "tiny_acp/__init__.py",
      text: `def main():\n    input()\n    print('${ANSWER}')\n`,
    },
    {
      name: "tiny_acp-0.4.2.dist-info/METADATA",
      text: "Metadata-Version: 2.1\nName: tiny-acp\nVersion: 0.4.2\n",
    },
    {
      name: "tiny_acp-0.4.2.dist-info/WHEEL",
      text: "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    },
    {
      name: "tiny_acp-0.4.2.dist-info/entry_points.txt",
      text: "[console_scripts]\ntiny-acp = tiny_acp:main\n",
    },
    { name: "tiny_acp-0.4.2.dist-info/RECORD", text: "" },
  ]);
  const file = "tiny_acp-0.4.2-py3-none-any.whl";
  index.files.set(`/simple/tiny-acp/${file}`, wheel);
  const page = `<a href="${file}#sha256=${sha256(wheel)}">${file}</a>`;
  const answer = () => new Response(page, { headers: { "content-type": "text/html" } });
  index.files.set("/simple/tiny-acp/", answer);
  const env = { PIP_INDEX_URL: `${index.url}/simple/`, PIP_TRUSTED_HOST: hostname };
  return Object.assign(index, { pip: env, page: answer });
}

function pythonAgent(name: string) {
  return {
    id: name,
    name: "Tiny from Python",
    version: "0.4.2",
    description: "A package of a Python index",
    distribution: { uvx: { package: "tiny-acp@0.4.2", args: ["acp"] } },
  };
}

Deno.test("an agent of a Python index is installed with its dependencies and answers", async () => {
  await using index = servePython();
  await using registry = serveAgents();
  const name = id("python");
  registry.agents = [pythonAgent(name)];
  await using world = await makeRegistryWorld("acp-python", registry);
  const installed = await world.sandcage(["acp", "install", name], {
    timeoutMs: INSTALL_MS,
    env: index.pip,
  });
  assert.equal(installed.code, 0, installed.stderr);
  const relayed = await world.sandcage(["acp", "run", name], { stdin: INITIALIZE });
  assert.equal(relayed.stdout, `${ANSWER}\n`, relayed.stderr);
  assert.equal((await world.sandcage(["acp", "remove", name, "--home"])).code, 0);
});

Deno.test("an installation killed while its image is built leaves no agent, and the next one works", async () => {
  await using index = servePython();
  await using registry = serveAgents();
  const name = id("half");
  registry.agents = [pythonAgent(name)];
  await using world = await makeRegistryWorld("acp-half", registry);
  // The build is inside its step for as long as the index thinks about it.
  const release = Promise.withResolvers<void>();
  index.files.set("/simple/tiny-acp/", () => {
    const body = new ReadableStream({
      async pull(controller) {
        await release.promise;
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/html" } });
  });
  const child = world.spawn(["acp", "install", name], { env: index.pip });
  await waitFor(
    "the build",
    () => Promise.resolve(index.asked.includes("/simple/tiny-acp/") || undefined),
    { timeoutMs: INSTALL_MS },
  );
  await child.end("SIGKILL");
  const listed = await world.sandcage(["acp", "installed", "--json"]);
  assert.deepEqual(JSON.parse(listed.stdout), []);
  assert.deepEqual((await world.sandcage(["acp", "run", name])).code, 2, "it is no service");
  assert.deepEqual((await readRecord(world)).agents, {});
  release.resolve();
  // The engine's client ends by itself when its build has failed.
  await waitFor("the end of the build", async () => {
    const commands = await Promise.all(
      [...Deno.readDirSync("/proc")].map((entry) =>
        Deno.readTextFile(`/proc/${entry.name}/cmdline`).catch(() => "")
      ),
    );
    return commands.every((command) => !command.includes(world.root)) || undefined;
  });
  assert.deepEqual(await listImages(name), []);
  index.files.set("/simple/tiny-acp/", index.page);
  const again = await world.sandcage(["acp", "install", name], {
    timeoutMs: INSTALL_MS,
    env: index.pip,
  });
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(await listBuilds(world), [], "what the killed build worked with is gone");
  const relayed = await world.sandcage(["acp", "run", name], { stdin: INITIALIZE });
  assert.equal(relayed.stdout, `${ANSWER}\n`, relayed.stderr);
  assert.equal((await world.sandcage(["acp", "remove", name, "--home"])).code, 0);
  await assertNothing(world, name);
});
