import assert from "node:assert/strict";
import {
  type EngineRecord,
  findRecord,
  isFresh,
  observeStamp,
  writeRecord,
} from "../../../src/engine/cache.ts";

const RECORD: EngineRecord = {
  schema: 1,
  stamp: "/s:1:2",
  observedMs: 1_000_000,
  capabilities: {
    flavor: "docker",
    id: "ABCD:EFGH",
    version: "28.0.0",
    apiVersion: "1.48",
    arch: "x86_64",
    cpus: 2,
    cgroup: "v2",
    rootless: false,
    usernsRemap: false,
    desktop: false,
    gatewayModeIsolated: true,
    composeVersion: "2.33.0",
  },
  composePath: "/x/docker-compose",
  provenLocal: true,
};

for (
  const [title, record, now, want] of [
    ["the same socket, however old", RECORD, { stamp: "/s:1:2", nowMs: 9e12 }, true],
    ["a new socket", RECORD, { stamp: "/s:3:4", nowMs: 1_000_001 }, false],
    ["a socket that is gone", RECORD, { stamp: "/s:absent", nowMs: 1_000_001 }, false],
    [
      "a remote engine within a minute",
      { ...RECORD, stamp: "" },
      { stamp: "", nowMs: 1_059_999 },
      true,
    ],
    [
      "a remote engine after a minute",
      { ...RECORD, stamp: "" },
      { stamp: "", nowMs: 1_060_000 },
      false,
    ],
    ["a record from the future", { ...RECORD, stamp: "" }, { stamp: "", nowMs: 999_999 }, false],
  ] as const
) {
  Deno.test(`isFresh() answers ${want} for ${title}`, () => {
    assert.equal(isFresh(record, now), want);
  });
}

Deno.test("a record comes back as it was written, private; a broken one is not there", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/engines/x.json`;
    assert.equal(await findRecord(path), undefined);
    await writeRecord(path, RECORD);
    assert.deepEqual(await findRecord(path), RECORD);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(`${dir}/engines`)).mode! & 0o777, 0o700);
    for (const text of ["", "{", "null", "[]", '{"schema":2}', '{"schema":1}']) {
      await Deno.writeTextFile(path, text);
      assert.equal(await findRecord(path), undefined, text);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("writeRecord() is silent where nothing can be written", async () => {
  await writeRecord("/proc/none/x.json", RECORD);
});

Deno.test("observeStamp() changes when the socket is made anew", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const url = `unix://${dir}/s`;
    assert.equal(await observeStamp(url), `${dir}/s:absent`);
    await Deno.writeTextFile(`${dir}/s`, "");
    const first = await observeStamp(url);
    await Deno.writeTextFile(`${dir}/t`, "");
    await Deno.rename(`${dir}/t`, `${dir}/s`);
    assert.notEqual(await observeStamp(url), first);
    assert.equal(await observeStamp("tcp://h:1"), "");
    assert.equal(await observeStamp(undefined), "");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
