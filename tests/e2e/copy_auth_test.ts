/** Logins and keys of cages with files of their own: from the agent's own login, and from the host. */
import assert from "node:assert/strict";
import { run } from "../../src/engine/process.ts";
import { LABEL } from "../../src/names.ts";
import { PLACEHOLDER_PATTERN } from "../../src/policy/protocol.ts";
import { docker } from "../../tools/engine_state.ts";
import { makeCaged } from "./support/caged.ts";
import { startInternet } from "./support/internet/internet.ts";
import { openTerminal } from "./support/tmux.ts";
import { makeWorld } from "./support/world.ts";

/** Building images takes longer than anything else. */
const SLOW_MS = 400_000;

const KEY = "sk-ant-api03-real-key-of-the-copy-cage-test-0123456789";
const NEXT_KEY = "sk-ant-api03-another-key-of-the-copy-cage-test-98765";

Deno.test("api_key: a copy cage works with a key of the host that is nowhere in it", async () => {
  await using internet = await startInternet();
  const keys: (string | undefined)[] = [];
  internet.handle("model.test", ({ headers }) => {
    keys.push(headers.find(([name]) => name.toLowerCase() === "x-api-key")?.[1]);
    return Promise.resolve({ status: 200, headers: [], body: "hello from the model\n" });
  });
  await using world = await makeCaged("copykey", internet, {
    network: 'allow = ["model.test"]\n',
    config: '[secrets.ANTHROPIC_API_KEY]\nfrom = "env"\nto = ["model.test"]\n',
    env: { ANTHROPIC_API_KEY: KEY },
  });
  const must = async (args: readonly string[], env: Record<string, string> = {}) => {
    const result = await world.sandcage(args, { env, timeoutMs: SLOW_MS });
    assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
    assert.ok(!`${result.stdout}${result.stderr}`.includes(KEY));
    return result.stdout;
  };
  const create = ["create", "--name", "web", "--service", "shell", "--no-attach"];
  await must([...create, "--auth-mode", "api_key"]);
  assert.match(await must(["status", "web"]), /^service +shell, api_key$/m);
  const ask = [
    ...["shell", "--name", "web", "--", "sh", "-ec"],
    'printenv ANTHROPIC_API_KEY; curl -sS -H "x-api-key: $ANTHROPIC_API_KEY" https://model.test/',
  ];
  const [inside, answer] = (await must(ask)).split("\n");
  assert.match(inside!, new RegExp(`^${PLACEHOLDER_PATTERN.source}$`));
  assert.equal(answer, "hello from the model");
  // It is read when a session starts: the next one has the one of then.
  await must(ask, { ANTHROPIC_API_KEY: NEXT_KEY });
  assert.deepEqual(keys, [KEY, NEXT_KEY]);

  await must(["start", "web"]);
  const filter = ["--filter", `label=${LABEL.project}=${world.project}`];
  const containers = (await docker(["ps", "--all", "--quiet", ...filter])).split("\n");
  assert.ok(containers.length >= 2, "the desk and its gateway");
  assert.ok(!(await docker(["inspect", ...containers])).includes("real-key"));
  const look = "grep -rl real-key / --exclude-dir=proc --exclude-dir=sys 2>/dev/null; true";
  assert.equal(await must(["shell", "--name", "web", "--", "sh", "-c", look]), "");
  const here = await run("grep", ["-rl", "real-key", world.state], { timeoutMs: 20_000 });
  assert.equal(here.stdout, "", "nor on this machine");
  await must(["destroy", "web", "-y"]);
});

Deno.test("auth --login opens the agent's own login in the cage, at a terminal", async () => {
  await using world = await makeWorld("copylogin", { network: 'mode = "none"' });
  const create = ["create", "--name", "web", "--service", "claude", "--no-attach"];
  const made = await world.sandcage(create, { timeoutMs: SLOW_MS });
  assert.equal(made.code, 0, made.stderr);
  // Its first start asks things that are no login, and looks for its servers.
  const known = JSON.stringify({
    ...{ theme: "dark", hasCompletedOnboarding: true },
    projects: { "/work/project": { hasTrustDialogAccepted: true } },
  });
  const line = ["claude", "--name", "web", "--shell", "--", "sh", "-c"];
  const prepared = await world.sandcage([...line, `echo '${known}' > ~/.claude.json`]);
  assert.equal(prepared.code, 0, prepared.stderr);

  await using terminal = await openTerminal(world);
  await terminal.type("sandcage auth web --login");
  await terminal.expect(/Select login method/i);
  // Keys reach it, and it goes when it is told to: once out of the question, twice out of the agent.
  await terminal.press("Down");
  await terminal.expect(/❯ 2\. /);
  const prompt = /host\$ *\s*$/;
  await terminal.press("Escape");
  await terminal.expect(/Login (?:interrupted|cancell?ed)/i);
  for (let tries = 0; tries < 5; tries++) {
    await terminal.press("C-c");
    await terminal.press("C-c");
    if (await terminal.expect(prompt, 3_000).catch(() => undefined) !== undefined) break;
  }
  await terminal.expect(prompt);
  await terminal.type('stty -a | grep -o " icanon"; echo "code=$?"');
  await terminal.expect(/^ icanon\s+code=0$/m);
  // It ran in the home of the cage.
  const seen = await world.sandcage([...line, "cat ~/.claude.json"]);
  assert.match(seen.stdout, /"numStartups"|"firstStartTime"|"userID"/, seen.stdout);
  const destroyed = await world.sandcage(["destroy", "web", "-y"]);
  if (destroyed.code !== 0) throw new Error(`destroy: ${destroyed.stderr}`);
});
