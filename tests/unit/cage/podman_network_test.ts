import assert from "node:assert/strict";
import { join } from "node:path";
import { findDifference, makePodmanNetwork } from "../../../src/cage/podman_network.ts";
import { planPodmanNetwork } from "../../../src/cage/session_network.ts";
import { planSubnet } from "../../../src/cage/subnet.ts";
import { UserError } from "../../../src/errors.ts";
import { fakeEngine } from "./support.ts";

const NETWORK = planPodmanNetwork({ name: "n", ...planSubnet("10.231.0.0/16", 0) }, {
  cageId: "demo-1",
  sessionId: "0a1b2c3d",
});

/** What Podman 5.4.2 answered to exactly that. */
const MADE = {
  name: "n",
  id: "1cda8b510398b31fedc7c81846b8bcfa8b3ea8a9c8cf8e6e09eac1c270b8335d",
  driver: "bridge",
  network_interface: "podman1",
  created: "2026-11-21T20:43:32.925569761Z",
  subnets: NETWORK.subnets,
  ipv6_enabled: false,
  internal: true,
  dns_enabled: false,
  labels: NETWORK.labels,
  ipam_options: { driver: "host-local" },
};

Deno.test("a network that Podman made as asked is taken", () => {
  assert.equal(findDifference(NETWORK, JSON.stringify(MADE)), undefined);
});

for (
  const [title, change] of [
    ["routes elsewhere", { internal: false }],
    ["has a name server of the host's", { dns_enabled: true }],
    ["has IPv6", { ipv6_enabled: true }],
    ["says nothing of a route", { internal: undefined }],
    ["has the host in it", { subnets: [{ subnet: "10.231.0.0/28", gateway: "10.231.0.1" }] }],
  ] as const
) {
  Deno.test(`a network that ${title} is another than was asked for`, () => {
    assert.equal(typeof findDifference(NETWORK, JSON.stringify({ ...MADE, ...change })), "string");
  });
}

Deno.test("an option that was dropped is told, and an answer that is none", () => {
  const asked = { ...NETWORK, options: { isolate: "true" } };
  assert.match(findDifference(asked, JSON.stringify(MADE))!, /isolate/);
  assert.match(findDifference(NETWORK, "no")!, /cannot be read/);
});

/** Podman's socket, which gives one answer. */
async function servePodman(answer: Response) {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "podman.sock");
  const asked: unknown[] = [];
  const server = Deno.serve({ transport: "unix", path, onListen: () => {} }, async (request) => {
    asked.push(await request.json());
    return answer;
  });
  return {
    url: `unix://${path}`,
    asked,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

Deno.test("makePodmanNetwork() asks Podman's own API, and hears why it refuses", async () => {
  await using refusing = await servePodman(
    Response.json({ cause: "subnet 10.231.0.0/28 is already used on the host", response: 500 }, {
      status: 500,
    }),
  );
  const { engine } = fakeEngine(() => ({ code: 0 }));
  const made = await makePodmanNetwork(NETWORK, { ...engine, url: refusing.url });
  assert.deepEqual(made, { code: 1, stderr: "subnet 10.231.0.0/28 is already used on the host" });
  assert.deepEqual(refusing.asked, [JSON.parse(JSON.stringify(NETWORK))]);
});

Deno.test("makePodmanNetwork() removes a network that keeps less than was asked for", async () => {
  await using careless = await servePodman(Response.json({ ...MADE, internal: false }));
  const { engine, calls } = fakeEngine(() => ({ code: 0 }));
  await assert.rejects(
    makePodmanNetwork(NETWORK, { ...engine, url: careless.url }),
    (error) => error instanceof UserError && /internal is false/.test(error.message),
  );
  assert.deepEqual(calls, ["network rm n"]);
});

Deno.test("makePodmanNetwork() refuses a Podman that is not behind a socket of this machine", async () => {
  const { engine } = fakeEngine(() => ({ code: 0 }));
  await assert.rejects(
    makePodmanNetwork(NETWORK, { ...engine, url: "tcp://127.0.0.1:1" }),
    (error) => error instanceof UserError && error.exit === 4,
  );
});
