import assert from "node:assert/strict";
import {
  runDomainAdd,
  runDomainList,
  runDomainRemove,
} from "../../../../src/cli/commands/domain.ts";
import { describeReload } from "../../../../src/cli/reload.ts";
import { loadConfig } from "../../../../src/config/layers.ts";
import { findPendingGrants } from "../../../../src/config/trust.ts";
import { readTrust } from "../../../../src/config/trust_store.ts";
import { makeSandbox, recordIo, type Sandbox } from "../../config/support.ts";

type Flags = { global?: boolean; block?: boolean };

async function addIn(box: Sandbox, rules: string[], flags: Flags = {}) {
  const io = recordIo();
  const options = { rules, global: flags.global === true, block: flags.block === true };
  const exit = await runDomainAdd(options, { host: box.host, io });
  return { exit, said: io.said.map((text) => text.replaceAll(box.project, "~")) };
}

async function removeIn(box: Sandbox, rules: string[], flags: Flags = {}) {
  const io = recordIo();
  const options = { rules, global: flags.global === true };
  return { exit: await runDomainRemove(options, { host: box.host, io }), said: io.said };
}

async function pendingIn(box: Sandbox) {
  const loaded = await loadConfig(box.project, { host: box.host });
  const pending = await findPendingGrants(loaded, { host: box.host, projectPath: box.project });
  return pending.map(({ key, shown }) => `${key}=${shown}`);
}

const textOf = (box: Sandbox) => Deno.readTextFile(`${box.project}/.sandcage.yml`);

Deno.test("domain add allows for the project, keeps its comments, and is trusted at once", async () => {
  await using box = await makeSandbox();
  await box.write(
    ".sandcage.yml",
    "# top\nnetwork:\n  allow: # hosts\n    - other.dev # theirs\nports: [3000]\n",
  );
  const { exit, said } = await addIn(box, ["a.dev", "*.b.dev"]);
  assert.equal(exit, 0);
  assert.deepEqual(said, [
    "This project asks for more that you have not allowed; see: sandcage trust",
    "Allowed a.dev, *.b.dev in ~/.sandcage.yml",
  ]);
  assert.equal(
    await textOf(box),
    '# top\nnetwork:\n  allow: # hosts\n    - other.dev # theirs\n    - a.dev\n    - "*.b.dev"\n' +
      "ports: [3000]\n",
  );
  assert.deepEqual(await pendingIn(box), ["network.allow=other.dev", "ports=3000"]);
  const again = await addIn(box, ["a.dev"]);
  assert.match(again.said.join(), /a\.dev: already in/);
});

Deno.test("two that add at once lose no rule, in either file", async () => {
  await using box = await makeSandbox();
  const rules = Array.from({ length: 6 }, (_, index) => `h${index}.dev`);
  await Promise.all(rules.map((rule) => addIn(box, [rule])));
  await Promise.all(rules.map((rule) => addIn(box, [`*.${rule}`], { global: true })));
  const { config } = await loadConfig(box.project, { host: box.host });
  const want = [...rules, ...rules.map((rule) => `*.${rule}`)];
  assert.deepEqual(config.network.allow.toSorted(), want.toSorted());
  assert.deepEqual(await pendingIn(box), []);
});

Deno.test("domain add of what the project asks for already is the user's yes to it", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.yml", "network: {allow: [a.dev, {dest: a.dev, ports: [81]}]}\n");
  await addIn(box, ["a.dev"]);
  assert.deepEqual(await pendingIn(box), ["network.allow=a.dev ports 81"]);
});

Deno.test("domain rm takes the yes back: who writes the rule again has to ask", async () => {
  await using box = await makeSandbox();
  await addIn(box, ["a.dev", "b.dev"]);
  assert.equal((await removeIn(box, ["a.dev"])).exit, 0);
  assert.equal(await textOf(box), "network:\n  allow:\n    - b.dev\n");
  await box.write(".sandcage.yml", "network: {allow: [a.dev, b.dev]}\n");
  assert.deepEqual(await pendingIn(box), ["network.allow=a.dev"]);
});

Deno.test("domain add --block needs nobody's yes, and beats what is allowed", async () => {
  await using box = await makeSandbox();
  await addIn(box, ["a.dev"], { block: true });
  assert.equal(await textOf(box), "network:\n  block:\n    - a.dev\n");
  assert.deepEqual((await readTrust(box.host)).projects, {});
  const { said } = await addIn(box, ["a.dev"]);
  assert.match(said.join("\n"), /a\.dev stays blocked, by project .*:3; block beats allow/);
  assert.equal((await removeIn(box, ["a.dev"])).exit, 0);
  assert.equal(await textOf(box), "network:\n  block:\n  allow:\n");
});

Deno.test("domain add --global edits the user's own file, private and with its comments", async () => {
  await using box = await makeSandbox();
  const file = `${box.host.stateDir}/config.toml`;
  await addIn(box, ["a.dev"], { global: true });
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  await Deno.writeTextFile(file, '# mine\n[network] # net\nallow = ["a.dev"] # hosts\n');
  await addIn(box, ["*.b.dev"], { global: true });
  assert.equal(
    await Deno.readTextFile(file),
    '# mine\n[network] # net\nallow = ["a.dev", "*.b.dev"] # hosts\n',
  );
  assert.equal((await removeIn(box, ["a.dev"], { global: true })).exit, 0);
  const { config } = await loadConfig(box.project, { host: box.host });
  assert.deepEqual(config.network.allow, ["*.b.dev"]);
  await assert.rejects(Deno.stat(`${box.project}/.sandcage.yml`), Deno.errors.NotFound);
});

