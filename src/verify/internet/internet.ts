import { join } from "node:path";
import type { Engine } from "../../engine/engine.ts";
import { openExec, openStart } from "../../engine/exec.ts";
import { pause } from "../../pause.ts";
import type { Authority } from "./ca.ts";
import { BAD_CERTIFICATES, KNOWN, makeCertificates } from "./certificates.ts";
import { type Channel, openChannel } from "./channel.ts";
import { type InternetNetwork, makeNetwork } from "./network.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Probe } from "./probe/types.ts";
import { openProber, type Prober } from "./prober.ts";
import { planServerCommand, PROBE_COMMAND, SERVER_FILES } from "./programs.ts";
import type { Addresses, Event, Reply, Script, Seen } from "./types.ts";

/** An internet of one's own: nothing in it, and nothing that is sent to it, leaves the machine. */
export type Internet = AsyncDisposable & {
  /** Name of the docker network. */
  network: string;
  /** Its name server. */
  dns: string;
  addresses: Addresses;
  /** IPv6 address of everything in it. */
  ipv6: string;
  /** Certificate, PEM, of the authority that vouches for its hosts. */
  ca: string;
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

/** Where an internet is made, and of what. */
export type InternetOptions = {
  engine: Engine;
  /** An image of ours, so that it has node and python3. */
  image: string;
  /** A private directory of the host, for what goes into its containers. */
  dir: string;
  /** Name of its network and first part of its containers' names; nobody else's. */
  name: string;
  /** Labels of all it makes, `KEY=VALUE`. */
  labels: readonly string[];
  /** Who vouches for its hosts. */
  ca: Authority;
  /** What else its own containers trust, PEM. */
  alsoTrusted?: readonly string[];
};

const CA_VARIABLES = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

/** Where the server's files are in its container. */
const SERVER_DIR = "/internet";

/** Seconds after which the container of controls ends by itself, whoever forgot it. */
const OUTSIDE_S = "1800";

type Made = InternetOptions & { flags: readonly string[]; plan: InternetNetwork };

/** Starts an internet; disposing it removes its containers and its network. */
export async function startInternet(options: InternetOptions): Promise<Internet> {
  const { engine, name, labels, ca } = options;
  const flags = labels.flatMap((label) => ["--label", label]);
  await using stack = new AsyncDisposableStack();
  const [plan, certificates] = await Promise.all([
    makeNetwork(name, { engine, labels }),
    makeCertificates(ca),
  ]);
  stack.defer(() => removeInternet(name, engine));
  const made = { ...options, flags, plan };
  const container = await createServer(made);
  const channel = stack.use(openChannel(openStart(engine, container)));
  const { addresses, subnet, ipv6 } = plan;
  const names = [...KNOWN, "*.wild.test", ...Object.values(BAD_CERTIFICATES)];
  await channel.start({ subnet, addresses, ipv6, certificates, names });
  const owned = stack.move();
  return assemble(made, { channel, dispose: () => owned.disposeAsync() });
}

/** Removes what is left of an internet, whoever made it; nothing is left is no error. */
export async function removeInternet(name: string, engine: Pick<Engine, "docker">): Promise<void> {
  await engine.docker(["rm", "--force", "--volumes", name, outsideOf(name)]);
  for (let tries = 1;; tries++) {
    const removed = await engine.docker(["network", "rm", name]);
    if (removed.code === 0 || /not found|no such network/i.test(removed.stderr)) return;
    // A container that ends by itself may be on its way out still.
    if (tries === REMOVALS) throw new Error(`docker network rm ${name}: ${removed.stderr.trim()}`);
    await pause(REMOVAL_MS);
  }
}

/** How often a network that is in use is asked for again, and after which pause in milliseconds. */
const REMOVALS = 100;
const REMOVAL_MS = 200;

function outsideOf(name: string): string {
  return `${name}-outside`;
}

function assemble(
  made: Made,
  { channel, dispose }: { channel: Channel; dispose(): Promise<void> },
): Internet {
  const { engine, name, plan, ca } = made;
  let outside: Promise<Prober> | undefined;
  const end = async () => {
    const prober = await outside?.catch(() => undefined);
    outside = undefined;
    await prober?.[Symbol.asyncDispose]();
  };
  return {
    network: name,
    dns: plan.addresses.dns,
    addresses: plan.addresses,
    ipv6: plan.ipv6,
    ca: ca.certificate.toString("pem"),
    events: () => channel.events(),
    clear: () => channel.clear(),
    script: (host, script) => channel.send({ type: "script", name: host, script }),
    handle: (host, handler) => channel.handle(host, handler),
    probe: async (probes) => await (await (outside ??= openOutside(made))).run(probes),
    async renew() {
      await end();
      await engine.docker(["rm", "--force", "--volumes", outsideOf(name)]);
    },
    async [Symbol.asyncDispose]() {
      await end();
      await dispose();
    },
  };
}

async function openOutside(made: Made): Promise<Prober> {
  const container = await startOutside(made);
  return openProber(await openExec(made.engine, { container, command: PROBE_COMMAND }));
}

async function createServer(made: Made): Promise<string> {
  const { engine, image, dir, name, flags, plan } = made;
  const [program, ...args] = planServerCommand(SERVER_DIR);
  await must(engine, [
    ...["create", "--rm", "--interactive", "--init", "--name", name, ...flags, "--user", "0:0"],
    ...["--network", name, "--ip", plan.addresses.echo, "--ip6", plan.ipv6],
    // Podman gives no container raw sockets unless asked.
    ...["--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--entrypoint", program!, image, ...args],
  ]);
  const files = join(dir, `${name}-server`);
  await Deno.mkdir(files, { mode: 0o755 });
  for (const [file, text] of Object.entries(SERVER_FILES)) {
    await Deno.writeTextFile(join(files, file), text);
  }
  await must(engine, ["cp", files, `${name}:${SERVER_DIR}`]);
  return name;
}

/** The container that probes run in without any gateway: a neighbour of the server like any other. */
async function startOutside(made: Made): Promise<string> {
  const { engine, image, dir, name, flags, plan, ca, alsoTrusted = [] } = made;
  const container = outsideOf(name);
  await must(engine, [
    ...["create", "--rm", "--init", "--name", container, ...flags, "--user", "0:0"],
    ...["--network", name, "--dns", plan.addresses.dns, "--cap-add", "NET_RAW"],
    ...CA_VARIABLES.flatMap((variable) => ["--env", `${variable}=/ca.pem`]),
    ...["--entrypoint", "sleep", image, OUTSIDE_S],
  ]);
  const file = join(dir, `${name}-ca.pem`);
  await Deno.writeTextFile(file, [...alsoTrusted, ca.certificate.toString("pem"), ""].join("\n"));
  await must(engine, ["cp", file, `${container}:/ca.pem`]);
  await must(engine, ["start", container]);
  return container;
}

async function must(engine: Engine, args: readonly string[]): Promise<void> {
  const result = await engine.docker(args);
  if (result.code !== 0) throw new Error(`docker ${args[0]}: ${result.stderr.trim()}`);
}
