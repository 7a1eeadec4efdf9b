import assert from "node:assert/strict";
import fc from "fast-check";
import { defaultConfig } from "../../../src/config/defaults.ts";
import { type Layer, type LayerName, mergeLayers } from "../../../src/config/merge.ts";
import { type ConfigLayer, configSchema } from "../../../src/config/schema.ts";
import { listValues } from "../../../src/config/show.ts";
import { treeOf } from "../../../src/config/tree.ts";
import { validateTree } from "../../../src/config/validate.ts";

const word = fc.constantFrom("aa", "bb", "cc", "dd");
const words = fc.array(word, { maxLength: 4 });
const opt = { requiredKeys: [] };
const envLayer = fc.dictionary(fc.constantFrom("A", "B", "constructor", "toString"), word);

/** Any valid layer, over few words so that layers meet. */
const layerValue: fc.Arbitrary<ConfigLayer> = fc.record({
  packages: words,
  setup: words,
  env: envLayer,
  home: fc.constantFrom("service" as const, "project" as const),
  image: fc.record({
    base: word,
    dockerfile: fc.option(fc.constant("/d")),
    args: envLayer,
    ca: fc.oneof(fc.constant("none" as const), fc.constant<string[]>(["/x.pem"])),
  }, opt),
  limits: fc.record({ cpus: fc.integer({ min: 1, max: 9 }) }, opt),
  workspace: fc.record(
    { hide: words, dirs: words.map((list) => list.map((one) => `/${one}`)) },
    opt,
  ),
  services: fc.dictionary(
    fc.constantFrom("claude", "mine", "constructor"),
    fc.record({
      enabled: fc.boolean(),
      args: words,
      command: fc.array(word, { minLength: 1, maxLength: 3 }),
      env: envLayer,
    }, opt),
  ),
  secrets: fc.dictionary(
    fc.constantFrom("KEY", "TOKEN"),
    fc.record({
      from: fc.constantFrom("env", "store", "cmd:x"),
      to: fc.constant<string[]>(["a.dev"]),
      body: fc.boolean(),
    }, opt),
  ),
  network: fc.record({
    allow: fc.array(
      fc.oneof(
        word,
        fc.record({ dest: word, ports: fc.constant<number[]>([443]) }, { requiredKeys: ["dest"] }),
      ),
      { maxLength: 3 },
    ),
    rate: fc.option(
      fc.record({ per_second: fc.nat(5), burst: fc.nat(5) }).map((rate) => ({
        per_second: rate.per_second + 1,
        burst: rate.burst + 1,
      })),
    ),
    dns: fc.array(fc.constantFrom("1.1.1.1", "::1"), { maxLength: 2 }),
  }, opt),
  inspect: fc.record({
    entropy: fc.constantFrom("off" as const, "flag" as const),
    hosts: words,
  }, opt),
  mounts: fc.array(
    fc.record({ source: fc.constantFrom("/a", "/b"), readonly: fc.boolean() }, {
      requiredKeys: ["source"],
    }),
    { maxLength: 3 },
  ),
}, opt);

const RESETTABLE = [
  "packages",
  "env",
  "limits",
  "services",
  "services.claude",
  "workspace.hide",
  "home",
  "image",
];
const resets = fc.uniqueArray(fc.constantFrom(...RESETTABLE), { maxLength: 3 });

function layer(name: LayerName, value: ConfigLayer, reset: readonly string[] = []): Layer {
  const { positions, issues } = validateTree(treeOf(value), configSchema);
  assert.deepEqual(issues, [], "the generator makes valid layers only");
  return { name, file: `/${name}`, value, resets: new Set(reset), positions };
}

const bottom: Layer = {
  name: "defaults",
  file: null,
  value: defaultConfig(),
  resets: new Set(),
  positions: new Map(),
};

const mergeValues = (...values: ConfigLayer[]) =>
  mergeLayers([bottom, ...values.map((value) => layer("project", value))]).config;

Deno.test("mergeLayers() of the defaults alone is the defaults", () => {
  assert.deepEqual(mergeLayers([bottom]).config, defaultConfig());
});

Deno.test("mergeLayers() is associative where nothing resets", () => {
  fc.assert(fc.property(layerValue, layerValue, layerValue, (a, b, c) => {
    // Argument lists repeat on purpose, and merging (b + c) first starts from the defaults of b:
    // both are out of what associativity can hold, so only what is said is compared.
    const together = mergeValues(a, b, c);
    const stepwise = mergeLayers([
      { ...bottom, value: mergeLayers([bottom, layer("user", a), layer("project", b)]).config },
      layer("local", c),
    ]).config;
    assert.deepEqual(stepwise, together);
  }));
});

