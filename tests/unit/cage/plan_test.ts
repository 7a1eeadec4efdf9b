import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import agentYaml from "../../../compose/agent.yml" with { type: "text" };
import gatewayYaml from "../../../compose/gateway.yml" with { type: "text" };
import { AGENT_SKELETON, GATEWAY_SKELETON } from "../../../src/cage/skeleton.ts";
import { type ComposeGateway, escapeInterpolation } from "../../../src/cage/compose_document.ts";
import {
  type CageConfig,
  type CageFacts,
  type GatewayFacts,
  planCage,
  planCommand,
} from "../../../src/cage/plan.ts";
import { planSubnet } from "../../../src/cage/subnet.ts";
import type { ServiceDefinition } from "../../../src/service/definition.ts";

const claude: ServiceDefinition = {
  name: "claude",
  title: "Claude Code",
  version: "1.2.3",
  command: ["claude"],
  args: [],
  env: { IS_SANDBOX: "1" },
  domains: [],
  auth: { keys: { ANTHROPIC_API_KEY: ["api.anthropic.com"] }, files: [] },
};
const optioned: ServiceDefinition = { ...claude, args: ["--x"] };
const shell: ServiceDefinition = {
  name: "shell",
  title: "Shell",
  command: ["bash"],
  args: [],
  env: {},
  domains: [],
  auth: { keys: {}, files: [] },
};

const config: CageConfig = {
  network: {
    mode: "open",
    presets: [],
    allow: [],
    block: [],
    passthrough: [],
    rate: null,
    dns: [],
    egress: null,
    pool: "10.231.0.0/16",
  },
  limits: { memory: "8g", cpus: 4, pids: 2048 },
  home: "service",
  env: {},
  ports: [],
};

const facts: CageFacts = {
  id: "demo-0123456789ab",
  projectPath: "/home/ada/demo",
  insidePath: "/home/ada/demo",
  user: { uid: 1000, gid: 1000 },
  mounts: [{
    type: "bind",
    source: "/home/ada/demo",
    target: "/home/ada/demo",
    readonly: false,
  }],
  env: { LANG: "C.UTF-8" },
  engineCpus: 8,
  flavor: "docker",
  images: new Map([["claude", "sandcage/claude:aaaaaaaaaaaa"], [
    "shell",
    "sandcage/shell:bbbbbbbbbbbb",
  ]]),
};

const allowlist: CageConfig = { ...config, network: { ...config.network, mode: "allowlist" } };

/** The way out of one service, as a session of it has. */
const gateway: GatewayFacts = {
  image: "sandcage/gateway:cccccccccccc",
  network: { name: "sandcage-session-0a1b2c3d", ...planSubnet("10.231.0.0/16", 5) },
  egress: "sandcage-egress",
  env: { HTTPS_PROXY: "http://10.231.0.82:3128", ANTHROPIC_API_KEY: "withheld_ph_x" },
};

type Case = {
  name: string;
  config?: Partial<CageConfig>;
  facts?: Partial<CageFacts>;
  services?: ServiceDefinition[];
};

const CASES: Case[] = [
  { name: "the default" },
  { name: "two services side by side", services: [claude, shell] },
  { name: "no network", config: { network: { ...config.network, mode: "none" } } },
  {
    name: "a gateway",
    config: allowlist,
    facts: { gateways: new Map([["claude", gateway]]) },
  },
  {
    name: "a gateway that publishes, out through a network of the user's",
    config: { ...allowlist, ports: ["8080:3000"] },
    facts: { gateways: new Map([["claude", { ...gateway, egress: "vpn" }]]) },
  },
  { name: "a home of the project's own", config: { home: "project" } },
  { name: "smaller limits", config: { limits: { memory: "512m", cpus: 0.5, pids: 64 } } },
  { name: "more processors asked for than the engine has", facts: { engineCpus: 2 } },
  { name: "published ports", config: { ports: ["3000", "8080:80"] } },
  { name: "uid 0", facts: { user: { uid: 0, gid: 0 } } },
  { name: "a macOS user", facts: { user: { uid: 501, gid: 20 } } },
  {
    name: "environment of config over service over cage",
    config: { env: { LANG: "de_DE.UTF-8", IS_SANDBOX: "0", PRICE: "5$" } },
  },
  {
    name: "a project path that compose would interpolate",
    facts: {
      projectPath: "/srv/a $HOME ${X} 'q\" ü",
      insidePath: "/srv/a $HOME ${X} 'q\" ü",
      mounts: [{
        type: "bind",
        source: "/srv/a $HOME ${X} 'q\" ü",
        target: "/srv/a $HOME ${X} 'q\" ü",
        readonly: false,
      }],
    },
  },
  {
    name: "a project path with a newline and a colon",
    facts: {
      projectPath: "/srv/a\nb:c",
      insidePath: "/srv/a\nb:c",
      mounts: [{ type: "bind", source: "/srv/a\nb:c", target: "/srv/a\nb:c", readonly: false }],
    },
  },
  {
    name: "masks and read-only paths",
    facts: {
      mounts: [
        ...facts.mounts,
        { type: "bind", source: "/s/empty", target: "/home/ada/demo/.env", readonly: true },
        { type: "tmpfs", target: "/home/ada/demo/secrets", readonly: true, mode: 0o555 },
      ],
    },
  },
  {
    name: "a Windows project",
    facts: {
      projectPath: "C:\\work\\demo",
      insidePath: "/c/work/demo",
      mounts: [{ type: "bind", source: "C:\\work\\demo", target: "/c/work/demo", readonly: false }],
    },
  },
];

