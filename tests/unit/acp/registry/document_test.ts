import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRegistry } from "../../../../src/acp/registry/document.ts";
import { findKnownDomains, readOfflineRegistry } from "../../../../src/acp/registry/offline.ts";
import { chooseDistribution, parseNpxPackage } from "../../../../src/acp/registry/choose.ts";
import { parseHostPattern } from "../../../../src/policy/host.ts";

const ENTRY = {
  id: "tiny",
  name: "Tiny",
  version: "1.2.3",
  description: "An agent",
  distribution: { npx: { package: "tiny@1.2.3" } },
};

const SUM = "AB".repeat(32);

Deno.test("a document is read, keys of later versions passed over", () => {
  const registry = parseRegistry({
    version: "9.0.0",
    extensions: [],
    agents: [{
      ...ENTRY,
      icon: "x.svg",
      preview: { version: "2.0.0" },
      distribution: {
        npx: { package: "tiny@1.2.3", args: ["--acp"], env: { A: "1" }, later: 1 },
        binary: {
          "linux-x86_64": { archive: "https://x/t.tgz", cmd: "./tiny", sha256: SUM },
          "windows-x86_64": { archive: "https://x/t.zip", cmd: "./t\\t.exe", args: [] },
        },
        flatpak: {},
      },
    }, { ...ENTRY, id: "abc" }],
  });
  assert.deepEqual(registry, {
    agents: [
      {
        ...ENTRY,
        id: "abc",
        distribution: { npx: { package: "tiny@1.2.3", args: [], env: {} } },
      },
      {
        ...ENTRY,
        distribution: {
          npx: { package: "tiny@1.2.3", args: ["--acp"], env: { A: "1" } },
          binary: {
            "linux-x86_64": {
              archive: "https://x/t.tgz",
              cmd: "./tiny",
              args: [],
              env: {},
              sha256: SUM.toLowerCase(),
            },
            "windows-x86_64": { archive: "https://x/t.zip", cmd: "./t\\t.exe", args: [], env: {} },
          },
        },
      },
    ],
    problems: [],
  });
});

const binary = (source: object) => ({
  ...ENTRY,
  distribution: { binary: { "linux-x86_64": source } },
});

const BROKEN: [string, unknown, RegExp][] = [
  ["no object", 7, /is no object/],
  ["no id", { ...ENTRY, id: undefined }, /"id" is missing/],
  ["an id that is a path", { ...ENTRY, id: "../x" }, /the id is not/],
  ["an id in capitals", { ...ENTRY, id: "Tiny" }, /the id is not/],
  ["an id without end", { ...ENTRY, id: "x".repeat(42) }, /the id is not/],
  ["an id that ends in a hyphen", { ...ENTRY, id: "tiny-" }, /the id is not/],
  ["no name", { ...ENTRY, name: "" }, /"name" is missing/],
  ["no version", { ...ENTRY, version: 1 }, /"version" is missing/],
  ["no distribution", { ...ENTRY, distribution: undefined }, /"distribution" is missing/],
  ["an unknown distribution", { ...ENTRY, distribution: { flatpak: {} } }, /none of npx, uvx/],
  ["npx without package", { ...ENTRY, distribution: { npx: {} } }, /"package" is missing/],
  [
    "arguments that are text",
    { ...ENTRY, distribution: { npx: { package: "a", args: "b" } } },
    /"args"/,
  ],
  [
    "an argument with NUL",
    { ...ENTRY, distribution: { npx: { package: "a", args: ["\0"] } } },
    /"args"/,
  ],
  ["a variable that is none", {
    ...ENTRY,
    distribution: { npx: { package: "a", env: { "A B": "" } } },
  }, /"env.A B"/],
  ["an archive without command", binary({ archive: "https://x" }), /"cmd" is missing/],
  [
    "a checksum that is none",
    binary({ archive: "https://x", cmd: "./a", sha256: "beef" }),
    /64 hex/,
  ],
  ["an id that is there already", ENTRY, /there twice/],
];

for (const [what, entry, words] of BROKEN) {
  Deno.test(`an entry with ${what} is left out and named, the others stay`, () => {
    const { agents, problems } = parseRegistry({ agents: [ENTRY, entry] });
    assert.deepEqual(agents.map(({ id }) => id), ["tiny"]);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!.problem, words);
  });
}

for (const value of [null, 1, "x", [], {}, { agents: {} }, { agents: [7] }]) {
  Deno.test(`${JSON.stringify(value)} is no registry`, () => {
    assert.throws(() => parseRegistry(value), /no object with a list|no entry of it can be read/);
  });
}

Deno.test("an empty registry is a registry", () => {
  assert.deepEqual(parseRegistry({ agents: [] }), { agents: [], problems: [] });
});

Deno.test("whatever JSON comes, the answer is a registry or one reason", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (entry, distribution) => {
    const { agents } = parseRegistry({
      agents: [{ ...ENTRY, id: "ok" }, entry, { ...ENTRY, distribution }],
    });
    assert.ok(agents.some(({ id }) => id === "ok"));
    for (const { id } of agents) assert.match(id, /^[a-z][a-z0-9-]*$/);
  }));
});

Deno.test("sandcage's own list is of the official format, pinned, with known hosts", () => {
  const { agents, problems } = readOfflineRegistry();
  assert.deepEqual(problems, []);
  assert.ok(agents.length >= 7);
  for (const agent of agents) {
    const chosen = chooseDistribution(agent, "x86_64");
    assert.equal(chosen.kind, "npx");
    if (chosen.kind !== "npx") continue;
    const spec = parseNpxPackage(chosen.source.package, agent);
    assert.equal(spec.version, agent.version);
    const domains = findKnownDomains(agent.id);
    assert.ok(domains.length > 0);
    for (const host of domains) assert.ok(parseHostPattern(host).ok);
  }
  assert.deepEqual(findKnownDomains("constructor"), []);
});
