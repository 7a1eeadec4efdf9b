import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../../../src/engine/process.ts";
import { LABEL } from "../../../../src/names.ts";
import { docker } from "../../../../tools/engine_state.ts";
import { RUN_ID, RUN_ROOT } from "../world.ts";
import { makeLeaf, makeStrangerCa, makeTestCa } from "./ca.ts";
import { type InternetNetwork, makeNetwork } from "./network.ts";
import { type Channel, openChannel } from "./channel.ts";
import { type Outcomes, parseOutcomes } from "./outcomes.ts";
import type { Probe } from "./probe/types.ts";
import type { Addresses, Event, Reply, Script, Seen, ServerSettings } from "./types.ts";

/** An internet of a test's own: nothing in it, and nothing that is sent to it, leaves this machine. */
export type Internet = AsyncDisposable & {
  /** Name of the docker network. */
  network: string;
  /** Its name server. */
  dns: string;
  addresses: Addresses;
  /** IPv6 address of everything in it. */
  ipv6: string;
  /** PEM file: what the host trusts anyway, and the tests' authority. */
  caFile: string;
  /** Lines of a config's `[network]` that lead a cage here. */
  config(lines?: string): string;
  /** Everything that happened so far, oldest first; nothing is missing that happened before. */
  events(): Promise<Event[]>;
  /** Forgets what happened so far. */
  clear(): Promise<void>;
  /** Sets what the name server says of a name. */
  script(name: string, script: Script): void;
  /** Answers the requests to a host. */
  handle(host: string, handler: (seen: Seen, body: string) => Promise<Reply>): void;
  /** Runs probes in a container on this internet, without any gateway: the positive control. */
  probe(probes: readonly Probe[]): Promise<Outcomes>;
  /** Ends that container: the next probes run in a new one. */
  renew(): Promise<void>;
};

/** Names the tests know. All others lead to the decoy. */
export const KNOWN = [
  ...["allowed.test", "also.test", "shared.test", "inject.test", "splice.test", "path.test"],
  ...["rebind.test", "flip.test", "mixed.test", "meta.test"],
  ...["model.test", "big.test", "wild.test", "www.wild.test", "deep.www.wild.test"],
] as const;

/** Hosts whose certificate is wrong in one way each. */
export const BAD_CERTIFICATES = {
  expired: "expired.test",
  wrongHost: "wrong-host.test",
  selfSigned: "self-signed.test",
  untrusted: "untrusted.test",
} as const;

/** Names of the decoy that it has a good certificate for, as any attacker has. */
const DECOYS = ["evil.test", "evil.wild.test", "evil.allowed.test", "xn--llowed-9ta.test"];

/** The image the server runs in; the base of every cage is there whenever a cage was built. */
export const INTERNET_IMAGE = "sandcage/base:latest";

/** This folder: what runs in containers is copied or mounted from here. */
export const INTERNET_FILES = fileURLToPath(new URL(".", import.meta.url));

/** What a cage needs to run probes. */
export const PROBE_FILES = ["main.ts", "types.ts"].map((file) =>
  join(INTERNET_FILES, "probe", file)
);

const CA_VARIABLES = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

/** Starts an internet; disposing it removes its container and its network. */
export async function startInternet(): Promise<Internet> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const name = `${RUN_ID}-internet-${crypto.randomUUID().slice(0, 8)}`;
  const labels = ["--label", `${LABEL.managed}=true`, "--label", `${LABEL.project}=/${name}`];
  await using stack = new AsyncDisposableStack();
  const [plan, { caFile, certificates }] = await Promise.all([
    makeNetwork(name, labels),
    makeCertificates(name),
  ]);
  stack.defer(() => docker(["network", "rm", name]).then(() => {}));
  const container = await createServer({ name, labels, plan });
  // It removes itself when it ends; started or not, this ends it.
  stack.defer(() =>
    run("docker", ["rm", "--force", container], { timeoutMs: 30_000 }).then(() => {})
  );
  const channel = stack.use(openChannel(container));
  const { addresses, subnet, ipv6 } = plan;
  const names = [...KNOWN, "*.wild.test", ...Object.values(BAD_CERTIFICATES)];
  await channel.start({ subnet, addresses, ipv6, certificates, names });
  const outside = `${name}-outside`;
  let started: Promise<string> | undefined;
  const findOutside = () => started ??= startOutside(outside, { name, labels, plan, caFile });
  const renew = async () => {
    started = undefined;
    await run("docker", ["rm", "--force", outside], { timeoutMs: 30_000 });
  };
  stack.defer(renew);
  const owned = stack.move();
  return assemble({
    name,
    plan,
    caFile,
    channel,
    findOutside,
    renew,
    dispose: () => owned.disposeAsync(),
  });
}

