import assert from "node:assert/strict";
import { findPlugins, parseObservation, trimVersion } from "../../../src/engine/capabilities.ts";
import { fixture } from "./support.ts";

const INFO = JSON.parse(fixture("info_20.10.json")) as Record<string, unknown>;
const SERVER = fixture("version_20.10.json");

function observe(change: Record<string, unknown>, platform: "linux" | "darwin" = "linux") {
  const info = JSON.stringify({ ...INFO, ...change });
  return parseObservation({ info, server: SERVER }, platform).capabilities;
}

Deno.test("parseObservation() reads what a real 20.10 engine with a 28.2 client says", () => {
  const path = "/usr/libexec/docker/cli-plugins";
  const text = { info: fixture("info_20.10.json"), server: SERVER };
  assert.deepEqual(parseObservation(text, "linux"), {
    capabilities: {
      flavor: "docker",
      id: "",
      version: "20.10.24+dfsg1",
      apiVersion: "1.41",
      arch: "x86_64",
      cpus: 2,
      cgroup: "v1",
      rootless: false,
      usernsRemap: false,
      desktop: false,
      gatewayModeIsolated: false,
    },
    compose: { version: "2.26.1", path: `${path}/docker-compose` },
    buildx: { version: "0.13.1", path: `${path}/docker-buildx` },
  });
});

Deno.test("parseObservation() tells the kinds of engines apart", () => {
  const security = (name: string) => observe({ SecurityOptions: ["name=seccomp", `name=${name}`] });
  assert.equal(security("rootless").rootless, true);
  assert.equal(security("userns").usernsRemap, true);
  assert.equal(observe({ SecurityOptions: null }).rootless, false);
  assert.equal(observe({ ID: "ABCD:EFGH" }).id, "ABCD:EFGH");
  assert.equal(observe({ CgroupVersion: "2" }).cgroup, "v2");
  assert.equal(observe({ OperatingSystem: "Docker Desktop" }).desktop, true);
  assert.equal(observe({ OperatingSystem: "OrbStack" }).desktop, true);
  assert.equal(observe({}, "darwin").desktop, true);
  assert.equal(observe({ ServerVersion: "27.5.1" }).gatewayModeIsolated, false);
  assert.equal(observe({ ServerVersion: "28.0.0" }).gatewayModeIsolated, true);
});

for (const info of ["", "null", "[]", '{"ServerVersion":""}', "Template parsing error"]) {
  Deno.test(`parseObservation() refuses ${JSON.stringify(info)}`, () => {
    assert.throws(() => parseObservation({ info, server: SERVER }, "linux"), {
      name: "UserError",
      code: "engine-failed",
      exit: 4,
    });
  });
}

Deno.test("parseObservation() knows Podman by its components, and believes none of its ids", () => {
  const text = {
    info: fixture("info_podman_5.4.json"),
    server: fixture("version_podman_5.4.json"),
  };
  assert.deepEqual(parseObservation(text, "linux").capabilities, {
    flavor: "podman",
    id: "",
    version: "5.4.2",
    apiVersion: "1.41",
    arch: "x86_64",
    cpus: 2,
    cgroup: "v1",
    rootless: false,
    usernsRemap: false,
    desktop: false,
    gatewayModeIsolated: false,
  });
  const later = { ...text, info: JSON.stringify({ ...INFO, ServerVersion: "29.0.0" }) };
  assert.equal(parseObservation(later, "linux").capabilities.gatewayModeIsolated, false);
});

for (const server of ["", "null", "1.41", '{"ApiVersion":""}', '{"Components":[]}']) {
  Deno.test(`parseObservation() refuses an engine that says ${JSON.stringify(server)}`, () => {
    assert.throws(() => parseObservation({ info: JSON.stringify(INFO), server }, "linux"), {
      name: "UserError",
      code: "engine-failed",
      exit: 4,
    });
  });
}

Deno.test("findPlugins() finds plugins also where no engine answers, and no broken one", () => {
  const found = findPlugins(fixture("info_20.10_silent.json"));
  assert.deepEqual([found.compose?.version, found.buildx?.version], ["2.26.1", "0.13.1"]);
  const broken = { Name: "compose", Path: "/x", Version: "2", Err: "failed to fetch metadata" };
  assert.deepEqual(findPlugins(JSON.stringify({ ClientInfo: { Plugins: [broken] } })), {
    compose: undefined,
    buildx: undefined,
  });
  assert.deepEqual(findPlugins(""), { compose: undefined, buildx: undefined });
});

for (
  const [version, want] of [
    ["v2.26.1", "2.26.1"],
    ["2.26.1-4", "2.26.1"],
    ["0.13.1+ds1", "0.13.1"],
    ["docker-compose version 1.29.2, build unknown", "1.29.2"],
    ["dev", "dev"],
  ] as const
) {
  Deno.test(`trimVersion() makes ${want} of ${version}`, () => {
    assert.equal(trimVersion(version), want);
  });
}
