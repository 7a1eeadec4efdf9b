import assert from "node:assert/strict";
import { PRESETS } from "../../../src/config/presets.ts";
import type { ClientHosts } from "../../../src/preset/client_hosts.ts";
import { presetHosts } from "../../../src/preset/preset_hosts.ts";

function hosts(name: string, clients: ClientHosts = {}, npmrc = ""): unknown[] {
  return presetHosts([name], { clients, npmrc }).rules.map(({ rule }) => rule);
}

const ROWS: readonly (readonly [string, unknown[], string[]])[] = [
  ["npm: the registry of the image", hosts("npm", { npm: ["https://r.test"] }), ["r.test"]],
  [
    "npm: scoped registries and the host's own lines, each once",
    hosts(
      "npm",
      { npm: ["https://r.test", "https://scope.test"] },
      "registry=https://r.test/npm/\n@a:registry=https://own.test/\n//own.test/:_authToken=x\n",
    ),
    ["r.test", "scope.test", "own.test"],
  ],
  [
    "a mirror on a port of its own keeps it",
    hosts("npm", { npm: ["http://r.test:4873"] }),
    ["r.test:4873"],
  ],
  ["ports 80 and 443 go without", hosts("debian", { debian: ["https://m.test:443"] }), ["m.test"]],
  [
    "a mirror on an address of IPv6",
    hosts("debian", { debian: ["http://[2001:db8::1]:8080"] }),
    ["[2001:db8::1]:8080"],
  ],
  [
    "pypi: nothing configured is pip's own index and its files",
    hosts("pypi", { pypi: ["default"] }),
    ["pypi.org", "files.pythonhosted.org"],
  ],
  ["pypi: a mirror replaces both", hosts("pypi", { pypi: ["https://m.test"] }), ["m.test"]],
  [
    "pypi: an index beside pip's own",
    hosts("pypi", { pypi: ["https://pypi.org", "https://x.test"] }),
    ["pypi.org", "x.test", "files.pythonhosted.org"],
  ],
  [
    "crates: absent cargo is cargo's defaults",
    hosts("crates"),
    ["index.crates.io", "static.crates.io", "crates.io"],
  ],
  ["crates: a replaced source", hosts("crates", { crates: ["https://c.test"] }), ["c.test"]],
  [
    "go: what go env says",
    hosts("go", { go: ["https://goproxy.test", "https://sum.test"] }),
    ["goproxy.test", "sum.test"],
  ],
];

for (const [what, got, want] of ROWS) {
  Deno.test(`presetHosts(): ${what}`, () => assert.deepEqual(got, want));
}

Deno.test("every preset but the image's own managers knows hosts without an image", () => {
  for (const name of PRESETS) {
    const { rules, problems } = presetHosts([name], { clients: {} });
    if (name === "npm" || name === "debian") {
      assert.deepEqual(rules, []);
      assert.match(problems.join(), new RegExp(`"${name}".*allows nothing`));
      continue;
    }
    assert.deepEqual(problems, [], name);
    assert.ok(rules.length > 0, name);
    assert.ok(rules.every(({ origin }) => origin === `preset ${name}`));
  }
});

Deno.test("a preset named twice counts once; an unknown one is a problem with the nearest name", () => {
  const once = presetHosts(["gitlab"], { clients: {} });
  assert.deepEqual(presetHosts(["gitlab", "gitlab"], { clients: {} }), once);
  const unknown = presetHosts(["githb", "zzzzzzzz"], { clients: {} });
  assert.deepEqual(unknown.rules, []);
  assert.match(unknown.problems[0]!, /"githb": did you mean "github"\?/);
  assert.match(unknown.problems[1]!, /"zzzzzzzz": choose from: npm, /);
});
