/**
 * install.ps1, run for real against a fake release on loopback. CI runs this on Windows only, once
 * with Windows PowerShell 5.1 and once with PowerShell 7; install.sh's tests are in tests/e2e.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const SCRIPT = fileURLToPath(new URL("../../install.ps1", import.meta.url));
const SHELL = Deno.env.get("POWERSHELL") ?? "powershell";
const ASSET = `sandcage-windows-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}.exe`;
const OLD = "the program before";
/** The verified binary has to run: Deno itself answers `--version`. */
const NEW = Deno.readFileSync(Deno.execPath());
const SUM = createHash("sha256").update(NEW).digest("hex");

type Files = Record<string, string | Uint8Array<ArrayBuffer>>;

async function install(files: Files, env: Record<string, string> = {}) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const body = files[new URL(request.url).pathname];
    return body === undefined ? new Response("Not Found", { status: 404 }) : new Response(body);
  });
  const dir = await Deno.makeTempDir({ prefix: "sandcage-install-" });
  try {
    await Deno.writeTextFile(join(dir, "sandcage.exe"), OLD);
    const result = await new Deno.Command(SHELL, {
      args: ["-NoProfile", "-ExecutionPolicy", "Bypass", "-File", SCRIPT],
      env: {
        SANDCAGE_BASE_URL: `http://127.0.0.1:${server.addr.port}`,
        SANDCAGE_INSTALL_DIR: dir,
        ...env,
      },
    }).output();
    const installed = await Deno.readFile(join(dir, "sandcage.exe"));
    return {
      ok: result.success,
      // PowerShell 5.1 wraps error text at the console's width.
      text: [result.stdout, result.stderr].map((bytes) => new TextDecoder().decode(bytes)).join("")
        .replace(/\s+/g, " "),
      isOld: new TextDecoder().decode(installed.subarray(0, 64)) === OLD,
      left: (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
    await server.shutdown();
  }
}

function release(sums: string): Files {
  return { "/latest/download/SHA256SUMS": sums, [`/latest/download/${ASSET}`]: NEW };
}

Deno.test("install.ps1 replaces the old binary by the verified one and leaves nothing else", async () => {
  const outcome = await install(release(`${SUM}  ${ASSET}\n`));
  assert.ok(outcome.ok, outcome.text);
  assert.equal(outcome.isOld, false);
  assert.deepEqual(outcome.left, ["sandcage.exe"]);
  assert.match(outcome.text, /not on your PATH/);
});

for (
  const [title, files, env, want] of [
    ["a wrong checksum", release(`${"0".repeat(64)}  ${ASSET}\n`), {}, /checksum .* not match/],
    ["a missing line", release(`${SUM}  other.exe\n`), {}, /no single valid line/],
    [
      "two lines",
      release(`${SUM}  ${ASSET}\n${SUM}  ${ASSET}\n`),
      {},
      /no single valid line/,
    ],
    ["a missing release", {}, {}, /Cannot download .*SHA256SUMS/],
    [
      "a foreign http address",
      {},
      { SANDCAGE_BASE_URL: "http://releases.example" },
      /not an https/,
    ],
    ["a version that is a path", {}, { SANDCAGE_VERSION: "..\\..\\evil" }, /Not a version/],
  ] as const
) {
  Deno.test(`install.ps1 refuses ${title} and leaves the old binary`, async () => {
    const outcome = await install(files, env);
    assert.equal(outcome.ok, false, outcome.text);
    assert.match(outcome.text, want);
    assert.deepEqual({ isOld: outcome.isOld, left: outcome.left }, {
      isOld: true,
      left: ["sandcage.exe"],
    });
  });
}