/** The container that probes run in without any gateway: a neighbour of the server like any other. */
async function startOutside(
  container: string,
  options: { name: string; labels: readonly string[]; plan: InternetNetwork; caFile: string },
): Promise<string> {
  const { name, labels, plan, caFile } = options;
  await docker([
    ...["run", "--detach", "--init", "--name", container, ...labels, "--network", name],
    ...["--dns", plan.addresses.dns],
    ...["--volume", `${caFile}:/ca.pem:ro`, "--volume", `${INTERNET_FILES}:/internet:ro`],
    ...CA_VARIABLES.flatMap((variable) => ["--env", `${variable}=/ca.pem`]),
    ...[INTERNET_IMAGE, "sleep", "1000"],
  ]);
  return container;
}

function assemble(
  made: {
    name: string;
    plan: InternetNetwork;
    caFile: string;
    channel: Channel;
    findOutside(): Promise<string>;
    renew(): Promise<void>;
    dispose(): Promise<void>;
  },
): Internet {
  const { name, plan, caFile, channel } = made;
  return {
    network: name,
    dns: plan.addresses.dns,
    addresses: plan.addresses,
    ipv6: plan.ipv6,
    caFile,
    config: (lines = "") =>
      `mode = "allowlist"\negress = "${name}"\ndns = ["${plan.addresses.dns}"]\n${lines}`,
    events: () => channel.events(),
    clear: () => channel.clear(),
    script: (host, script) => channel.send({ type: "script", name: host, script }),
    handle: (host, handler) => channel.handle(host, handler),
    async probe(probes) {
      const result = await run("docker", [
        ...["exec", "--interactive", await made.findOutside()],
        ...["node", "--disable-warning=ExperimentalWarning", "/internet/probe/main.ts"],
      ], { timeoutMs: 60_000, stdin: JSON.stringify(probes) });
      if (result.code !== 0) {
        throw new Error(`The probes ended with ${result.code}: ${result.stderr}`);
      }
      return parseOutcomes(result.stdout);
    },
    renew: made.renew,
    [Symbol.asyncDispose]: made.dispose,
  };
}

async function createServer(
  options: { name: string; labels: readonly string[]; plan: InternetNetwork },
): Promise<string> {
  const { name, labels, plan } = options;
  await docker([
    ...["create", "--rm", "--interactive", "--name", name, ...labels, "--network", name],
    ...["--ip", plan.addresses.echo, "--ip6", plan.ipv6, "--cap-add", "NET_ADMIN", "--init"],
    ...[
      INTERNET_IMAGE,
      "node",
      "--disable-warning=ExperimentalWarning",
      "/internet/server/main.ts",
    ],
  ]);
  await docker(["cp", INTERNET_FILES, `${name}:/internet`]);
  return name;
}

/** Certificates of all names, and the file that makes a program trust them. */
async function makeCertificates(
  name: string,
): Promise<{ caFile: string; certificates: ServerSettings["certificates"] }> {
  const [ca, stranger] = await Promise.all([makeTestCa(), makeStrangerCa()]);
  const bad = BAD_CERTIFICATES;
  const certificates = await Promise.all([
    makeLeaf([bad.expired], { ca, fromDays: -3, toDays: -1 }),
    makeLeaf([bad.wrongHost], { ca, certified: ["another.test"] }),
    makeLeaf([bad.selfSigned], { ca: null }),
    makeLeaf([bad.untrusted], { ca: stranger }),
    makeLeaf([...KNOWN], { ca }),
  ]);
  // Whoever takes an address over has no certificate for the name it belonged to.
  const decoys = await Promise.all([
    makeLeaf(DECOYS, { ca }),
    makeLeaf([...KNOWN], { ca: stranger }),
  ]);
  const known = await Promise.all(
    [Deno.env.get("SSL_CERT_FILE"), Deno.env.get("NODE_EXTRA_CA_CERTS")]
      .filter((path) => path !== undefined && path !== "")
      .map((path) => Deno.readTextFile(path!)),
  );
  const caFile = join(RUN_ROOT, `${basename(name)}.pem`);
  await Deno.writeTextFile(caFile, [...known, ca.certificate.toString("pem"), ""].join("\n"));
  await Deno.chmod(caFile, 0o644);
  return { caFile, certificates: { echo: certificates, decoy: decoys } };
}
