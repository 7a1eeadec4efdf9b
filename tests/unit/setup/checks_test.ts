import assert from "node:assert/strict";
import type { Check } from "../../../src/setup/check.ts";
import { checkEngine, type EngineCheckFacts } from "../../../src/setup/engine_checks.ts";
import { checkHost } from "../../../src/setup/host_checks.ts";
import { formatChecks } from "../../../src/cli/checks.ts";
import { fixture } from "../engine/support.ts";

const INFO = JSON.parse(fixture("info_20.10.json")) as Record<string, unknown>;
const PLUGIN = { version: "2.26.1", path: "/p" };
const HEALTHY: EngineCheckFacts = {
  client: {
    installed: true,
    server: "20.10.24+dfsg1",
    failure: undefined,
    stderr: "",
    compose: PLUGIN,
    buildx: PLUGIN,
    info: JSON.stringify(INFO),
  },
  title: "the default engine",
  platform: "linux",
  flavor: "docker",
  local: true,
  freeBytes: 50 * 1024 ** 3,
  returnPath: { all: 0, fresh: 2 },
};

type Change = Partial<Omit<EngineCheckFacts, "client">> & {
  client?: Partial<EngineCheckFacts["client"]>;
  info?: Record<string, unknown>;
};

function judge({ client, info, ...change }: Change): Check[] {
  const text = JSON.stringify({ ...INFO, ...info });
  return checkEngine({
    ...HEALTHY,
    ...change,
    client: { ...HEALTHY.client, info: text, ...client },
  });
}

for (
  const [title, change, name, status] of [
    ["no client", { client: { installed: false } }, "docker client", "fail"],
    ["no compose", { client: { compose: undefined } }, "compose", "fail"],
    ["no buildx", { client: { buildx: undefined } }, "buildx", "fail"],
    ["silence", { client: { server: undefined, failure: "not-listening" } }, "engine", "fail"],
    ["a hanging engine", { client: { server: undefined, failure: "timeout" } }, "engine", "fail"],
    ["an old engine", { client: { server: "19.03.15" } }, "engine", "fail"],
    ["an old Podman", { client: { server: "4.3.1" }, flavor: "podman" }, "engine", "fail"],
    [
      "Podman's own docker command",
      { client: { server: undefined, failure: "podman-client" } },
      "engine",
      "fail",
    ],
    ["a remote engine", { local: false }, "local", "warn"],
    ["a failed probe", { local: "no answer" }, "local", "warn"],
    ["no limits", { info: { PidsLimit: false } }, "limits", "warn"],
    ["little space", { freeBytes: 2 * 1024 ** 3 }, "storage", "warn"],
    ["no space", { freeBytes: 1024 }, "storage", "fail"],
    ["vfs", { info: { Driver: "vfs" } }, "storage", "warn"],
    ["a machine that hears cages", { returnPath: { all: 0, fresh: 0 } }, "broadcasts", "warn"],
    ["userns-remap", { info: { SecurityOptions: ["name=userns"] } }, "users", "warn"],
  ] as const satisfies readonly (readonly [string, Change, string, Check["status"]])[]
) {
  Deno.test(`checkEngine() answers ${status} for ${title}, with a fix, and for nothing else`, () => {
    const bad = judge(change).filter((check) => check.status !== "ok");
    assert.deepEqual(bad.map((check) => [check.name, check.status]), [[name, status]]);
    assert.ok(bad[0]?.fix);
  });
}

Deno.test("checkEngine() has nothing to say against a healthy engine", () => {
  assert.deepEqual(judge({}).map(({ status }) => status), Array(9).fill("ok"));
});

Deno.test("checkEngine() says nothing of broadcasts where bridges are not this machine's", () => {
  const names = judge({ returnPath: null }).map(({ name }) => name);
  assert.equal(names.length, 8);
  assert.ok(!names.includes("broadcasts"));
});

Deno.test("checkHost() judges modes and sessions, and shows no proxy password", () => {
  const checks = checkHost({
    stateDir: "/home/u/.sandcage",
    stateMode: 0o755,
    extraCas: 2,
    env: { https_proxy: "http://user:secret@proxy.test:3128" },
    staleSessions: 1,
  });
  assert.deepEqual(checks.map(({ status }) => status), ["warn", "ok", "ok", "warn"]);
  assert.equal(checks[2]?.detail, "HTTPS_PROXY=http://***@proxy.test:3128");
  assert.ok(!JSON.stringify(checks).includes("secret"));
});

Deno.test("formatChecks() puts the fix below its line", () => {
  const checks: Check[] = [
    { name: "engine", status: "ok", detail: "28" },
    { name: "a", status: "fail", detail: "two\nlines", fix: "do" },
  ];
  assert.equal(
    formatChecks(checks, { color: false }),
    "ok    engine  28\nFAIL  a       two lines\n              fix: do",
  );
});
