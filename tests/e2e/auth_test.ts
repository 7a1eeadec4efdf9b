import assert from "node:assert/strict";
import { join } from "node:path";
import { makeWorld } from "./support/world.ts";

Deno.test("auth copies the login and not the history, and later sessions have it", async () => {
  await using world = await makeWorld("auth");
  await Deno.mkdir(join(world.home, ".claude"));
  await Deno.writeTextFile(
    join(world.home, ".claude", ".credentials.json"),
    '{"claudeAiOauth":{"accessToken":"t0p"}}',
  );
  await Deno.writeTextFile(
    join(world.home, ".claude.json"),
    '{"oauthAccount":{"emailAddress":"ada@example.com"},"projects":{"/home/ada/private":{}}}',
  );
  const before = 'echo \'{"theme":"dark"}\' > ~/.claude.json';
  assert.equal((await world.sandcage(["claude", "--shell", "--", "sh", "-c", before])).code, 0);

  const copied = await world.sandcage(["auth", "claude"]);
  assert.equal(copied.code, 0, copied.stderr);
  assert.match(copied.stderr, /\.credentials\.json -> ~\/\.claude\/\.credentials\.json/);
  assert.doesNotMatch(copied.stderr + copied.stdout, /t0p/);

  const look = "cat ~/.claude/.credentials.json ~/.claude.json; stat -c %a:%U ~/.claude.json";
  const seen = await world.sandcage(["claude", "--shell", "--", "sh", "-c", look]);
  assert.equal(seen.code, 0, seen.stderr);
  assert.match(seen.stdout, /"accessToken":"t0p"/);
  assert.match(seen.stdout, /"emailAddress": "ada@example.com"/);
  assert.match(seen.stdout, /"theme": "dark"/);
  assert.doesNotMatch(seen.stdout, /private/);
  assert.match(seen.stdout, /^600:(root|agent)$/m);
});

Deno.test("auth without a login on this machine says how to get one, exit 1", async () => {
  await using world = await makeWorld("noauth");
  const result = await world.sandcage(["auth", "claude"]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /There is no login of Claude Code on this machine/);
  assert.match(result.stderr, /sandcage auth claude --login/);
});

Deno.test("auth --login runs the agent's own login inside and gives its exit code", async () => {
  const config = '[services.mine]\ncommand = ["sh"]\n';
  await using world = await makeWorld("login", { config, network: 'mode = "none"' });
  const none = await world.sandcage(["auth", "mine", "--login"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /mine has no login of its own/);
  const codex = await world.sandcage(["auth", "codex", "--login"], { stdin: "" });
  // Without a network to log in to, what counts is that codex itself answered.
  assert.match(codex.stdout + codex.stderr, /log ?in|https?:/i);
});
