import assert from "node:assert/strict";
import { resolveAgent } from "../../../../src/acp/registry/resolve.ts";
import type { RegistryAgent } from "../../../../src/acp/registry/document.ts";
import type { InstallGround } from "../../../../src/acp/registry/resolve.ts";
import { defaultConfig } from "../../../../src/config/defaults.ts";
import { UserError } from "../../../../src/errors.ts";
import { bareHost, makeTempDir, recordingIo } from "../../cli/support.ts";

function agent(distribution: RegistryAgent["distribution"]): RegistryAgent {
  return { id: "tiny", name: "Tiny", version: "1.2.3", description: "x", distribution };
}

const binary = (archive: string, cmd = "./tiny") =>
  agent({ binary: { "linux-x86_64": { archive, cmd, args: [], env: {} } } });

const uvx = (text: string) => agent({ uvx: { package: text, args: ["acp"], env: { A: "1" } } });

async function resolve(entry: RegistryAgent, version?: string) {
  await using dir = await makeTempDir();
  const ground: InstallGround = {
    // Nothing here needs an engine.
    engine: undefined as never,
    host: bareHost({ stateDir: dir.path }),
    io: recordingIo(),
    config: defaultConfig(),
    facts: { arch: "x86_64", user: { uid: 1000, gid: 1000 }, ca: [], proxies: [] },
  };
  const registry = "https://registry.example/registry.json";
  const options = { allowUnverified: true, registry, ground };
  return await resolveAgent(entry, version === undefined ? options : { ...options, version });
}

const VERSIONS: [string, string | undefined, string][] = [
  ["tiny-acp==0.4.2", undefined, "tiny-acp==0.4.2"],
  ["tiny-acp@0.4.2", undefined, "tiny-acp==0.4.2"],
  ["tiny-acp", undefined, "tiny-acp==1.2.3"],
  ["tiny-acp==0.4.2", "0.5.0", "tiny-acp==0.5.0"],
];

for (const [text, version, want] of VERSIONS) {
  Deno.test(`${text}${version === undefined ? "" : ` at ${version}`} is ${want}`, async () => {
    assert.deepEqual(await resolve(uvx(text), version), {
      version: want.split("==")[1],
      origin: { kind: "uvx", requirement: want, program: "tiny-acp" },
      args: ["acp"],
      env: { A: "1" },
    });
  });
}

const REFUSED: [string, RegistryAgent, string | undefined, RegExp][] = [
  [
    "an archive of this machine",
    binary("http://localhost:1/a.tgz"),
    undefined,
    /is on this machine/,
  ],
  ["an archive over plain http", binary("http://x.example/a.tgz"), undefined, /is not https/],
  ["an archive that is a file", binary("file:///etc/passwd"), undefined, /is not https/],
  ["an archive without address", binary("a.tgz"), undefined, /is no address/],
  [
    "a command outside",
    binary("https://x.example/a.tgz", "../sh"),
    undefined,
    /no path in its archive/,
  ],
  ["a Debian package", binary("https://x.example/a.deb"), undefined, /is a \.deb file/],
  [
    "another version of an archive",
    binary("https://x.example/a.tgz"),
    "2.0.0",
    /archive of 1\.2\.3 only/,
  ],
  ["a version that is an option", uvx("tiny"), "1 --index-url x", /is no Python package/],
];

for (const [what, entry, version, words] of REFUSED) {
  Deno.test(`resolveAgent() refuses ${what} and fetches nothing`, async () => {
    await assert.rejects(resolve(entry, version), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, words);
      return true;
    });
  });
}