for (const testCase of CASES) {
  Deno.test(`planCage() for ${testCase.name}`, async (t) => {
    const document = planCage({ ...config, ...testCase.config }, {
      services: testCase.services ?? [claude],
      facts: { ...facts, ...testCase.facts },
    });
    await t.assertSnapshot(stringify(escapeInterpolation(document)));
  });

  Deno.test(`planCage() weakens no wall for ${testCase.name}`, () => {
    const document = planCage({ ...config, ...testCase.config }, {
      services: testCase.services ?? [claude],
      facts: { ...facts, ...testCase.facts },
    });
    for (const service of Object.values(document.services)) {
      assert.deepEqual(service.cap_drop, ["ALL"]);
      assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
      assert.equal(service.read_only, true);
      assert.equal(service.memswap_limit, service.mem_limit);
      const keys = Object.keys(service);
      for (const key of ["privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"]) {
        assert.ok(!keys.includes(key), `${key} must never be planned`);
      }
      for (const port of service.ports ?? []) assert.equal(port.host_ip, "127.0.0.1");
    }
  });
}

Deno.test("the generated skeletons are what compose/*.yml say", () => {
  assert.deepEqual(AGENT_SKELETON, parse(agentYaml), "run: deno run -A tools/generate.ts");
  assert.deepEqual(GATEWAY_SKELETON, parse(gatewayYaml), "run: deno run -A tools/generate.ts");
  assert.equal(AGENT_SKELETON.init, true);
});

Deno.test("an agent with a gateway is on its session's network alone, without IPv6", () => {
  const { services } = planCage(allowlist, {
    services: [claude],
    facts: { ...facts, gateways: new Map([["claude", gateway]]) },
  });
  const agent = services.claude!;
  assert.deepEqual(agent.networks, { claude: { ipv4_address: gateway.network.agent } });
  assert.ok("dns" in agent);
  assert.deepEqual(agent.dns, [gateway.network.gateway]);
  assert.deepEqual(agent.sysctls, {
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
  });
  assert.equal(agent.ports, undefined);
});

Deno.test("on Podman a gateway answers nobody over another network than he is in", () => {
  const gateways = new Map([["claude", gateway]]);
  const plan = (flavor: "docker" | "podman") =>
    planCage(allowlist, { services: [claude], facts: { ...facts, flavor, gateways } })
      .services["claude.gateway"] as ComposeGateway;
  const filter = { "net.ipv4.conf.eth0.rp_filter": "1", "net.ipv4.conf.eth1.rp_filter": "1" };
  const { sysctls } = plan("docker");
  assert.deepEqual(plan("podman").sysctls, { ...sysctls, ...filter });
});

Deno.test("an agent is never planned without its gateway", () => {
  assert.throws(() => planCage(allowlist, { services: [claude], facts }), /No gateway planned/);
});

Deno.test("escapeInterpolation() doubles every dollar at every depth and changes nothing else", () => {
  assert.deepEqual(
    escapeInterpolation({ a: ["$x", { b: "$$" }], c: 1, d: true, e: "plain" }),
    { a: ["$$x", { b: "$$$$" }], c: 1, d: true, e: "plain" },
  );
});

for (
  const [name, service, request, want] of [
    ["an agent gets its own then the user's arguments", optioned, {
      args: ["-p", "hi"],
      shell: false,
    }, ["claude", "--x", "-p", "hi"]],
    ["a debug shell is bash", claude, { args: [], shell: true }, ["bash"]],
    ["a debug shell runs the arguments", claude, { args: ["ls", "-l"], shell: true }, ["ls", "-l"]],
    ["the shell service runs the arguments", shell, { args: ["true"], shell: false }, ["true"]],
    ["the shell service alone is bash", shell, { args: [], shell: false }, ["bash"]],
  ] as const
) {
  Deno.test(`planCommand(): ${name}`, () => {
    assert.deepEqual(planCommand(service, request), want);
  });
}
