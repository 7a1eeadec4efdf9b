/**
 * install.sh, run for real by /bin/sh against a fake release on loopback. Whatever goes wrong, the
 * binary installed before stays as it was and nothing else is left behind.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";

const SCRIPT = new URL("../../install.sh", import.meta.url).pathname;
const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "x64";
const ASSET = `sandcage-linux-${MACHINE}`;
const NEW = "#!/bin/sh\necho 'sandcage 9.9.9'\n";
const OLD = "#!/bin/sh\necho old\n";

/** One answer of the fake release; `length` larger than the body is a connection cut half-way. */
type Answer = { body: string; length?: number; status?: number; hang?: boolean };

type Release = AsyncDisposable & { url: string; asked: string[] };

/** Speaks just enough HTTP, byte by byte, to be able to lie about it. */
function serveRelease(answers: Record<string, Answer>): Release {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked: string[] = [];
  const open = new Set<Deno.Conn>();
  const answerOne = async (connection: Deno.Conn) => {
    open.add(connection);
    try {
      const buffer = new Uint8Array(8192);
      const count = await connection.read(buffer) ?? 0;
      const path = new TextDecoder().decode(buffer.subarray(0, count)).split(" ")[1] ?? "";
      asked.push(path);
      const answer = answers[path] ?? { body: "Not Found", status: 404 };
      const length = answer.length ?? answer.body.length;
      await connection.write(
        new TextEncoder().encode(
          `HTTP/1.1 ${answer.status ?? 200} X\r\nContent-Length: ${length}\r\n` +
            `Connection: close\r\n\r\n${answer.body}`,
        ),
      );
      if (answer.hang === true) await connection.read(buffer);
    } catch {
      // The client went away, as some of these tests want.
    } finally {
      open.delete(connection);
      connection.close();
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) void answerOne(connection);
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A complete, correct release, for latest and for 9.9.9. */
function goodRelease(asset = ASSET): Record<string, Answer> {
  const sums = `${sha256("x")}  other-${asset}\n${sha256(NEW)}  ${asset}\n`;
  const files: Record<string, Answer> = {};
  for (const from of ["/latest/download", "/download/v9.9.9"]) {
    files[`${from}/SHA256SUMS`] = { body: sums };
    files[`${from}/${asset}`] = { body: NEW };
  }
  return files;
}

type Outcome = { code: number; stderr: string; installed: string; left: string[] };
type InstallOptions = {
  env?: Record<string, string>;
  /** Programs put in front of PATH, by name. */
  fakes?: Record<string, string>;
  /** When given, PATH holds only these of the machine's programs, and the fakes. */
  only?: string[];
};

async function install(url: string, options: InstallOptions = {}): Promise<Outcome> {
  const home = await Deno.makeTempDir({ prefix: "sandcage-install-" });
  try {
    const bin = join(home, ".local/bin");
    await Deno.mkdir(bin, { recursive: true });
    await Deno.writeTextFile(join(bin, "sandcage"), OLD, { mode: 0o755 });
    const result = await new Deno.Command("/bin/sh", {
      args: [SCRIPT],
      clearEnv: true,
      cwd: home,
      env: {
        HOME: home,
        SHELL: "/bin/bash",
        SANDCAGE_BASE_URL: url,
        PATH: await makePath(home, options),
        ...options.env,
      },
      stdin: "null",
    }).output();
    return {
      code: result.code,
      stderr: new TextDecoder().decode(result.stderr) + new TextDecoder().decode(result.stdout),
      installed: await Deno.readTextFile(join(bin, "sandcage")),
      left: (await Array.fromAsync(Deno.readDir(bin))).map((entry) => entry.name),
    };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function makePath(home: string, options: InstallOptions): Promise<string> {
  const tools = join(home, "tools");
  await Deno.mkdir(tools);
  for (const name of options.only ?? []) {
    const found = ["/usr/bin", "/bin"].map((dir) => join(dir, name)).find(isFile);
    assert.ok(found, `this machine has ${name}`);
    await Deno.symlink(found, join(tools, name));
  }
  for (const [name, text] of Object.entries(options.fakes ?? {})) {
    await Deno.writeTextFile(join(tools, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return options.only === undefined ? `${tools}:/usr/bin:/bin` : tools;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function assertUntouched(outcome: Outcome, want: RegExp): void {
  assert.match(outcome.stderr, want);
  assert.deepEqual(
    { code: outcome.code, installed: outcome.installed, left: outcome.left },
    { code: 1, installed: OLD, left: ["sandcage"] },
  );
}

function assertInstalled(outcome: Outcome): void {
  assert.deepEqual(
    { code: outcome.code, installed: outcome.installed, left: outcome.left },
    { code: 0, installed: NEW, left: ["sandcage"] },
    outcome.stderr,
  );
  assert.match(outcome.stderr, /Installed sandcage 9\.9\.9 to /);
}

/** A fresh machine may lack what these tests compare; the package names are Debian's. */
const PACKAGE = { curl: "curl", wget: "wget", openssl: "openssl", shasum: "perl" } as const;

async function installMissingTools(): Promise<void> {
  const missing = Object.entries(PACKAGE).filter(([name]) => !isFile(`/usr/bin/${name}`));
  if (missing.length === 0) return;
  const apt = async (...args: string[]) => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    return await new Deno.Command("apt-get", { args, env, stdin: "null" }).output();
  };
  await apt("update");
  const packages = missing.map(([, name]) => name);
  const { success, stderr } = await apt("install", "-y", "--no-install-recommends", ...packages);
  assert.ok(success, new TextDecoder().decode(stderr));
}

await installMissingTools();

const BASICS = ["uname", "mktemp", "mkdir", "rm", "mv", "chmod", "cut", "awk", "grep", "ldd", "sh"];

Deno.test("install.sh replaces the old binary by the verified latest one and names the PATH line", async () => {
  await using release = serveRelease(goodRelease());
  const outcome = await install(release.url);
  assertInstalled(outcome);
  assert.match(outcome.stderr, /is not on your PATH/);
  assert.deepEqual(release.asked, [
    "/latest/download/SHA256SUMS",
    `/latest/download/${ASSET}`,
  ]);
});

for (const version of ["9.9.9", "v9.9.9"]) {
  Deno.test(`install.sh takes SANDCAGE_VERSION=${version} from that release's own folder`, async () => {
    await using release = serveRelease(goodRelease());
    assertInstalled(await install(release.url, { env: { SANDCAGE_VERSION: version } }));
    assert.deepEqual(release.asked, [
      "/download/v9.9.9/SHA256SUMS",
      `/download/v9.9.9/${ASSET}`,
    ]);
  });
}

Deno.test("install.sh makes SANDCAGE_INSTALL_DIR, with a space and relative, and says nothing about a PATH that has it", async () => {
  await using release = serveRelease(goodRelease());
  const root = await Deno.makeTempDir();
  try {
    const dir = join(root, "my tools/bin");
    const outcome = await install(release.url, {
      env: { SANDCAGE_INSTALL_DIR: dir, PATH: `${dir}:/usr/bin:/bin` },
    });
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.equal(outcome.installed, OLD, "the default directory is left alone");
    assert.equal(await Deno.readTextFile(join(dir, "sandcage")), NEW);
    assert.equal((await Deno.stat(join(dir, "sandcage"))).mode! & 0o777, 0o755);
    assert.doesNotMatch(outcome.stderr, /not on your PATH/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

for (const verifier of ["sha256sum", "shasum", "openssl"]) {
  Deno.test(`install.sh verifies with ${verifier} alone, and downloads with wget where curl is missing`, async () => {
    await using release = serveRelease(goodRelease());
    assertInstalled(await install(release.url, { only: [...BASICS, "wget", verifier] }));
    await using forged = serveRelease({
      ...goodRelease(),
      [`/latest/download/${ASSET}`]: { body: `${NEW}# forged\n` },
    });
    assertUntouched(
      await install(forged.url, { only: [...BASICS, "curl", verifier] }),
      /checksum of sandcage-linux-\w+ does not match; nothing was installed/,
    );
  });
}

type Failure = { title: string; answers: Record<string, Answer>; want: RegExp };
const SUMS = "/latest/download/SHA256SUMS";
const FAILURES: Failure[] = [
  {
    title: "a binary that is not the one in SHA256SUMS",
    answers: { [`/latest/download/${ASSET}`]: { body: `${NEW} ` } },
    want: /expected [0-9a-f]{64}\nreceived [0-9a-f]{64}\nerror: The checksum/,
  },
  {
    title: "SHA256SUMS without a line for this machine",
    answers: { [SUMS]: { body: `${sha256(NEW)}  sandcage-linux-riscv\n` } },
    want: /no single valid line for sandcage-linux-/,
  },
  {
    title: "SHA256SUMS with two lines for this machine",
    answers: { [SUMS]: { body: `${sha256("x")}  ${ASSET}\n${sha256(NEW)}  ${ASSET}\n` } },
    want: /no single valid line/,
  },
  {
    title: "SHA256SUMS whose sum is cut",
    answers: { [SUMS]: { body: `${sha256(NEW).slice(1)}  ${ASSET}\n` } },
    want: /no single valid line/,
  },
  {
    title: "SHA256SUMS that is an HTML page",
    answers: { [SUMS]: { body: "<html><body>Sign in</body></html>" } },
    want: /no single valid line/,
  },
  {
    title: "a release without SHA256SUMS",
    answers: { [SUMS]: { body: "Not Found", status: 404 } },
    want: /Cannot download http:\/\/127\.0\.0\.1:\d+\/latest\/download\/SHA256SUMS/,
  },
  {
    title: "a release without this machine's binary",
    answers: { [`/latest/download/${ASSET}`]: { body: "Not Found", status: 404 } },
    want: /Cannot download .*\/sandcage-linux-/,
  },
  {
    title: "a download cut half-way",
    answers: { [`/latest/download/${ASSET}`]: { body: NEW.slice(0, 12), length: NEW.length } },
    want: /Cannot download .*\/sandcage-linux-/,
  },
];

for (const { title, answers, want } of FAILURES) {
  for (const client of ["curl", "wget"]) {
    Deno.test(`install.sh with ${client} refuses ${title} and leaves the old binary`, async () => {
      await using release = serveRelease({ ...goodRelease(), ...answers });
      assertUntouched(
        await install(release.url, { only: [...BASICS, client, "sha256sum"] }),
        want,
      );
    });
  }
}

Deno.test("install.sh refuses a verified binary that does not run here", async () => {
  const broken = "#!/bin/sh\nexit 127\n";
  await using release = serveRelease({
    [SUMS]: { body: `${sha256(broken)} *${ASSET}\n` },
    [`/latest/download/${ASSET}`]: { body: broken },
  });
  assertUntouched(
    await install(release.url),
    /does not run on this machine; nothing was installed/,
  );
});

Deno.test("install.sh names what is missing before it downloads unverifiable or unreachable files", async () => {
  await using release = serveRelease(goodRelease());
  assertUntouched(
    await install(release.url, { only: [...BASICS, "curl"] }),
    /sha256sum, shasum and openssl are all missing/,
  );
  assertUntouched(
    await install(release.url, { only: [...BASICS, "sha256sum"] }),
    /Neither curl nor wget is installed/,
  );
});

for (
  const [title, dir, want] of [
    ["cannot be made", "/proc/sandcage/bin", /Cannot create \/proc\/sandcage\/bin/],
    ["cannot be written, even by root", "/sys/kernel", /Cannot write to \/sys\/kernel/],
  ] as const
) {
  Deno.test(`install.sh names SANDCAGE_INSTALL_DIR when the directory ${title}`, async () => {
    await using release = serveRelease(goodRelease());
    const outcome = await install(release.url, { env: { SANDCAGE_INSTALL_DIR: dir } });
    assertUntouched(outcome, want);
    assert.match(outcome.stderr, /fix: Set SANDCAGE_INSTALL_DIR/);
    assert.deepEqual(release.asked, []);
  });
}

const UNAME = (system: string, machine: string) =>
  `case "$1" in -s) echo ${system} ;; -m) echo ${machine} ;; esac`;

for (
  const [title, fakes, want] of [
    ["Git Bash", { uname: UNAME("MINGW64_NT-10.0", "x86_64") }, /PowerShell: irm .*install\.ps1/],
    ["FreeBSD", { uname: UNAME("FreeBSD", "amd64") }, /No binary for the system FreeBSD/],
    ["a 32-bit processor", { uname: UNAME("Linux", "i686") }, /No binary for the processor i686/],
    ["musl", { ldd: "echo 'musl libc (x86_64)' >&2; exit 1" }, /No binary for musl/],
  ] as const
) {
  Deno.test(`install.sh refuses ${title} with a way on, before any download`, async () => {
    await using release = serveRelease(goodRelease());
    assertUntouched(await install(release.url, { fakes }), want);
    assert.deepEqual(release.asked, []);
  });
}

for (
  const [title, machine, translated, asset] of [
    ["an Intel Mac", "x86_64", "0", "sandcage-macos-x64"],
    ["an Apple processor", "arm64", "0", "sandcage-macos-arm64"],
    ["a shell under Rosetta", "x86_64", "1", "sandcage-macos-arm64"],
  ] as const
) {
  Deno.test(`install.sh takes ${asset} on ${title}`, async () => {
    await using release = serveRelease(goodRelease(asset));
    assertInstalled(
      await install(release.url, {
        fakes: {
          uname: UNAME("Darwin", machine),
          sysctl: `[ "$2" = sysctl.proc_translated ] && echo ${translated}`,
        },
      }),
    );
  });
}

for (
  const url of [
    "http://releases.example/sandcage",
    "http://127.0.0.1.example/x",
    "http://localhost:80@evil.example/x",
    "ftp://127.0.0.1/x",
  ]
) {
  Deno.test(`install.sh refuses the base address ${url}`, async () => {
    assertUntouched(await install(url), /SANDCAGE_BASE_URL/);
  });
}

Deno.test("install.sh refuses a version that is a path", async () => {
  await using release = serveRelease(goodRelease());
  assertUntouched(
    await install(release.url, { env: { SANDCAGE_VERSION: "../../evil" } }),
    /Not a version/,
  );
  assert.deepEqual(release.asked, []);
});

Deno.test("install.sh does nothing when it was itself cut anywhere before its last line", async () => {
  await using release = serveRelease(goodRelease());
  const text = await Deno.readTextFile(SCRIPT);
  assert.ok(text.endsWith('\nmain "$@"\n'), "the call is the last line");
  const home = await Deno.makeTempDir();
  try {
    const body = text.length - 'main "$@"\n'.length;
    const cuts = Array.from({ length: 24 }, (_, index) => Math.round((body * (index + 1)) / 24));
    for (const cut of cuts) {
      const child = new Deno.Command("/bin/sh", {
        args: ["-s"],
        clearEnv: true,
        cwd: home,
        env: { HOME: home, PATH: "/usr/bin:/bin", SANDCAGE_BASE_URL: release.url },
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text.slice(0, cut)));
      await writer.close();
      await child.status;
    }
    assert.deepEqual(release.asked, []);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(home)), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("install.sh interrupted during the download leaves nothing behind", async () => {
  await using release = serveRelease({
    ...goodRelease(),
    [`/latest/download/${ASSET}`]: { body: "half", length: 4096, hang: true },
  });
  const home = await Deno.makeTempDir();
  try {
    const child = new Deno.Command("setsid", {
      args: ["--wait", "sh", "-c", 'echo $$ > "$HOME/pid"; exec sh "$0"', SCRIPT],
      clearEnv: true,
      cwd: home,
      env: { HOME: home, PATH: "/usr/bin:/bin", SANDCAGE_BASE_URL: release.url },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // Ends by itself when the script does: then the assertion below says what it did instead.
    let ended = false;
    void child.status.then(() => ended = true);
    while (release.asked.length < 2 && !ended) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const group = (await Deno.readTextFile(join(home, "pid"))).trim();
    await new Deno.Command("kill", { args: ["-INT", "--", `-${group}`] }).output();
    assert.equal((await child.status).code, 130);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(home, ".local/bin"))), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
