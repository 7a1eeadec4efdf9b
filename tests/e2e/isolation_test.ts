/** What a cage cannot see of the host, and what it keeps for itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { docker, inspect, listContainers, listVolumes } from "../../tools/engine_state.ts";
import { run } from "../../src/engine/process.ts";
import { waitFor } from "./support/files.ts";
import { lookInside } from "./support/inside.ts";
import { makeWorld, type World } from "./support/world.ts";

/** A user no developer is: shared homes of these tests are nobody's own. */
const NOBODY = { uid: 61234, gid: 61234 };

const MARK = "planted-marker-7f3a";

Deno.test("home, keys and environment of the host are not visible", async (t) => {
  await using world = await makeWorld("secrets");
  await Deno.mkdir(join(world.home, ".ssh"));
  await Deno.writeTextFile(join(world.home, ".ssh", "id_ed25519"), `${MARK}-ssh\n`);
  await Deno.writeTextFile(join(world.home, ".netrc"), `${MARK}-netrc\n`);
  await Deno.writeTextFile(join(world.project, "visible.txt"), `${MARK}-project\n`);
  const search = "env; tr '\\0' '\\n' < /proc/1/environ; cat /proc/self/mountinfo; " +
    `grep -rsh ${MARK} /home /root /etc /tmp /run /var /mnt /srv /opt/cage/bin "$PWD"; true`;
  const result = await world.sandcage(["shell", "--", "sh", "-c", search], {
    env: { DATABASE_URL: `${MARK}-env`, AWS_SECRET_ACCESS_KEY: `${MARK}-aws`, EDITOR: "vim" },
  });
  assert.equal(result.code, 0, result.stderr);

  await t.step("the search finds what is in the project", () => {
    assert.match(result.stdout, new RegExp(`${MARK}-project`));
  });
  for (const hidden of ["ssh", "netrc", "env", "aws"]) {
    await t.step(`and not ${hidden}`, () => {
      assert.ok(!result.stdout.includes(`${MARK}-${hidden}`), result.stdout);
    });
  }
  await t.step("no path of the host's home is named", () => {
    assert.ok(!result.stdout.includes(world.home), result.stdout);
    assert.ok(!result.stdout.includes(world.state), result.stdout);
  });
});

Deno.test("only variables of the config and of the cage itself are inside", async () => {
  await using world = await makeWorld("env", { config: '[env]\nGREETING = "hello"\n' });
  const inside = await lookInside(world, "shell", {
    env: { PRIVATE: "x", LD_PRELOAD_OPTIONS: "y" },
  });
  assert.equal(inside.env.get("GREETING"), "hello");
  assert.equal(inside.home, "/home/agent");
  for (const name of ["PRIVATE", "LD_PRELOAD_OPTIONS", "SANDCAGE_HOME", "DENO_DIR"]) {
    assert.ok(!inside.env.has(name), `${name} leaked`);
  }
});

Deno.test("other projects are invisible, also through the parent directory", async () => {
  await using world = await makeWorld("siblings");
  const sibling = join(world.project, "..", "other-project");
  await Deno.mkdir(sibling);
  await Deno.writeTextFile(join(sibling, "secret.txt"), MARK);
  const result = await world.sandcage([
    "shell",
    "--",
    "sh",
    "-c",
    'ls -A ..; cat "$0"',
    join(sibling, "secret.txt"),
  ]);
  assert.notEqual(result.code, 0);
  assert.deepEqual(result.stdout.trim().split("\n"), [world.project.split("/").at(-1)]);
});

Deno.test("a home belongs to a service and outlives sessions and projects", async (t) => {
  await using _volumes = sharedHomes();
  await using first = await makeWorld("homes-one", { runAs: NOBODY, sharedHome: true });
  await using second = await makeWorld("homes-two", { runAs: NOBODY, sharedHome: true });
  await must(first, {
    service: "claude",
    script: "mkdir -p ~/.claude && echo a > ~/.claude/history && echo b > ~/.claude.json",
  });

  await t.step("both ~/.claude and ~/.claude.json are there in another project", async () => {
    assert.equal(
      await must(second, { service: "claude", script: "cat ~/.claude/history ~/.claude.json" }),
      "a\nb\n",
    );
  });
  await t.step("another service does not see them", async () => {
    assert.equal(
      await must(first, { service: "shell", script: "test ! -e ~/.claude.json && echo clean" }),
      "clean\n",
    );
  });
});

Deno.test("home: project keeps one project's home from another's", async () => {
  await using first = await makeWorld("own-one");
  await using second = await makeWorld("own-two");
  await must(first, { service: "shell", script: "echo mine > ~/note" });
  assert.equal(await must(first, { service: "shell", script: "cat ~/note" }), "mine\n");
  assert.equal(
    await must(second, { service: "shell", script: "test ! -e ~/note && echo clean" }),
    "clean\n",
  );
});

Deno.test("what a session leaves in /tmp is gone in the next", async () => {
  await using world = await makeWorld("tmp");
  await must(world, { service: "shell", script: "echo x > /tmp/left && cat /tmp/left" });
  assert.equal(
    await must(world, { service: "shell", script: "test ! -e /tmp/left && echo clean" }),
    "clean\n",
  );
});

Deno.test("a secret is in the agent's environment and in nothing the engine or the disk shows", async () => {
  await using world = await makeWorld("secret", {
    config: '[secrets.MY_TOKEN]\nfrom = "env"\nto = ["api.example.test"]\n',
  });
  const child = world.spawn(
    ["shell", "--", "sh", "-c", 'printf %s "$MY_TOKEN" > seen.txt; exec sleep 300'],
    { env: { MY_TOKEN: `${MARK}-token` } },
  );
  const seen = await waitFor("the agent to see it", async () => {
    return await world.read("seen.txt").catch(() => "") || undefined;
  });
  const [name] = await listContainers(world.root);
  const inspected = JSON.stringify(await inspect(name!));
  const commands = await run("sh", ["-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"], {
    timeoutMs: 10_000,
  });
  await child.end("SIGTERM");
  assert.equal(seen, `${MARK}-token`);
  assert.ok(!inspected.includes(MARK), "docker inspect shows the secret");
  assert.ok(!commands.stdout.includes(`${MARK}-token`), "a command line shows the secret");
  for await (const file of walk(world.state)) {
    assert.ok(!(await Deno.readTextFile(file)).includes(MARK), `${file} holds the secret`);
  }
});

async function must(
  world: World,
  { service, script }: { service: string; script: string },
): Promise<string> {
  const result = await world.sandcage([service, "--shell", "--", "sh", "-c", script]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

/** Home volumes of {@link NOBODY}, removed at the end whatever happened. */
function sharedHomes(): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const names = await listVolumes(`sandcage-home-${NOBODY.uid}-`);
      if (names.length > 0) await docker(["volume", "rm", ...names]);
    },
  };
}

async function* walk(dir: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* walk(path);
    else if (entry.isFile) yield path;
  }
}
