import assert from "node:assert/strict";
import { parse } from "yaml";
import type { Config } from "../../../src/config/schema.ts";
import { EXIT, UserError } from "../../../src/errors.ts";
import { BUILT_IN } from "../../../src/service/built_in.ts";
import {
  builtInNames,
  builtInServices,
  enabledServices,
  resolveService,
} from "../../../src/service/registry.ts";
import { formatBuiltIn, formatServiceKeys } from "../../../tools/generate_format.ts";

const ROOT = new URL("../../../", import.meta.url);
const none = { services: {} };

Deno.test("the generated module says what registry/services says", async () => {
  const read: Record<string, { auth?: { keys?: Record<string, string[]> } }> = {};
  for (const name of Object.keys(BUILT_IN)) {
    read[name] = parse(await Deno.readTextFile(new URL(`registry/services/${name}.yml`, ROOT)));
  }
  const files = [...Deno.readDirSync(new URL("registry/services", ROOT))].map(({ name }) => name);
  assert.deepEqual(files.toSorted(), Object.keys(BUILT_IN).map((name) => `${name}.yml`).toSorted());
  assert.equal(
    await Deno.readTextFile(new URL("src/service/built_in.ts", ROOT)),
    formatBuiltIn(read),
    "run: deno run -A tools/generate.ts",
  );
  assert.equal(
    await Deno.readTextFile(new URL("src/secrets/service_keys.ts", ROOT)),
    formatServiceKeys(read),
    "run: deno run -A tools/generate.ts",
  );
});

Deno.test("every built-in agent is pinned and comes from npm; shell installs nothing", () => {
  assert.deepEqual(builtInNames(), ["claude", "codex", "gemini", "shell"]);
  for (const service of builtInServices()) {
    if (service.name === "shell") {
      assert.equal(service.install, undefined);
      continue;
    }
    assert.match(service.version!, /^\d+\.\d+\.\d+$/);
    assert.ok(service.install!.npm!.endsWith(`@${service.version}`));
    assert.ok(Object.keys(service.auth.keys).length > 0 && service.domains.length > 0);
  }
});

Deno.test("every built-in agent speaks ACP: by itself, or through a pinned adapter", () => {
  const spoken = builtInServices().map(({ name, acp, install }) => [name, acp, install?.acp]);
  assert.deepEqual(spoken, [
    ["claude", ["claude-agent-acp"], "@agentclientprotocol/claude-agent-acp@0.100.0"],
    ["codex", ["codex-acp"], "@agentclientprotocol/codex-acp@2.6.0"],
    ["gemini", ["gemini", "--acp"], undefined],
    ["shell", undefined, undefined],
  ]);
});

const ADAPTERS = [
  [
    "another version of the built-in adapter has the same program",
    { claude: { install: { acp: "@agentclientprotocol/claude-agent-acp@0.101.0" } } },
    { acp: ["claude-agent-acp"], adapter: "@agentclientprotocol/claude-agent-acp@0.101.0" },
  ],
  [
    "another adapter has a program of its own name",
    { claude: { install: { acp: "@me/bridge@1.0.0" } } },
    { acp: ["bridge"], adapter: "@me/bridge@1.0.0" },
  ],
  [
    "a command line of the configuration stays what it is",
    { claude: { install: { acp: "@me/bridge@1.0.0" }, acp: ["bridge", "--stdio"] } },
    { acp: ["bridge", "--stdio"], adapter: "@me/bridge@1.0.0" },
  ],
  [
    "another version of the agent leaves its adapter alone",
    { claude: { version: "2.2.0" } },
    {
      acp: ["claude-agent-acp"],
      adapter: "@agentclientprotocol/claude-agent-acp@0.100.0",
    },
  ],
  [
    "an agent of one's own that speaks ACP needs none",
    { claude: {}, mine: { install: { npm: "mine@1.0.0" }, acp: ["mine", "acp"] } },
    { acp: ["mine", "acp"], adapter: undefined },
  ],
  [
    "an adapter needs no package beside it",
    { claude: {}, mine: { command: ["mine"], install: { acp: "mine-acp@1.0.0" } } },
    { acp: ["mine-acp"], adapter: "mine-acp@1.0.0" },
  ],
] as const;

for (const [title, services, { acp, adapter }] of ADAPTERS) {
  Deno.test(`an ACP adapter: ${title}`, () => {
    const config = { services: structuredClone(services) as unknown as Config["services"] };
    const service = resolveService("mine" in services ? "mine" : "claude", config);
    assert.deepEqual([service.acp, service.install?.acp], [acp, adapter]);
  });
}

Deno.test("an adapter's version is exact, and the error names its key", () => {
  assert.throws(
    () =>
      resolveService("claude", {
        services: { claude: { install: { acp: "@me/bridge@latest" } } },
      }),
    (error) =>
      error instanceof UserError && error.exit === EXIT.config &&
      error.message ===
        'Cannot read services.claude.install.acp: "latest" is no exact version',
  );
});

Deno.test("no built-in agent runs with its permissions switched off by default", () => {
  for (const { args } of builtInServices()) assert.deepEqual(args, []);
});

for (
  const [title, config, bypass] of [
    ["the agent's own, where nothing else is said", {}, ["--yolo"]],
    ["those of the configuration instead", { bypass: ["--careful"] }, ["--careful"]],
    ["none, where the configuration says so", { bypass: [] }, []],
    ["none of the agent's own for another program", { command: ["mine"] }, []],
  ] as const
) {
  Deno.test(`arguments that switch permissions off: ${title}`, () => {
    const gemini = structuredClone(config) as Config["services"][string];
    assert.deepEqual(resolveService("gemini", { services: { gemini } }).bypass, bypass);
  });
}