Deno.test("mergeLayers() says a thing twice as once, except argument lists", () => {
  fc.assert(fc.property(layerValue, (value) => {
    const services = Object.fromEntries(
      Object.entries(value.services ?? {}).map(([name, { args: _, ...rest }]) => [name, rest]),
    );
    const plain = { ...value, services };
    assert.deepEqual(mergeValues(plain, plain), mergeValues(plain));
  }));
});

Deno.test("mergeLayers() appends to lists without repeating, and keeps the order below", () => {
  fc.assert(fc.property(words, words, (a, b) => {
    const merged = mergeValues({ packages: a }, { packages: b }).packages;
    assert.deepEqual(merged, [...new Set([...a, ...b])]);
  }));
});

Deno.test("mergeLayers() appends all arguments and replaces a command as a whole", () => {
  fc.assert(fc.property(words, words, (a, b) => {
    const merged = mergeValues(
      { services: { x: { args: a, command: ["one", "two"] } } },
      { services: { x: { args: b, command: ["three"] } } },
    ).services.x;
    assert.deepEqual(merged, { args: [...a, ...b], command: ["three"] });
  }));
});

Deno.test("mergeLayers() forgets what came before a reset, and nothing else", () => {
  fc.assert(fc.property(layerValue, layerValue, (low, high) => {
    const all = ["packages", "env", "services", "image"];
    const merged = mergeLayers([bottom, layer("user", low), layer("project", high, all)]).config;
    const fresh = mergeValues(high);
    for (const key of ["packages", "env", "services", "image"] as const) {
      assert.deepEqual(merged[key], fresh[key], key);
    }
    const kept = mergeValues(low, high);
    for (const key of ["mounts", "limits", "workspace", "secrets", "home"] as const) {
      assert.deepEqual(merged[key], kept[key], key);
    }
  }));
});

Deno.test("mergeLayers() names for every value a layer that says it", () => {
  fc.assert(fc.property(layerValue, layerValue, resets, (low, high, reset) => {
    const layers = [bottom, layer("user", low), layer("project", high, reset)];
    const { config, origins } = mergeLayers(layers);
    for (const { key, value, origin } of listValues({ config, origins })) {
      if (key.startsWith("secrets") || Array.isArray(value) || value === "(hidden)") continue;
      const source = layers.find(({ name }) => name === origin.layer)!;
      const isReset = reset.some((path) => key === path || key.startsWith(`${path}.`));
      const said = contains(source.value, value) || (isReset && contains(defaultConfig(), value));
      assert.ok(
        said || typeof value === "object",
        `${key} = ${JSON.stringify(value)} by ${origin.layer}`,
      );
    }
    const keys = new Set(listValues({ config, origins }).map(({ key }) => key));
    for (const key of origins.keys()) {
      const exists = [...keys].some((known) =>
        known === key || known.startsWith(`${key}.`) || known.startsWith(`${key}[`)
      );
      assert.ok(exists, `${key} has an origin and no value`);
    }
  }));
});

Deno.test("mergeLayers() changes nothing it was given, and shares nothing with it", () => {
  fc.assert(fc.property(layerValue, layerValue, resets, (low, high, reset) => {
    const layers = [bottom, layer("user", low), layer("project", high, reset)];
    const before = JSON.stringify(layers.map(({ value }) => value));
    const { config } = mergeLayers(layers);
    config.packages.push("changed");
    config.env.CHANGED = "yes";
    for (const service of Object.values(config.services)) service.args?.push("changed");
    assert.equal(JSON.stringify(layers.map(({ value }) => value)), before);
  }));
});

Deno.test("mergeLayers() never reaches a prototype", () => {
  const evil = JSON.parse(
    '{"env":{"__proto__":{"bad":"1"},"constructor":"c"},"__proto__":{"x":1}}',
  );
  const { config } = mergeLayers([bottom, {
    ...bottom,
    name: "project",
    value: evil,
  }]);
  assert.equal(({} as Record<string, unknown>).bad, undefined);
  assert.equal(Object.getPrototypeOf(config.env), Object.prototype);
  assert.deepEqual(Object.keys(config.env), ["constructor"]);
  assert.equal(Object.getPrototypeOf(config), Object.prototype);
});

/** Asks whether `value` stands anywhere in `tree`. */
function contains(tree: unknown, value: unknown): boolean {
  if (JSON.stringify(tree) === JSON.stringify(value)) return true;
  if (typeof tree !== "object" || tree === null) return false;
  return Object.values(tree).some((child) => contains(child, value));
}
