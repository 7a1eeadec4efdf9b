/** The harness itself: it must find what a test forgets, and the model server must tell the truth. */
import assert from "node:assert/strict";
import { LABEL } from "../../src/names.ts";
import { docker, observeRun } from "../../tools/engine_state.ts";
import { startModelServer } from "../../tools/model/server.ts";
import { waitFor } from "./support/files.ts";
import { findLeaks, formatLeaks, removeLeaks } from "../../tools/testing/leaks.ts";

Deno.test("what a run leaves behind is found, named and removed; what is another's stays", async () => {
  const [mark, other] = [`leak-${crypto.randomUUID()}`, `other-${crypto.randomUUID()}`];
  const managed = ["--label", `${LABEL.managed}=true`];
  const create = ["container", "create", "--network", "none", ...managed];
  for (const name of [mark, other]) {
    await docker(["volume", "create", ...managed, name]);
    await docker([
      ...create,
      "--label",
      `${LABEL.project}=/tmp/${name}`,
      "--name",
      name,
      "debian:trixie-slim",
      "true",
    ]);
  }
  const child = new Deno.Command("bash", { args: ["-c", `exec -a ${mark} sleep 300`] }).spawn();
  try {
    await waitFor("its own name", async () => {
      const command = await Deno.readTextFile(`/proc/${child.pid}/cmdline`);
      return command.startsWith(mark) || undefined;
    });
    const leaks = await findLeaks(mark, mark);
    assert.deepEqual(formatLeaks(leaks), [
      `container ${mark}`,
      `volume ${mark}`,
      `process ${child.pid}: ${mark} 300`,
    ]);
    await removeLeaks(leaks);
    assert.equal((await child.status).signal, "SIGKILL");
    assert.deepEqual(formatLeaks(await findLeaks(mark, mark)), []);
    const kept = await observeRun(other);
    assert.deepEqual([kept.containers, kept.volumes], [[other], [other]]);
  } finally {
    await docker(["rm", "--force", other]);
    await docker(["volume", "rm", other]);
  }
});

Deno.test("the model server answers over HTTP and records who asked with which key", async () => {
  let url: string;
  {
    await using server = await startModelServer({ hostname: "127.0.0.1", port: 0 });
    url = server.url;
    const response = await fetch(`${url}/v1/messages?beta=true`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: JSON.stringify({
        model: "m",
        stream: true,
        messages: [{ role: "user", content: "write a: b" }],
        tools: [{ name: "Write" }],
      }),
    });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.match(
      await response.text(),
      /^event: message_start\n(.|\n)*"name":"Write"(.|\n)*message_stop/,
    );
    assert.equal((await fetch(url, { method: "HEAD" })).status, 200);
    const unknown = await fetch(`${url}/nothing`);
    assert.equal(unknown.status, 404);
    await unknown.body?.cancel();
    assert.deepEqual(
      server.requests.map((
        { method, path, key, dialect, status },
      ) => [method, path, key, dialect, status]),
      [
        ["POST", "/v1/messages", "k", "anthropic", 200],
        ["HEAD", "/", undefined, undefined, 200],
        ["GET", "/nothing", undefined, undefined, 404],
      ],
    );
  }
  await assert.rejects(fetch(url), "the port is closed");
});
