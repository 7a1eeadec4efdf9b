import assert from "node:assert/strict";
import { collectLogins, mergeLogin, pickLogin } from "../../../src/auth/logins.ts";
import type { Host } from "../../../src/host.ts";
import type { Run } from "../../../src/engine/process.ts";

const noRun: Run = () => Promise.reject(new Error("must not run anything"));

async function withHome(files: Record<string, string>, test: (host: Host) => Promise<void>) {
  const home = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${home}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${home}/${path}`, text);
    }
    await test({ home, platform: "linux" } as Host);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("collectLogins() takes the login out of ~/.claude.json and leaves the history", async () => {
  const files = {
    ".claude/.credentials.json": '{"token":"t"}',
    ".claude.json": JSON.stringify({
      oauthAccount: { mail: "a@b" },
      projects: { "/home/ada/secret": {} },
      hasCompletedOnboarding: true,
    }),
  };
  await withHome(files, async (host) => {
    const auth = { keys: {}, files: [".claude/.credentials.json", ".claude.json"] };
    const logins = await collectLogins(auth, { host, run: noRun });
    assert.deepEqual(logins.map(({ path, text }) => ({ path, value: JSON.parse(text) })), [
      { path: ".claude/.credentials.json", value: { token: "t" } },
      {
        path: ".claude.json",
        value: { oauthAccount: { mail: "a@b" }, hasCompletedOnboarding: true },
      },
    ]);
  });
});

Deno.test("collectLogins() on macOS prefers the Keychain and takes nothing when it refuses", async () => {
  await withHome({ ".claude/.credentials.json": "old" }, async (host) => {
    const auth = {
      keys: {},
      files: [".claude/.credentials.json"],
      keychain: { item: "Claude Code-credentials", file: ".claude/.credentials.json" },
    };
    const calls: string[][] = [];
    const answer = (code: number, stdout: string): Run => (command, args) => {
      calls.push([command, ...args]);
      return Promise.resolve({ code, stdout, stderr: "", timedOut: false });
    };
    const mac: Host = { ...host, platform: "darwin" };
    assert.deepEqual(await collectLogins(auth, { host: mac, run: answer(0, "new\n") }), [{
      path: ".claude/.credentials.json",
      text: "new\n",
      source: "Keychain item Claude Code-credentials",
    }]);
    assert.deepEqual(calls, [[
      "security",
      "find-generic-password",
      "-s",
      "Claude Code-credentials",
      "-w",
    ]]);
    const refused = await collectLogins(auth, { host: mac, run: answer(44, "") });
    assert.deepEqual(refused.map(({ text }) => text), ["old"]);
  });
});

Deno.test("collectLogins() finds nothing on a machine without logins", async () => {
  await withHome({}, async (host) => {
    assert.deepEqual(await collectLogins({ keys: {}, files: [".x"] }, { host, run: noRun }), []);
  });
});

Deno.test("pickLogin() answers undefined when a file holds no login", () => {
  assert.equal(pickLogin(".claude.json", '{"projects":{}}'), undefined);
  assert.equal(pickLogin(".claude.json", "not json"), undefined);
  assert.equal(pickLogin(".codex/auth.json", "{}"), "{}");
});

Deno.test("mergeLogin() keeps what the cage already has", () => {
  const login = { path: ".claude.json", text: '{"userID":"new"}', source: "" };
  assert.deepEqual(JSON.parse(mergeLogin(login, '{"theme":"dark","userID":"old"}')), {
    theme: "dark",
    userID: "new",
  });
  assert.equal(mergeLogin(login, undefined), login.text);
});
