import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { admit, type AdmitOptions, type Destination } from "../../../src/gateway/admit.ts";
import { type ContentPolicy, DialError, type Finding } from "../../../src/gateway/context.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";
import { compilePolicy } from "../../../src/policy/compile.ts";
import type { PolicyDocument } from "../../../src/policy/document.ts";
import { makeDocument } from "./documents.ts";
import { buildHello } from "./hello.ts";
import { makePair, watchSocket } from "./loopback.ts";

type Handed = { to: "tls" | "http"; target: Destination; bytes: string };

/** Admits one connection that sends these bytes; nothing can be dialed. */
async function admitBytes(
  bytes: Buffer | string,
  options: {
    destination: Destination;
    document: PolicyDocument;
    sniffDeadlineMs?: number;
    /** What names are found to hold. */
    found?: Finding;
  },
) {
  const compiled = compilePolicy(options.document);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  const handed: Handed[] = [];
  const events: Omit<AuditEvent, "time">[] = [];
  const accept = (to: Handed["to"]) => (socket: Socket, target: Destination) => {
    handed.push({ to, target, bytes: String(socket.read()) });
    socket.destroy();
  };
  const content: ContentPolicy = {
    openExchange: () => assert.fail("looked inside"),
    takeToken: () => assert.fail("counted"),
    searchName: () => options.found ?? null,
  };
  const context: Pick<
    AdmitOptions["context"],
    "snapshot" | "audit" | "isOpen" | "dialer" | "track"
  > = {
    snapshot: () => ({ version: 1, policy: compiled.policy, content }),
    audit: (event) => events.push(event),
    isOpen: () => true,
    dialer: {
      dial: () => options.found === undefined ? assert.fail("dialed") : Promise.reject(NOBODY),
    },
    track: () => ({ [Symbol.dispose]() {} }),
  };
  await using pair = await makePair();
  const client = watchSocket(pair.near);
  pair.near.write(bytes);
  await admit(pair.far, options.destination, {
    context: { ...context, settings: undefined! },
    front: { acceptTls: accept("tls"), acceptHttp: accept("http") },
    sniffDeadlineMs: options.sniffDeadlineMs ?? 60_000,
  });
  const said = await client.readAll();
  return { handed, said, events };
}

const NOBODY = new DialError("dial", "nobody there");

const HELLO = buildHello({ serverName: "Inject.Test" });
const INSPECTED = makeDocument(["inject.test"], {
  inspect: { ...makeDocument([]).inspect, hosts: ["inject.test"] },
});

Deno.test("a slow client is given up, and told of", async () => {
  const { said, events } = await admitBytes(HELLO.subarray(0, 30), {
    destination: { port: 443 },
    document: INSPECTED,
    sniffDeadlineMs: 30,
  });
  assert.equal(said, "");
  assert.deepEqual(events, [{
    kind: "connect",
    decision: "deny",
    reason: "timeout",
    port: 443,
    detail: "too few bytes to tell what it speaks",
  }]);
});

Deno.test("a host that must be opened is handed over with its hello unread", async () => {
  for (const ech of [false, true]) {
    const hello = buildHello({ serverName: "Inject.Test", ech });
    const { handed, events } = await admitBytes(hello, {
      destination: { port: 443 },
      document: INSPECTED,
    });
    assert.deepEqual(handed, [
      { to: "tls", target: { host: "inject.test", port: 443 }, bytes: String(hello) },
    ]);
    assert.deepEqual(events, []);
  }
});

Deno.test("plain HTTP is handed over with the host that CONNECT named, or none", async () => {
  for (const destination of [{ port: 80 }, { host: "inject.test", port: 80 }]) {
    const { handed } = await admitBytes("GET / HTTP/1.1\r\n", { destination, document: INSPECTED });
    assert.deepEqual(handed, [{ to: "http", target: destination, bytes: "GET / HTTP/1.1\r\n" }]);
  }
});

const REFUSED: [what: string, bytes: string, destination: Destination, document: PolicyDocument][] =
  [
    ["plain HTTP on 443", "GET / HTTP/1.1\r\n", { port: 443 }, INSPECTED],
    ["SSH on 443", "SSH-2.0-x\r\n", { port: 443 }, INSPECTED],
    [
      "SSH on a port of two hosts",
      "SSH-2.0-x\r\n",
      { port: 22 },
      makeDocument(["a.test:22", "b.test:22"]),
    ],
    ["SSH on a port of a wildcard", "SSH-2.0-x\r\n", { port: 22 }, makeDocument(["*.a.test:22"])],
    [
      "SSH to a host that must be opened",
      "SSH-2.0-x\r\n",
      { port: 22 },
      makeDocument([{ dest: "a.test", ports: [22], methods: ["GET"] }]),
    ],
  ];

for (const [what, bytes, destination, document] of REFUSED) {
  Deno.test(`${what} is refused`, async () => {
    const { handed, events } = await admitBytes(bytes, { destination, document });
    assert.deepEqual(handed, []);
    assert.deepEqual(events.map(({ decision, reason }) => ({ decision, reason })), [
      { decision: "deny", reason: "protocol" },
    ]);
  });
}

for (
  const [what, bytes, document] of [
    ["TLS", buildHello({ serverName: "a.test" }), makeDocument(["a.test"])],
    ["SSH", "SSH-2.0-x\r\n", makeDocument(["a.test:22"])],
  ] as const
) {
  for (const action of ["block", "flag"] as const) {
    Deno.test(`${what} to a name that holds a value: ${action}`, async () => {
      const { events } = await admitBytes(bytes, {
        destination: { port: what === "SSH" ? 22 : 443 },
        document,
        found: { action, reason: "secret-leak", detail: "The value of A in the name of a host" },
      });
      const told = events.map(({ decision, reason }) => `${decision} ${reason}`);
      const expected = { block: ["deny secret-leak"], flag: ["flag secret-leak", "deny dial"] };
      assert.deepEqual(told, expected[action]);
    });
  }
}
