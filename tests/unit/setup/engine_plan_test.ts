import assert from "node:assert/strict";
import { formatSteps } from "../../../src/setup/engine.ts";
import { type EngineFacts, parseOsRelease } from "../../../src/setup/engine_facts.ts";
import { planEngine } from "../../../src/setup/engine_plan.ts";

const COMPOSE = { version: "2.26.1", path: "/p/docker-compose" };
const BUILDX = { version: "0.13.1", path: "/p/docker-buildx" };
const ARCHIVE = {
  uri: "http://mirror.test/debian",
  suites: ["bookworm", "bookworm-updates"],
  components: ["main"],
  signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
};

const NO_CLIENT: EngineFacts["client"] = {
  installed: false,
  server: undefined,
  failure: undefined,
  stderr: "",
  compose: undefined,
  buildx: undefined,
};
const SILENT: EngineFacts["client"] = {
  ...NO_CLIENT,
  installed: true,
  failure: "not-listening",
  compose: COMPOSE,
  buildx: BUILDX,
};
const HEALTHY: EngineFacts["client"] = { ...SILENT, server: "28.0.0", failure: undefined };

/** Root on a bare bookworm without systemd. */
const BARE: EngineFacts = {
  platform: "linux",
  uid: 0,
  stateDir: "/root/.sandcage",
  endpoint: { kind: "default" },
  distribution: { id: "debian", like: [], version: "12", codename: "bookworm" },
  aptSources: [ARCHIVE],
  installed: [],
  client: NO_CLIENT,
  daemon: false,
  systemd: false,
  apparmor: false,
  pidFile: null,
  returnPath: { all: 0, fresh: 2 },
};
const HEARING = { all: 0, fresh: 0 };
const TRIXIE = { id: "debian", like: [], version: "13", codename: "trixie" };
const NOBLE = { id: "ubuntu", like: ["debian"], version: "24.04", codename: "noble" };
const STOPPED: EngineFacts = { ...BARE, client: SILENT, daemon: true };

const CASES: readonly (readonly [string, Partial<EngineFacts>])[] = [
  ["everything is there", { client: HEALTHY, daemon: true }],
  ["a machine that hears cages", { client: HEALTHY, daemon: true, returnPath: HEARING }],
  ["one that hears cages through another's engine", {
    client: HEALTHY,
    endpoint: { kind: "host", url: "ssh://far.test" },
    returnPath: HEARING,
  }],
  ["one that hears cages, not root", { client: HEALTHY, uid: 1000, returnPath: HEARING }],
  ["one that asks on every interface", { client: HEALTHY, returnPath: { all: 1, fresh: 0 } }],
  ["a stopped engine of a machine that hears cages", { ...STOPPED, returnPath: HEARING }],
  ["bare bookworm", {}],
  ["bare bookworm with systemd and AppArmor", { systemd: true, apparmor: true }],
  ["bookworm with only a docker client", { client: { ...SILENT, compose: undefined } }],
  ["bookworm that has trixie already", {
    aptSources: [ARCHIVE, { ...ARCHIVE, suites: ["trixie"] }],
    client: { ...HEALTHY, compose: undefined, buildx: undefined },
    daemon: true,
  }],
  ["bookworm with an unknown archive", { aptSources: [] }],
  ["bare trixie", { distribution: TRIXIE }],
  ["bare Debian testing", { distribution: { ...TRIXIE, version: "", codename: "forky" } }],
  ["bare Ubuntu 24.04", { distribution: NOBLE, systemd: true }],
  ["bare Linux Mint", {
    distribution: { id: "linuxmint", like: ["ubuntu", "debian"], version: "22", codename: "noble" },
  }],
  ["Docker's own packages without plugins", {
    distribution: NOBLE,
    installed: ["docker-ce"],
    client: { ...HEALTHY, compose: undefined, buildx: undefined },
    daemon: true,
  }],
  ["an engine that is stopped", STOPPED],
  ["an engine that systemd has stopped", { ...STOPPED, systemd: true }],
  ["a daemon killed with its pid file left", {
    ...STOPPED,
    pidFile: { path: "/var/run/docker.pid", pid: 99, alive: false },
  }],
  ["a daemon that is still starting", {
    ...STOPPED,
    pidFile: { path: "/var/run/docker.pid", pid: 99, alive: true },
  }],
  ["not root", { uid: 1000 }],
  ["not in the group docker", {
    ...STOPPED,
    uid: 1000,
    client: { ...SILENT, failure: "permission" },
  }],
  ["an endpoint the user chose", {
    ...STOPPED,
    endpoint: { kind: "host", url: "unix:///tmp/nope.sock" },
  }],
  ["Debian 11", { distribution: { ...TRIXIE, version: "11", codename: "bullseye" } }],
  ["Ubuntu 20.04", { distribution: { ...NOBLE, version: "20.04", codename: "focal" } }],
  ["Fedora", { distribution: { id: "fedora", like: [], version: "43", codename: "" } }],
  ["Manjaro", { distribution: { id: "manjaro", like: ["arch"], version: "", codename: "" } }],
  ["an unknown Linux", { distribution: null }],
  ["macOS", { platform: "darwin", uid: 501, distribution: null }],
  ["Windows", { platform: "windows", uid: 1000, distribution: null }],
];

Deno.test("planEngine() plans exactly what is missing", async (t) => {
  for (const [title, change] of CASES) {
    await t.step(title, async (step) => {
      const plan = planEngine({ ...BARE, ...change });
      const text = plan.kind === "steps"
        ? formatSteps(plan.steps)
        : plan.kind === "manual"
        ? `${plan.problem}\n${plan.instructions}`
        : "nothing to do";
      await step.assertSnapshot(text);
    });
  }
});

Deno.test("parseOsRelease() reads Debian, Ubuntu and what stands on it", () => {
  const debian = 'PRETTY_NAME="Debian"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n';
  assert.deepEqual(parseOsRelease(debian), {
    id: "debian",
    like: [],
    version: "12",
    codename: "bookworm",
  });
  const mint =
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n';
  assert.deepEqual(parseOsRelease(mint), {
    id: "linuxmint",
    like: ["ubuntu", "debian"],
    version: "22",
    codename: "noble",
  });
});
