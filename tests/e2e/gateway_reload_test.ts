/** A change reaches a running cage at once, and a wrong one changes nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { CagedWorld, IdleSession } from "./support/caged.ts";
import { waitFor } from "./support/files.ts";
import { type Case, testCases } from "./support/internet/cases.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { requestsOf } from "../../src/verify/internet/evidence.ts";
import { curl, run } from "../../src/verify/internet/probes.ts";

const CONFIG = `
[secrets.STORED_TOKEN]
from = "store"
to = ["inject.test"]
[secrets.FILE_TOKEN]
from = "file:~/token"
to = ["inject.test"]
`;

/**
 * A connection through a tunnel that asks its host for something again and again. Writes `ok` into a
 * file for each answer and `closed` when it ends.
 */
const TUNNEL = `
const { appendFileSync } = require("node:fs");
const [host, file] = process.argv.slice(1);
const proxy = new URL(process.env.https_proxy);
const tcp = require("node:net").connect(proxy.port, proxy.hostname);
tcp.write("CONNECT " + host + ":443 HTTP/1.1\\r\\nHost: " + host + ":443\\r\\n\\r\\n");
tcp.once("data", () => {
  const tls = require("node:tls").connect({ socket: tcp, servername: host });
  const ask = () => tls.write("GET /tick HTTP/1.1\\r\\nHost: " + host + "\\r\\n\\r\\n");
  tls.on("secureConnect", () => { ask(); setInterval(ask, 100); console.log("open"); });
  tls.on("data", () => appendFileSync(file, "ok\\n"));
  tls.on("error", () => {});
  tls.on("close", () => { appendFileSync(file, "closed\\n"); process.exit(); });
});
`;

/** Opens a tunnel and waits for its first answers; tells what came through it so far. */
async function openTunnel(cage: CagedWorld, session: IdleSession, host: string) {
  const file = `.tunnel-${host}`;
  await session.background(["node", "-e", TUNNEL, host, join(cage.project, file)]);
  const lines = async () => (await cage.read(file).catch(() => "")).split("\n").filter(Boolean);
  const count = async () => (await lines()).filter((line) => line === "ok").length;
  const wait = (more: number) =>
    waitFor(`answers from ${host}`, async () => (await count()) >= more || undefined);
  await wait(1);
  return {
    /** Waits until it answered a few times more. */
    goesOn: async () => {
      await wait(await count() + 3);
      assert.ok(!(await lines()).includes("closed"));
    },
    ends: () =>
      waitFor(
        `the end of the tunnel to ${host}`,
        async () => (await lines()).includes("closed") || undefined,
      ),
  };
}

async function assertAnswer(session: IdleSession, url: string, answer: "echo" | "none") {
  const outcome = (await session.probe([curl("fetch", [url])])).get("fetch");
  const isEcho = /"request":\d/.test(outcome.data);
  assert.equal(isEcho, answer === "echo", JSON.stringify(outcome));
}

