/**
 * Every common client trusts what the gateway shows it: the host's own certificate where TLS stays
 * closed, one of the cage's authority where it is opened.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCaged } from "./support/caged.ts";
import { startInternet } from "./support/internet/internet.ts";
import { GREETING, startRegistry } from "./support/registry/registry.ts";

const SPLICED = "spliced.test";
const OPENED = "opened.test";

/** The clients that Debian has; Deno comes from npm. */
const DOCKERFILE = `FROM sandcage/base
RUN --mount=type=cache,id=sandcage-npm,target=/root/.npm \\
    --mount=type=secret,id=npmrc,target=/root/.npmrc npm install --global deno@2.9.6
`;
const CONFIG = (dockerfile: string) =>
  `packages = ["golang-go", "cargo", "python3-pip"]\n[image]\ndockerfile = "${dockerfile}"\n` +
  `[inspect]\nhosts = ["${OPENED}"]\n`;

/** A script for each client: fetches from $H in an empty folder, prints the greeting. */
const CLIENTS: Readonly<Record<string, string>> = {
  curl: "curl -fsS https://$H/hello",
  "curl without a proxy": "env -u HTTPS_PROXY -u https_proxy curl -fsS https://$H/hello",
  git: "git clone -q https://$H/git/trusty.git t && cat t/greeting",
  "git without a proxy":
    "env -u HTTPS_PROXY -u https_proxy git clone -q https://$H/git/trusty.git t && cat t/greeting",
  "node fetch": `node -e 'fetch("https://'$H'/hello").then((r) => r.text()).then(console.log)'`,
  "node https":
    `node -e 'require("https").get("https://'$H'/hello", (r) => r.pipe(process.stdout))'`,
  npm: "npm install --silent --registry=https://$H/npm/ trusty && node -p 'require(\"trusty\")'",
  "python urllib": "python3 -c 'import sys, urllib.request as u; " +
    'print(u.urlopen("https://" + sys.argv[1] + "/hello").read().decode())\' $H',
  pip: "pip install -q --no-cache-dir --index-url https://$H/simple/ --target t trusty && " +
    "PYTHONPATH=t python3 -c 'import trusty; print(trusty.greeting)'",
  "deno fetch": `deno eval 'console.log(await (await fetch("https://'$H'/hello")).text())'`,
  "deno import":
    `DENO_DIR=$PWD/d deno eval 'import { greeting } from "https://'$H'/mod.ts"; console.log(greeting)'`,
  go: "export GOMODCACHE=$PWD/m GOFLAGS=-modcacherw GOSUMDB=off GOPROXY=https://$H/go; " +
    "go mod init example.test/x && go get example.test/trusty@v1.0.0 && " +
    "cat m/example.test/trusty@v1.0.0/greeting",
  cargo: "export CARGO_HOME=$PWD/c CARGO_REGISTRIES_T_INDEX=sparse+https://$H/index/; " +
    "cargo init -q --name x . && cargo add -q --registry t trusty@1.0.0 && cargo fetch -q && " +
    "cat c/registry/src/*/trusty-1.0.0/greeting",
};

/** Authorities of the image alone, without the cage's own: only a closed connection passes. */
const WITHOUT_CAGE = "curl -sS --cacert /etc/ssl/certs/ca-certificates.crt https://$H/hello";

Deno.test("every client reaches a registry, its TLS closed and opened", async (t) => {
  await using internet = await startInternet();
  await using _registry = await startRegistry(internet, [SPLICED, OPENED]);
  await using world = await makeCaged("trust", internet, {
    network: `allow = ["${SPLICED}", "${OPENED}"]\n`,
  });
  const dockerfile = join(world.root, "Dockerfile");
  await Deno.writeTextFile(dockerfile, DOCKERFILE);
  await world.configure(CONFIG(dockerfile));
  const built = await world.sandcage(["build", "shell"], { timeoutMs: 1_200_000 });
  assert.equal(built.code, 0, built.stderr);

  const scripts = Object.entries({ ...CLIENTS, "without the cage's authority": WITHOUT_CAGE });
  const wanted = scripts.flatMap(([client, script]) =>
    [SPLICED, OPENED].map((host) => ({ client, host, script }))
  );
  const result = await world.sandcage(["shell", "--", "python3", "-c", RUNNER], {
    stdin: JSON.stringify(wanted),
    timeoutMs: 900_000,
  });
  assert.equal(result.code, 0, result.stderr);
  const outcomes = result.stdout.trim().split("\n").map((line) => JSON.parse(line) as Outcome);
  const find = (client: string, host: string) =>
    outcomes.find((outcome) => outcome.client === client && outcome.host === host)!;

  for (const client of Object.keys(CLIENTS)) {
    for (const host of [SPLICED, OPENED]) {
      await t.step(`${client}, ${host}`, () => {
        const { code, out, err } = find(client, host);
        assert.deepEqual([code, out.trim().split("\n").at(-1)], [0, GREETING], `${out}\n${err}`);
      });
    }
  }
  await t.step("the control: only the cage's authority makes an opened host trusted", () => {
    assert.equal(find("without the cage's authority", SPLICED).code, 0);
    const opened = find("without the cage's authority", OPENED);
    assert.deepEqual([opened.code, opened.out], [60, ""]);
  });
  await t.step("one host was spliced, the other one terminated", async () => {
    const lines = (await world.audit()).filter(({ mode }) => mode !== undefined);
    const modes = (
      host: string,
    ) => [...new Set(lines.filter((line) => line.host === host).map(({ mode }) => mode))];
    assert.deepEqual(modes(SPLICED), ["splice"]);
    assert.deepEqual(modes(OPENED), ["terminate"]);
  });
});

type Outcome = { client: string; host: string; code: number; out: string; err: string };

/** Runs the scripts one after another, each in a folder of its own; one JSON line for each. */
const RUNNER = `
import json, os, subprocess, sys, tempfile
for script in json.load(sys.stdin):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["bash", "-c", script["script"]], cwd=folder, capture_output=True,
            text=True, stdin=subprocess.DEVNULL, env={**os.environ, "H": script["host"]})
    print(json.dumps({**script, "code": done.returncode, "out": done.stdout, "err": done.stderr[-2000:]}),
        flush=True)
`;