for (
  const [title, name, config, headless] of [
    ["its own way, where nothing else is said", "codex", {}, {
      command: ["codex", "exec", "--json", "--skip-git-repo-check"],
      format: "codex",
    }],
    ["a command line of the configuration keeps the format", "gemini", {
      headless: { command: ["mine"] },
    }, { command: ["mine"], format: "gemini" }],
    ["over ACP, where the configuration asks for it", "gemini", { headless: { format: "acp" } }, {
      command: ["gemini", "--acp"],
      format: "acp",
    }],
    ["over ACP, where the program is another one", "gemini", { command: ["mine"] }, {
      command: ["gemini", "--acp"],
      format: "acp",
    }],
    ["over ACP, when that is all it speaks", "mine", { command: ["x"], acp: ["x", "acp"] }, {
      command: ["x", "acp"],
      format: "acp",
    }],
    ["plain text, when nothing is said of its format", "mine", {
      command: ["x"],
      headless: { command: ["x", "run"] },
    }, { command: ["x", "run"], format: "text" }],
    ["none, when nobody says how", "mine", { command: ["x"] }, undefined],
    ["none of the agent's own for another program", "shell", { command: ["x"] }, undefined],
  ] as const
) {
  Deno.test(`without a terminal: ${title}`, () => {
    const service = structuredClone(config) as unknown as Config["services"][string];
    assert.deepEqual(resolveService(name, { services: { [name]: service } }).headless, headless);
  });
}

Deno.test("without a terminal: only claude takes a most of money", () => {
  const takers = builtInServices().filter(({ headless }) => headless?.budget !== undefined);
  assert.deepEqual(takers.map(({ name }) => name), ["claude"]);
});

Deno.test("configuration goes on top: version, arguments, environment, domains", () => {
  const claude = resolveService("claude", {
    services: {
      claude: {
        version: "2.2.0",
        args: ["--verbose"],
        env: { DISABLE_AUTOUPDATER: "0", MORE: "1" },
        domains: ["api.anthropic.com", "proxy.example"],
      },
    },
  });
  assert.equal(claude.install!.npm, "@anthropic-ai/claude-code@2.2.0");
  assert.equal(claude.version, "2.2.0");
  assert.deepEqual(claude.args, ["--verbose"]);
  assert.deepEqual(claude.env, { DISABLE_AUTOUPDATER: "0", IS_SANDBOX: "1", MORE: "1" });
  assert.equal(claude.domains.filter((host) => host === "api.anthropic.com").length, 1);
  assert.equal(claude.domains.at(-1), "proxy.example");
});

Deno.test("a service of the user's own needs a package or a command", () => {
  const mine = resolveService("mine", {
    services: { mine: { install: { npm: "@me/my-agent@1.2.3" } } },
  });
  assert.deepEqual(mine.command, ["my-agent"]);
  assert.equal(mine.version, "1.2.3");
  const plain = resolveService("plain", { services: { plain: { command: ["python3", "-i"] } } });
  assert.equal(plain.install, undefined);
  assert.deepEqual(plain.command, ["python3", "-i"]);
});

Deno.test("enabledServices() leaves out what is disabled and takes in the user's own", () => {
  const services = { gemini: { enabled: false }, mine: { command: ["x"] } };
  assert.deepEqual(enabledServices({ services }).map(({ name }) => name), [
    "claude",
    "codex",
    "shell",
    "mine",
  ]);
});

const REFUSED: [string, string, Parameters<typeof resolveService>[1], RegExp, RegExp, number][] = [
  ["an unknown name", "cluade", none, /no service "cluade"/, /Did you mean "claude"\?/, EXIT.usage],
  ["a name of Object's own", "constructor", none, /no service/, /claude, codex/, EXIT.usage],
  [
    "a disabled one",
    "codex",
    { services: { codex: { enabled: false } } },
    /disabled/,
    /services\.codex\.enabled/,
    EXIT.config,
  ],
  [
    "one without package and command",
    "mine",
    { services: { mine: { args: [] } } },
    /neither install\.npm nor a command/,
    /services\.mine/,
    EXIT.config,
  ],
  ...["my-agent", "my-agent@latest", "my-agent@^1.2.3", "my-agent@1.2", "@me/my-agent"].map((
    npm,
  ): typeof REFUSED[number] => [
    `a package without an exact version, ${npm}`,
    "mine",
    { services: { mine: { install: { npm } } } },
    /no exact version/,
    /my-agent@1\.2\.3/,
    EXIT.config,
  ]),
  ...["../evil@1.2.3", "a b@1.2.3", "https://x.example/t.tgz@1.2.3", "$(id)@1.2.3"].map((
    npm,
  ): typeof REFUSED[number] => [
    `what is no package of a registry, ${npm}`,
    "mine",
    { services: { mine: { install: { npm } } } },
    /no npm package/,
    /name@1\.2\.3/,
    EXIT.config,
  ]),
  [
    "a version that is a tag",
    "claude",
    { services: { claude: { version: "latest" } } },
    /services\.claude\.version.*"latest"/,
    /exact version/,
    EXIT.config,
  ],
];

for (const [what, name, config, message, hint, exit] of REFUSED) {
  Deno.test(`resolveService() refuses ${what}`, () => {
    assert.throws(() => resolveService(name, config), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      assert.match(error.hint!, hint);
      assert.equal(error.exit, exit);
      return true;
    });
  });
}
