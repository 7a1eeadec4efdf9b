import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { EXIT, UserError } from "../../../src/errors.ts";
import type { Host } from "../../../src/host.ts";
import { extraCertificates, observeCa } from "../../../src/image/ca.ts";

const [MOZILLA, OTHER] = [rootCertificates[0]!, rootCertificates[1]!];
const OWN = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";

function makeHost(stateDir: string, change: Partial<Host> = {}): Host {
  return {
    platform: "linux",
    arch: "x86_64",
    env: {},
    cwd: stateDir,
    home: stateDir,
    stateDir,
    user: { name: "u", uid: 1, gid: 1 },
    tty: { stdin: false, stdout: false, stderr: false },
    ...change,
  };
}

const noProgram = () => Promise.reject(new Deno.errors.NotFound("no program here"));

Deno.test("extraCertificates() keeps what Mozilla does not have, however it is broken into lines", () => {
  const spelled = MOZILLA.replace(/\n/g, "\r\n");
  assert.deepEqual(extraCertificates([`# note\n${spelled}\n${OWN}`, OWN], rootCertificates), [OWN]);
});

Deno.test("extraCertificates() gives one order for any order of files", () => {
  assert.deepEqual(
    extraCertificates([OWN, OTHER, MOZILLA], []),
    extraCertificates([MOZILLA, OWN, OTHER], []),
  );
});

Deno.test("extraCertificates() takes OpenSSL's trusted form and skips keys", () => {
  const trusted = OWN.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE");
  const key = "-----BEGIN PRIVATE KEY-----\nQUJE\n-----END PRIVATE KEY-----\n";
  assert.deepEqual(extraCertificates([trusted + key], []), [OWN]);
});

Deno.test("observeCa() with none looks at nothing", async () => {
  const host = makeHost("/nonexistent");
  assert.deepEqual(await observeCa("none", { host, projectPath: "/p", run: noProgram }), []);
});

Deno.test("observeCa() with auto reads what SSL_CERT_FILE names, and notices a change", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = `${dir}/bundle.pem`;
    await Deno.writeTextFile(file, MOZILLA + OWN);
    const host = makeHost(`${dir}/state`, { env: { SSL_CERT_FILE: file }, platform: "windows" });
    const options = { host, projectPath: dir, run: noProgram };
    assert.deepEqual(await observeCa("auto", options), [OWN]);
    assert.deepEqual(await observeCa("auto", options), [OWN], "from the cache");
    const second = OWN.replace("QUJD", "QUJEREQ=");
    await Deno.writeTextFile(file, OWN + second);
    assert.deepEqual(await observeCa("auto", options), [OWN, second].toSorted());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("observeCa() with auto asks the store of Windows and of macOS", async () => {
  for (const [platform, program] of [["windows", "powershell"], ["darwin", "security"]] as const) {
    const dir = await Deno.makeTempDir();
    try {
      const asked: string[] = [];
      const found = await observeCa("auto", {
        host: makeHost(dir, { platform }),
        projectPath: dir,
        run(command) {
          asked.push(command);
          return Promise.resolve({ code: 0, stdout: OWN, stderr: "", timedOut: false });
        },
      });
      assert.deepEqual(found, [OWN]);
      assert.deepEqual(asked, [program]);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }
});

Deno.test("observeCa() with a list reads paths from the project, and wants certificates there", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/own.pem`, OWN);
    await Deno.writeTextFile(`${dir}/empty.pem`, "nothing\n");
    const options = { host: makeHost(dir), projectPath: dir, run: noProgram };
    assert.deepEqual(await observeCa(["own.pem", `${dir}/own.pem`, "~/own.pem"], options), [OWN]);
    for (
      const [path, message] of [["absent.pem", /Cannot read/], [
        "empty.pem",
        /no certificate/,
      ]] as const
    ) {
      await assert.rejects(observeCa([path], options), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        assert.match(error.hint!, /image\.ca: auto/);
        assert.equal(error.exit, EXIT.config);
        return true;
      });
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