for (
  const [name, rule, where, hint] of [
    ["nowhere", "zzz.dev", "", /sandcage domain list$/],
    ["in the user's file", "a.dev", '[network]\nallow = ["a.dev"]\n', /domain rm --global a\.dev$/],
    ["in the local file", "c.dev", "", /local .*\.local\.yml:1; remove it there$/],
    ["a preset", "npm", "", /preset, local .*\.local\.yml:1; remove it there$/],
    ["a service's own host", "api.anthropic.com", "", /add --block api\.anthropic\.com$/],
  ] as const
) {
  Deno.test(`domain rm of a rule that is ${name} changes nothing and says what would`, async () => {
    await using box = await makeSandbox();
    await box.writeUser(where);
    await box.write(".sandcage.yml", "network: {allow: [b.dev]}\n");
    await box.write(".sandcage.local.yml", "network: {allow: [c.dev], presets: [npm]}\n");
    await assert.rejects(removeIn(box, ["b.dev", rule]), (error) => {
      assert.ok(error instanceof Error && "exit" in error && "hint" in error);
      assert.equal(error.exit, 1);
      assert.match(String(error.hint), hint);
      return true;
    });
    assert.equal(await textOf(box), "network: {allow: [b.dev]}\n");
  });
}

Deno.test("domain add refuses what is no rule, and what the configuration cannot hold", async () => {
  await using box = await makeSandbox();
  await assert.rejects(addIn(box, ["good.dev", "a..b"]), { exit: 2, code: "usage" });
  await assert.rejects(textOf(box), Deno.errors.NotFound);
  await box.write(".sandcage.yml", "home: nobody\n");
  await assert.rejects(addIn(box, ["a.dev"]), { exit: 3, code: "config-invalid" });
  assert.equal(await textOf(box), "home: nobody\n");
});

Deno.test("domain add says when rules are not in force", async () => {
  await using box = await makeSandbox();
  await box.writeUser('[network]\nmode = "open"\n');
  const { said } = await addIn(box, ["a.dev"]);
  assert.match(said.join("\n"), /network\.mode is open: rules are not in force/);
});

Deno.test("domain list shows every rule with its origin", async () => {
  await using box = await makeSandbox();
  await box.writeUser('[network]\nblock = ["evil.dev"]\npresets = ["npm"]\n');
  await box.write(
    ".sandcage.yml",
    "network:\n  allow:\n    - a.dev\n    - {dest: b.dev, methods: [GET]}\n" +
      "services:\n  claude: {domains: [own.dev]}\n  codex: {enabled: false}\n  gemini: {enabled: false}\n",
  );
  const io = recordIo();
  await runDomainList({ json: false }, { host: box.host, io });
  const rows = io.printed.join("").replaceAll(box.project, "~").replaceAll(box.host.stateDir, "~s")
    .split("\n").map((row) => row.replaceAll(/ {2,}/g, " | "));
  assert.deepEqual(rows, [
    "ACTION | RULE | FROM",
    "block | evil.dev | user ~s/config.toml:2",
    "allow | a.dev | project ~/.sandcage.yml:3",
    "allow | GET b.dev | project ~/.sandcage.yml:4",
    "allow | npm | preset, user ~s/config.toml:3",
    "allow | api.anthropic.com | service claude",
    "allow | console.anthropic.com | service claude",
    "allow | claude.ai | service claude",
    "allow | platform.claude.com | service claude",
    "allow | own.dev | service claude, project ~/.sandcage.yml:6",
    "",
  ]);
  const json = recordIo();
  await runDomainList({ json: true }, { host: box.host, io: json });
  const { mode, rules } = JSON.parse(json.printed.join(""));
  assert.equal(mode, "allowlist");
  assert.deepEqual(rules[0], {
    action: "block",
    rule: "evil.dev",
    by: null,
    layer: "user",
    file: `${box.host.stateDir}/config.toml`,
    line: 2,
  });
});

Deno.test("describeReload() counts who took it over and names who did not", () => {
  const report = (service: string, outcome: "applied" | "rejected" | "silent") => ({
    sessionId: "0a1b2c3d",
    cageId: "app-1",
    service,
    outcome,
    problems: outcome === "rejected" ? ["one thing", "another"] : [],
  });
  assert.deepEqual(describeReload([]), { problems: [] });
  assert.deepEqual(describeReload([report("claude", "applied")]), {
    done: "1 running session has taken it over",
    problems: [],
  });
  assert.deepEqual(
    describeReload([
      report("claude", "applied"),
      report("codex", "applied"),
      report("gemini", "rejected"),
      report("shell", "silent"),
    ]),
    {
      done: "2 running sessions have taken it over",
      problems: [
        "The session of gemini in app-1 goes on with what it had: one thing; another",
        "The session of shell in app-1 did not answer and may go on with what it had; " +
        "end it to be sure: sandcage stop app-1",
      ],
    },
  );
});