const cases: Case[] = [
  ["a host that is added is there when the command returns", async ({ internet, cage }) => {
    const session = await cage.session();
    await assertAnswer(session, "https://big.test/", "none");
    const tunnel = await openTunnel(cage, session, "allowed.test");
    const added = await cage.sandcage(["domain", "add", "big.test"]);
    assert.equal(added.code, 0, added.stderr);
    await assertAnswer(session, "https://big.test/", "echo");
    await tunnel.goesOn();
    const listed = await cage.sandcage(["domain", "list", "--json"]);
    assert.match(listed.stdout, /"big\.test"/);
    assertSilent(await internet.events(), internet, {
      names: ["allowed.test", "big.test"],
      echo: true,
    });
  }],
  ["a host that is removed loses its open connections, others keep theirs", async ({ cage }) => {
    const session = await cage.session();
    const removed = await openTunnel(cage, session, "big.test");
    const kept = await openTunnel(cage, session, "also.test");
    const result = await cage.sandcage(["domain", "rm", "big.test"]);
    assert.equal(result.code, 0, result.stderr);
    await removed.ends();
    await assertAnswer(session, "https://big.test/", "none");
    await kept.goesOn();
    // The connection is cut first: what is told of it goes through the host, in its own time.
    await waitFor(
      "its end on record",
      async () =>
        (await cage.audit()).some(({ kind, host, reason }) =>
          kind === "close" && host === "big.test" && reason === "revoked"
        ) || undefined,
    );
  }],
  ["a secret that is set anew is the new one in a running cage", async ({ internet, cage }) => {
    const set = async (value: string) => {
      const result = await cage.sandcage(["secret", "set", "STORED_TOKEN"], {
        stdin: `${value}\n`,
      });
      assert.equal(result.code, 0, result.stderr);
    };
    const send = (name: string) =>
      run(name, [
        "sh",
        "-c",
        `curl -sS -H "authorization: Bearer $${name}" https://inject.test/${name}`,
      ]);
    const arrived = async (name: string) => {
      await internet.clear();
      await session.probe([send(name)]);
      const request = requestsOf(await internet.events()).find(({ target }) =>
        target === `/${name}`
      );
      return request?.headers.find(([key]) => key === "authorization")?.[1];
    };
    await set("the-first-stored-value");
    await Deno.writeTextFile(join(cage.home, "token"), "the-first-value-of-the-file\n");
    await using session = await cage.idle();
    assert.equal(await arrived("STORED_TOKEN"), "Bearer the-first-stored-value");
    assert.equal(await arrived("FILE_TOKEN"), "Bearer the-first-value-of-the-file");
    await set("the-second-stored-value");
    assert.equal(await arrived("STORED_TOKEN"), "Bearer the-second-stored-value");
    // A file is read again with everything else, at the next change.
    await Deno.writeTextFile(join(cage.home, "token"), "the-second-value-of-the-file\n");
    await set("the-third-stored-value");
    assert.equal(await arrived("FILE_TOKEN"), "Bearer the-second-value-of-the-file");
    const listed = await cage.sandcage(["secret", "list"]);
    assert.match(listed.stdout, /STORED_TOKEN/);
    assert.doesNotMatch(listed.stdout, /stored-value/);
  }],
  ["a change that cannot be read changes nothing and is reported", async ({ internet, cage }) => {
    const path = join(cage.state, "config.toml");
    const good = await Deno.readTextFile(path);
    const wrong = { BROKEN: "[network\n", MISSPELT: good.replace("allow =", "alow ="), RULE: "" };
    wrong.RULE = good.replace("allow = [", 'allow = ["two words", ');
    for (const name of Object.keys(wrong)) {
      const stored = await cage.sandcage(["secret", "set", name], { stdin: "a value to remove\n" });
      assert.equal(stored.code, 0, stored.stderr);
    }
    const session = await cage.idle();
    try {
      for (const [name, text] of Object.entries(wrong)) {
        await Deno.writeTextFile(path, text);
        // It asks every session to look again, and tells what they say.
        const removed = await cage.sandcage(["secret", "rm", name]);
        assert.equal(removed.code, 1, removed.stderr);
        assert.match(removed.stderr, /goes on with what it had: .*config\.toml/);
        await assertAnswer(session, "https://allowed.test/", "echo");
        await assertAnswer(session, "https://big.test/", "none");
      }
    } finally {
      await Deno.writeTextFile(path, good);
      await session[Symbol.asyncDispose]();
    }
    assert.match((await session.child.ended).stderr, /a change was not taken over: .*config\.toml/);
    assertSilent(await internet.events(), internet, { names: ["allowed.test"], echo: true });
  }],
];

testCases("changes while a session runs", {
  network: 'allow = ["allowed.test", "also.test", "inject.test"]\n',
  config: CONFIG,
  cases,
});
