import type {
  ComposeDocument,
  ComposeGateway,
  ComposeService,
} from "../../../../../src/cage/compose_document.ts";
import type { GuardedChange } from "../guarded_holes.ts";
import type { Hole } from "../hole.ts";
import type { Edit } from "../mutant.ts";

/** The two containers of a session, one service each. */
type Session = { agent: ComposeService; gateway: ComposeGateway };

/** A change of the containers of a session. */
function inSession(change: (session: Session) => void): GuardedChange {
  return { kind: "engine", change: { document: (document) => change(findSession(document)) } };
}

function findSession({ services }: ComposeDocument): Session {
  const [[name, gateway]] = Object.entries(services)
    .filter(([key]) => key.endsWith(".gateway")) as [[string, ComposeGateway]];
  return { agent: services[name.replace(/\.gateway$/, "")] as ComposeService, gateway };
}

/** A change of the sources. */
function inSources(...edits: Edit[]): GuardedChange {
  return { kind: "source", edits };
}

const INTERNAL = "--internal";

/** Whether a command makes the network of a session. */
function isSessionNetwork(args: readonly string[]): boolean {
  return args[0] === "network" && args[1] === "create" && args.includes(INTERNAL);
}

const HIDDEN_BRIDGE = [
  "com.docker.network.bridge.inhibit_ipv4=true",
  "com.docker.network.bridge.gateway_mode_ipv4=isolated",
];

/** Holes in what keeps a cage from reaching addresses and names. */
export const NETWORK_REACH_HOLES: readonly Hole<GuardedChange>[] = [
  {
    name: "the agent is on the network of the way out",
    change: inSession(({ agent, gateway }) => {
      for (const name of Object.keys(gateway.networks)) agent.networks![name] ??= {};
    }),
    red: ["N01", "N03", "N04", "N14", "N16", "N17", "N20", "N21", "N33", "N34"],
    either: ["N31", "N32"],
  },
  {
    name: "IPv6 is left on in the cage",
    // Its interface alone: the engine sets those without an address of it off by itself.
    change: inSession(({ agent }) => agent.sysctls = { "net.ipv6.conf.eth0.disable_ipv6": "0" }),
    red: ["N02"],
  },
  {
    name: "the gateway speaks IPv6",
    change: inSession(({ gateway }) => {
      const kept = Object.entries(gateway.sysctls).filter(([name]) => !name.includes("ipv6"));
      const on = ["eth0", "eth1"].map((name) => [`net.ipv6.conf.${name}.disable_ipv6`, "0"]);
      gateway.sysctls = Object.fromEntries([...kept, ...on]);
    }),
    red: ["N32"],
  },
  {
    name: "the gateway routes between its networks",
    change: {
      kind: "engine",
      change: {
        document(document) {
          const { gateway } = findSession(document);
          gateway.sysctls = { ...gateway.sysctls, "net.ipv4.ip_forward": "1" };
        },
        // The engine has a rule of its own against what leaves such a network.
        args: (args) => isSessionNetwork(args) ? args.filter((arg) => arg !== INTERNAL) : args,
      },
    },
    red: ["N21", "N31"],
  },
  {
    name: "root may change the cage's network",
    change: inSession(({ agent }) => Object.assign(agent, { cap_add: ["NET_ADMIN"] })),
    red: ["N21"],
  },
  {
    name: "the machine has an address on the cage's network",
    change: {
      kind: "engine",
      change: {
        args(args) {
          if (!isSessionNetwork(args)) return args;
          const at = args.findIndex((arg) => HIDDEN_BRIDGE.includes(arg));
          return args.toSpliced(at - 1, 2);
        },
      },
    },
    red: ["N16", "N34"],
  },
  {
    name: "questions are passed on",
    change: inSources({
      file: "src/gateway/gateway.ts",
      find: "    const decide = createDecideName(context);\n",
      replace: "    const judge = createDecideName(context);\n" +
        "    const ask = createResolve(settings.dns);\n" +
        "    const decide = (name: string | null) => {\n" +
        "      if (name !== null) void ask(name).catch(() => {});\n" +
        "      return judge(name);\n" +
        "    };\n",
    }),
    red: ["N04", "N05", "N06", "N14", "N16", "N20", "N22", "N23", "N31"],
  },
  {
    name: "names below a wildcard are asked for",
    change: inSources({
      file: "src/gateway/gateway.ts",
      find: "    const decide = createDecideName(context);\n",
      replace: "    const judge = createDecideName(context);\n" +
        "    const ask = createResolve(settings.dns);\n" +
        "    const decide = (name: string | null) => {\n" +
        "      const verdict = judge(name);\n" +
        "      const isDeep = (name ?? '').split('.').length > 2;\n" +
        "      if (verdict === 'allow' && isDeep) void ask(name!).catch(() => {});\n" +
        "      return verdict;\n" +
        "    };\n",
    }),
    red: ["N05", "N23"],
  },
  {
    name: "a metadata address counts as any other",
    change: inSources({
      file: "src/policy/address.ts",
      find: '  ["169.254.169.254/32", "metadata"],',
      replace: '  ["169.254.169.254/32", "public"],',
    }),
    red: ["N14", "N15"],
  },
  {
    name: "private addresses count as public",
    change: inSources({
      file: "src/policy/address.ts",
      find: '  ["10.0.0.0/8", "private"],',
      replace: '  ["10.0.0.0/8", "public"],',
    }),
    red: ["N15"],
  },
  {
    name: "one good address among bad ones is enough",
    change: inSources({
      file: "src/gateway/dial.ts",
      find: "    for (const address of addresses) {\n",
      replace: "    for (const address of addresses.slice(0, 1)) {\n",
    }),
    red: ["N15"],
  },
  {
    name: "the gateway listens on every address",
    change: inSources({
      file: "src/gateway/gateway.ts",
      find: "      ...parts,\n      address,\n",
      replace: '      ...parts,\n      address: "0.0.0.0",\n',
    }),
    red: ["N17"],
  },
];
