import assert from "node:assert/strict";
import type { ProcessResult } from "../../../src/engine/process.ts";
import { ensureDebianImage } from "../../../src/setup/base_image.ts";
import { type DebootstrapFacts, planDebootstrap } from "../../../src/setup/base_image_plan.ts";
import { findMountsBelow } from "../../../src/setup/root_dir.ts";
import { fakeHost, fakeRun } from "../engine/support.ts";
import { fakeIo } from "./support.ts";

const DEBIAN = { id: "debian", like: [], version: "12", codename: "bookworm" };
const FACTS: DebootstrapFacts = {
  platform: "linux",
  uid: 0,
  distribution: DEBIAN,
  aptSources: [{
    uri: "http://mirror.test/debian",
    suites: ["bookworm"],
    components: ["main"],
    signedBy: "/k.gpg",
  }],
};

function commands(change: Partial<DebootstrapFacts>): string[] | undefined {
  const facts = { ...FACTS, ...change };
  return planDebootstrap(facts)?.steps("/t").map(({ command }) => command.slice(0, 9).join(" "));
}

Deno.test("planDebootstrap() uses the archive and keyring of this machine", () => {
  assert.deepEqual(commands({})?.filter((line) => !line.startsWith("sh ")), [
    "apt-get -q update",
    "apt-get -q -y -o DPkg::Lock::Timeout=60 install --no-install-recommends debootstrap",
    "/usr/sbin/debootstrap --variant=minbase --include=ca-certificates --keyring=/k.gpg trixie /t/root http://mirror.test/debian",
    "tar --numeric-owner --one-file-system -C /t/root -cf /t/image.tar .",
  ]);
});

Deno.test("planDebootstrap() leaves the mirror to debootstrap on Ubuntu", () => {
  const ubuntu = { id: "ubuntu", like: ["debian"], version: "24.04", codename: "noble" };
  assert.equal(
    commands({ distribution: ubuntu })?.[2],
    "/usr/sbin/debootstrap --variant=minbase --include=ca-certificates trixie /t/root",
  );
});

for (
  const [title, change] of [
    ["not root", { uid: 1000 }],
    ["macOS", { platform: "darwin" }],
    ["Fedora", { distribution: { ...DEBIAN, id: "fedora" } }],
    ["an unknown Linux", { distribution: null }],
  ] as const
) {
  Deno.test(`planDebootstrap() has no plan for ${title}`, () => {
    assert.equal(commands(change), undefined);
  });
}

/** Asks for an image of an engine whose docker answers by subcommand. */
async function ensure(image: string, answers: Record<string, Partial<ProcessResult>>) {
  const asked: string[] = [];
  const docker = (args: readonly string[]): Promise<ProcessResult> => {
    asked.push(args.join(" "));
    const answer = answers[args[0]!] ?? { code: 1 };
    return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false, ...answer });
  };
  const { io, said } = fakeIo();
  const host = fakeHost("/nonexistent");
  const error = await ensureDebianImage({ docker }, { host, io, image, run: fakeRun({}).run })
    .then(() => undefined, (caught) => caught);
  return { asked, said, error };
}

Deno.test("ensureDebianImage() does nothing when the image is there", async () => {
  const { asked, said, error } = await ensure("debian:trixie-slim", { image: { code: 0 } });
  assert.equal(error, undefined);
  assert.deepEqual(asked, ["image inspect --format {{.Id}} debian:trixie-slim"]);
  assert.deepEqual(said, []);
});

Deno.test("ensureDebianImage() pulls what is absent", async () => {
  const { asked, said, error } = await ensure("mirror.test/debian:1", { pull: { code: 0 } });
  assert.equal(error, undefined);
  assert.equal(asked[1], "pull mirror.test/debian:1");
  assert.deepEqual(said, ["done Pull mirror.test/debian:1"]);
});

Deno.test("ensureDebianImage() names the key when nothing works", async () => {
  const stderr = "Error response from daemon: Get https://mirror.test/v2/: no such host\n";
  const { error } = await ensure("mirror.test/debian:1", { pull: { code: 1, stderr } });
  assert.equal(
    error.message,
    "Cannot get the base image mirror.test/debian:1: " +
      "Error response from daemon: Get https://mirror.test/v2/: no such host",
  );
  assert.deepEqual([error.exit, error.code], [4, "engine-failed"]);
  assert.match(error.hint, /set image\.base/);
});

Deno.test("findMountsBelow() finds what an interrupted debootstrap left, outermost first", () => {
  const mounts = "proc /proc proc rw 0 0\nproc /t/a\\040b/root/proc proc rw 0 0\n" +
    "sysfs /t/a\\040b/root/proc/sys sysfs rw 0 0\nx /t/a\\040bc ext4 rw 0 0\n";
  assert.deepEqual(findMountsBelow(mounts, "/t/a b"), ["/t/a b/root/proc", "/t/a b/root/proc/sys"]);
});
