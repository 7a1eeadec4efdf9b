/** Cages with files of their own: made, looked at, changed, removed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ProcessResult, run } from "../../src/engine/process.ts";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { openTcpDoor } from "./support/acp/tcp_door.ts";
import { exists, waitFor } from "./support/files.ts";
import { openTerminal } from "./support/tmux.ts";
import { makeWorld, RUN_ID, type World, type WorldOptions } from "./support/world.ts";

/** Building the images of the first cage takes longer than anything else. */
const SLOW_MS = 400_000;

/** A world whose cages have no network: nothing here needs one. */
function makeCopyWorld(name: string, options: WorldOptions = {}): Promise<World> {
  return makeWorld(name, { network: 'mode = "none"', ...options });
}

async function must(running: Promise<ProcessResult>, code = 0): Promise<ProcessResult> {
  const result = await running;
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`);
  return result;
}

/** Name of the cage of a test; the engine has those of other runs, too. */
const NAME = `w${RUN_ID.slice(-6)}`;

/** Makes a cage of that name. */
function create(world: World, args: readonly string[] = ["--dir", "."]): Promise<ProcessResult> {
  const all = ["create", ...args, "--name", NAME, "--service", "shell", "--no-attach"];
  return must(world.sandcage(all, { timeoutMs: SLOW_MS }));
}

/** Runs a line of shell in the cage of a test. */
async function inside(world: World, line: string): Promise<string> {
  const words = ["shell", "--name", NAME, "--", "sh", "-c", line];
  return (await must(world.sandcage(words))).stdout;
}

async function git(world: World, line: string, cwd = world.project): Promise<string> {
  const env = { HOME: world.home, GIT_CONFIG_NOSYSTEM: "1" };
  const result = await run("git", line.split(" "), { cwd, env, timeoutMs: 30_000 });
  assert.equal(result.code, 0, `git ${line}: ${result.stderr}`);
  return result.stdout;
}

type Listed = { id: string; name: string; mode: string; state: string; dirs: { name: string }[] };

async function list(world: World): Promise<Listed[]> {
  return JSON.parse((await must(world.sandcage(["list", "--json"]))).stdout);
}

/** Everything on the engine that belongs to the cages of a name. */
async function listObjects(prefix: string): Promise<string[]> {
  const format = `{{.Name}} {{.Label "${LABEL.cage}"}}`;
  const filter = ["--filter", `label=${LABEL.managed}=true`];
  const [volumes, networks, containers] = await Promise.all([
    docker(["volume", "ls", ...filter, "--format", format]),
    docker(["network", "ls", ...filter, "--format", format]),
    docker(["ps", "--all", ...filter, "--format", format.replace(".Name", ".Names")]),
  ]);
  return [volumes, networks, containers].flatMap((text) => text.split("\n"))
    .filter((line) => line.split(" ")[1]?.startsWith(prefix)).map((line) => line.split(" ")[0]!);
}

Deno.test("a cage from a directory has its files and a repository of its own", async () => {
  await using world = await makeCopyWorld("copydir");
  await world.write("hello.sh", "echo hello\n");
  await Deno.chmod(join(world.project, "hello.sh"), 0o755);
  await world.write(".gitignore", "*.log\n");
  await world.write("noise.log", "stays here\n");
  await world.write("tracked.log", "stays here, too\n");
  await git(world, "add .");
  await git(world, "add -f tracked.log");
  await git(world, "commit -qm second");
  await git(world, "remote add origin https://ann:s3cret@host.example/x");
  await git(world, "config alias.x !touch");
  await world.write("README.md", "# Changed\n");
  await world.write("new.txt", "new\n");

  const made = await create(world);
  assert.match(made.stderr, /project: \d+ files, .* from /);
  assert.match(
    made.stderr,
    /stays outside: noise\.log \(\.gitignore\), tracked\.log \(\.gitignore\)/,
  );
  const warned = /warning: git tracks what \.gitignore names, .*: "tracked\.log"\n/;
  assert.match(made.stderr, warned);
  assert.match(made.stderr, /\.cageprotect that begins with !/);
  assert.match(made.stderr, /sandcage attach w\w+/);
  assert.match((await must(world.sandcage(["sync"]))).stderr, warned);

  const seen = await inside(
    world,
    "pwd; id -u; ls -A; ./hello.sh; git status --porcelain --branch; git log --format=%s; " +
      "git remote; git config --get-regexp '^(alias|remote)'; git fsck 2>&1",
  );
  const [pwd, uid] = seen.split("\n");
  assert.equal(pwd, "/work/project");
  assert.ok(Number(uid) >= 64_000, `it is ${uid}`);
  assert.match(seen, /\nhello\n/);
  assert.match(seen, /## main\n M README\.md\n\?\? new\.txt\nsecond\nchore: begin\n$/);
  assert.doesNotMatch(seen, /\.log|s3cret|origin/);
  await inside(world, "echo mine > made.txt && git add -A && git commit -qm inside && git log -1");

  const [cage] = await list(world);
  assert.deepEqual([cage?.name, cage?.mode, cage?.state], [NAME, "copy", "stopped"]);
  await must(world.sandcage(["exists", NAME]));
  await must(world.sandcage(["exists", "nothing"]), 1);
  const taken = await must(world.sandcage(["create", "--name", NAME, "--no-attach"]), 5);
  assert.match(taken.stderr, /There is a cage named "w\w+" already/);
  assert.match(taken.stderr, /sandcage destroy w\w+/);
  assert.equal(await exists(join(world.project, "made.txt")), false);

  const status = JSON.parse((await must(world.sandcage(["status", "--json"]))).stdout);
  assert.equal(status.dirs[0].pending.inner, 1, JSON.stringify(status));
  assert.deepEqual([status.git.branch, status.git.ahead], ["main", 1]);
  assert.deepEqual(status.problems.filter((text: string) => !/Checkpoints/.test(text)), []);
  assert.match((await must(world.sandcage(["status", NAME]))).stdout, /^next +Review what came/m);

  const refused = await must(world.sandcage(["destroy", "-y"]), 5);
  assert.match(refused.stderr, /1 change in project that did not come out/);
  assert.match(refused.stderr, /1 commit inside that did not come out/);
  assert.match(refused.stderr, /sandcage export w\w+/);
  assert.equal((await list(world)).length, 1);
  const unasked = await must(world.sandcage(["destroy", NAME, "--force"]), 1);
  assert.match(unasked.stderr, /Lost for good:\n.*1 change in project/);
  assert.match(unasked.stderr, /add --yes/);
  await must(world.sandcage(["destroy", NAME, "--force", "-y"]));
  assert.deepEqual(await list(world), []);
  assert.deepEqual(await listObjects(cage!.id), []);
  assert.equal(await exists(join(world.state, "cages", cage!.id)), false);

  // The same name again: nothing of the first is there.
  await create(world);
  const anew = await inside(world, "ls -A; git log --format=%s; ls -A ~");
  assert.doesNotMatch(anew, /made\.txt|inside/);
  await must(world.sandcage(["destroy", "-y"]));
  assert.deepEqual(await listObjects(`${NAME}-`), []);
});

Deno.test("a cage from a URL: a clone on the host, nothing of its set-up inside", async () => {
  await using world = await makeCopyWorld("copyurl");
  const origin = join(world.root, "Hello-World");
  await Deno.mkdir(origin);
  await git(world, "init -q -b trunk", origin);
  await Deno.writeTextFile(join(origin, "a.txt"), "a\n");
  await git(world, "add .", origin);
  await git(world, "commit -qm first", origin);
  const made = await must(world.sandcage(
    ["create", `file://${origin}`, "--service", "shell", "--no-attach"],
    { timeoutMs: SLOW_MS, cwd: world.home },
  ));
  assert.match(made.stderr, /Cloning file:.*done/s);
  const [cage] = await list(world);
  assert.equal(cage?.name, "hello-world");
  const clone = join(world.state, "cages", cage!.id, "repo");
  const seen = await must(world.sandcage([
    ...["shell", "--name", "hello-world", "--", "sh", "-c"],
    "cat a.txt; git status --porcelain --branch; git remote; cat .git/config",
  ]));
  assert.match(seen.stdout, /^a\n## trunk\n\[core\]/);
  assert.doesNotMatch(seen.stdout, /remote|file:/);
  assert.match(await git(world, "remote -v", clone), /origin\tfile:/);
  // In the clone it needs no name.
  const status = await must(world.sandcage(["status"], { cwd: clone }));
  assert.match(status.stdout, /^cage +hello-world/m);
  assert.match(status.stdout, /^source +file:/m);
  await must(world.sandcage(["start"], { cwd: clone, timeoutMs: SLOW_MS }));
  const stopped = await must(world.sandcage(["stop"], { cwd: join(clone, ".git") }));
  assert.match(stopped.stderr, /Stopping 1 session: stopped/);
  assert.equal((await list(world))[0]?.state, "stopped");

  await must(
    world.sandcage([
      "shell",
      "--name",
      "hello-world",
      "--",
      "sh",
      "-c",
      "echo b > b.txt; rm a.txt",
    ]),
  );
  const unsaved = await must(world.sandcage(["destroy", "hello-world", "-y"]), 5);
  assert.match(unsaved.stderr, /1 change in project that did not come out/);
  assert.match(
    (await must(world.sandcage(["status"], { cwd: clone }))).stdout,
    /^exported +never/m,
  );
  await must(world.sandcage(["export", "-y"], { cwd: clone }));
  assert.match(
    (await must(world.sandcage(["status"], { cwd: clone }))).stdout,
    /^exported +\d+s ago/m,
  );
  const refused = await must(world.sandcage(["destroy", "hello-world", "-y"]), 5);
  assert.match(refused.stderr, /1 change not committed in the clone/);
  await git(world, "add .", clone);
  await git(world, "commit -qm second", clone);
  const again = await must(world.sandcage(["destroy", "hello-world", "-y"]), 5);
  assert.match(again.stderr, /1 commit not pushed in the clone/);
  const kept = await must(world.sandcage(["destroy", "hello-world", "-y", "--keep-clone"]));
  assert.match(kept.stderr, /Kept: clone /);
  assert.ok(await exists(join(clone, "b.txt")));
  assert.deepEqual(await list(world), []);
  assert.deepEqual(await listObjects(cage!.id), []);
});

Deno.test("a login in an address reaches its server and nothing else", async () => {
  await using world = await makeCopyWorld("copylogin", { config: '[workspace]\ngit = "none"\n' });
  const bare = join(world.root, "secret.git");
  await git(world, `clone -q --bare ${world.project} ${bare}`);
  await git(world, "update-server-info", bare);
  const asked: (string | null)[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const header = request.headers.get("authorization");
      asked.push(header);
      if (header !== `Basic ${btoa("ann:s3cret")}`) {
        return new Response(null, {
          status: 401,
          headers: { "www-authenticate": 'Basic realm="x"' },
        });
      }
      const path = new URL(request.url).pathname.replace(/^\/secret\.git\//, "");
      const bytes = await Deno.readFile(join(bare, path)).catch(() => undefined);
      return bytes === undefined ? new Response(null, { status: 404 }) : new Response(bytes);
    },
  );
  const place = `127.0.0.1:${server.addr.port}/secret.git`;
  Object.assign(world.env, { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" });
  const wrong = await must(
    world.sandcage(["create", `http://ann:wr0ng@${place}`, "--name", NAME, "--no-attach"]),
    1,
  );
  assert.match(wrong.stderr, /Cannot clone http:\/\/127/);
  const made = await create(world, [`http://ann:s3cret@${place}`]);
  assert.ok(asked.includes(`Basic ${btoa("ann:s3cret")}`));
  assert.doesNotMatch(made.stderr + made.stdout + wrong.stderr, /s3cret|wr0ng/);
  const found = await run("grep", ["-rl", "s3cret", world.state], { timeoutMs: 30_000 });
  assert.equal(found.stdout, "");
  const status = JSON.parse((await must(world.sandcage(["status", NAME, "--json"]))).stdout);
  assert.equal(status.source.url, `http://${place}`);
  // The configuration wants no repository inside.
  assert.equal(
    await inside(world, "ls -A; grep -r s3cret /work ~; env | grep s3cret; true"),
    "README.md\n",
  );
  await must(world.sandcage(["destroy", NAME, "-y"]));
});

Deno.test("directories come and go while something runs; the name changes under it", async () => {
  await using world = await makeCopyWorld("copydirs");
  const lib = join(world.root, "work", "My Lib");
  await Deno.mkdir(lib);
  await Deno.writeTextFile(join(lib, "lib.txt"), "lib\n");
  const other = join(world.root, "other", "my-lib");
  await Deno.mkdir(other, { recursive: true });
  await Deno.writeTextFile(join(other, "other.txt"), "other\n");
  await create(world, ["--dir", ".", "--add-dir", "../My Lib"]);
  const session = world.spawn(["shell", "--name", NAME, "--", "sleep", "600"]);
  const [{ id }] = await list(world) as [Listed];
  const container = await waitFor("the session", async () => {
    const names = await docker([
      ...["ps", "--filter", `label=${LABEL.cage}=${id}`, "--filter", `label=${LABEL.role}=agent`],
      ...["--format", "{{.Names}}"],
    ]);
    return names === "" ? undefined : names;
  });
  assert.equal(await docker(["exec", container, "cat", "/work/my-lib/lib.txt"]), "lib");
  assert.equal((await list(world))[0]?.state, "running");

  const collision = await must(world.sandcage(["add-dir", NAME, other]), 5);
  assert.match(collision.stderr, /called "my-lib" already/);
  assert.match(collision.stderr, /sandcage add-dir w\w+ PATH --name NAME/);
  const reserved = await must(
    world.sandcage(["add-dir", NAME, other, "--name", "project"]),
    5,
  );
  assert.match(reserved.stderr, /the project itself/);
  await docker(["exec", container, "mkdir", "/work/scratch"]);
  await docker(["exec", container, "touch", "/work/scratch/x"]);
  const occupied = await must(world.sandcage(["add-dir", NAME, other, "--name", "scratch"]), 5);
  assert.match(occupied.stderr, /There is something at \/work\/scratch/);
  // What a killed one left is nobody's work.
  const record = join(world.state, "cages", id, "copy.json");
  const copy = JSON.parse(await Deno.readTextFile(record));
  await Deno.writeTextFile(record, JSON.stringify({ ...copy, adding: "other" }));
  await docker(["exec", container, "sh", "-c", "mkdir /work/other; echo half > /work/other/half"]);
  await must(world.sandcage(["add-dir", NAME, other, "--name", "other"]));
  assert.equal(await docker(["exec", container, "ls", "/work/other"]), "other.txt");
  assert.equal(await docker(["exec", container, "cat", "/work/other/other.txt"]), "other");

  await must(world.sandcage(["rename", NAME, "review"]));
  await must(world.sandcage(["exists", NAME]), 1);
  await docker(["exec", container, "sh", "-c", "echo more > /work/other/more.txt"]);
  const refused = await must(world.sandcage(["remove-dir", "review", "other", "-y"]), 5);
  assert.match(refused.stderr, /1 change in it did not come out/);
  assert.match(refused.stderr, /sandcage export review --dir other/);
  await must(world.sandcage(["remove-dir", "review", "other", "-y", "--force"]));
  assert.equal(await docker(["exec", container, "ls", "-A", "/work"]), "my-lib\nproject\nscratch");
  const unknown = await must(world.sandcage(["remove-dir", "review", "other", "-y"]), 2);
  assert.match(unknown.stderr, /It has: my-lib/);
  assert.ok(await exists(join(other, "other.txt")));
  assert.deepEqual((await list(world))[0]?.dirs.map(({ name }) => name), ["project", "my-lib"]);

  // Nothing of what runs is in the way of its end.
  await must(world.sandcage(["destroy", "review", "-y"]));
  await session.ended;
  assert.deepEqual(await listObjects(id), []);
  assert.equal(await exists(join(world.state, "cages", id)), false);
});

Deno.test("a create that is killed leaves nothing in the way of the next, or of destroy", async () => {
  await using world = await makeCopyWorld("copykill");
  await Deno.mkdir(join(world.project, "many"));
  for (let at = 0; at < 3000; at++) await world.write(`many/${at}.txt`, `${at}\n`.repeat(200));
  const args = ["create", "--name", NAME, "--service", "shell", "--no-attach"];
  const beginAndEnd = async (signal: Deno.Signal) => {
    const child = world.spawn(args);
    // By one quick question: what is to be cut goes on meanwhile.
    const volume = ["volume", "ls", "--quiet", "--filter", `name=sandcage-work-${NAME}-`];
    await waitFor("a volume", async () => await docker(volume) !== "" || undefined, {
      timeoutMs: SLOW_MS,
    });
    return await child.end(signal);
  };
  const beginAndKill = () => beginAndEnd("SIGKILL");
  await beginAndKill();
  assert.deepEqual((await list(world)).map(({ state }) => state), ["interrupted"]);
  await must(world.sandcage(["exists", NAME]), 1);
  const status = await must(world.sandcage(["status", NAME]));
  assert.match(status.stdout, /never finished/);
  await must(world.sandcage(["shell", "--name", NAME, "--", "true"]), 5);
  await create(world);
  const cages = await list(world);
  assert.deepEqual(cages.map(({ state }) => state), ["stopped"]);
  assert.equal(await inside(world, "ls many | wc -l"), "3000\n");
  const volumes = (await listObjects(`${NAME}-`)).filter((name) =>
    name.startsWith("sandcage-work")
  );
  assert.equal(volumes.length, 1);
  await must(world.sandcage(["destroy", "-y"]));

  await beginAndKill();
  await must(world.sandcage(["destroy", NAME, "-y"]));
  assert.deepEqual(await list(world), []);
  assert.deepEqual(await listObjects(`${NAME}-`), []);

  assert.equal(await beginAndEnd("SIGINT"), 130);
  await create(world);
  assert.equal((await list(world)).length, 1);
  await must(world.sandcage(["destroy", "-y"]));
  assert.deepEqual(await listObjects(`${NAME}-`), []);
});

Deno.test("what is wrong with a create is said before anything is made", async () => {
  await using world = await makeCopyWorld("copybad");
  const rows: [string[], number, RegExp][] = [
    [["--upload-pack=touch"], 2, /unknown option/],
    [["ext::sh -c touch% x"], 2, /names a program/],
    [["https://host.example/x", "--dir", "."], 2, /a URL and --dir/],
    [["--dir", "gone"], 3, /there is no such directory/],
    [["--dir", world.home], 3, /your home directory/],
    [["--name", "Web"], 2, /Cannot use "Web" as a cage name/],
    [["--service", "nothing"], 2, /There is no service "nothing"/],
    [["--dockerfile", "gone"], 2, /there is no such file/],
    [["--add-dir", "."], 5, /the cage has it with/],
    [["--auth-mode", "none"], 2, /api_key/],
    [[join(world.root, "gone")], 1, /Cannot clone/],
  ];
  for (const [args, code, words] of rows) {
    const result = await world.sandcage(["create", "--no-attach", ...args]);
    assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
    assert.match(result.stderr, words);
    assert.doesNotMatch(result.stderr, /^\s+at .+:\d+:\d+\)?$/m);
  }
  assert.deepEqual(await list(world), []);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(join(world.state, "cages"))), []);
});

Deno.test("a login comes along with --auth-mode subscription, and later with auth", async () => {
  await using world = await makeCopyWorld("copyauth");
  await Deno.mkdir(join(world.home, ".claude"));
  const login = join(world.home, ".claude", ".credentials.json");
  await Deno.writeTextFile(login, '{"claudeAiOauth":{"accessToken":"t0p"}}');
  const made = await must(world.sandcage(
    ["create", "--name", NAME, "--auth-mode", "subscription", "--no-attach"],
    { timeoutMs: SLOW_MS },
  ));
  assert.match(made.stderr, /\.credentials\.json -> ~\/\.claude\/\.credentials\.json/);
  assert.doesNotMatch(made.stderr, /t0p/);
  const look = [
    "claude",
    "--name",
    NAME,
    "--shell",
    "--",
    "cat",
    "/home/agent/.claude/.credentials.json",
  ];
  assert.match((await must(world.sandcage(look))).stdout, /t0p/);
  await Deno.writeTextFile(login, '{"claudeAiOauth":{"accessToken":"n3w"}}');
  await must(world.sandcage(["auth", NAME]));
  assert.match((await must(world.sandcage(look))).stdout, /n3w/);
  const [{ id }] = await list(world) as [Listed];
  await must(world.sandcage(["claude", "--name", NAME, "--shell", "--", "touch", "made.txt"]));
  const kept = await must(world.sandcage(["destroy", NAME, "-y", "--keep-volumes"]));
  assert.match(kept.stderr, new RegExp(`Kept: volumes sandcage-work-${id}`));
  const volumes = await listObjects(id);
  assert.equal(volumes.length, 3, volumes.join(" "));
  await docker(["volume", "rm", ...volumes]);
});

Deno.test("the same over a TCP port; without the engine destroy says why and leaves the cage", async () => {
  await using world = await makeCopyWorld("copytcp");
  let url: string;
  {
    await using door = openTcpDoor("/var/run/docker.sock");
    url = door.url;
    world.env.DOCKER_HOST = url;
    await create(world);
    assert.equal(await inside(world, "cat README.md"), "# A project\n");
    await must(world.sandcage(["add-dir", NAME, world.home, "--name", "h"]), 3);
    assert.match((await must(world.sandcage(["status"]))).stdout, /the same on both sides/);
    // It is one engine, whichever way leads there.
    const env = { DOCKER_HOST: "unix:///var/run/docker.sock" };
    await must(world.sandcage(["diff"], { env }));
    const status = await must(world.sandcage(["status"], { env }));
    assert.match(status.stdout, /the same on both sides/);
    const couriers = ["--filter", `label=${LABEL.role}=courier`];
    const cage = ["--filter", `label=${LABEL.cage}=${(await list(world))[0]!.id}`];
    assert.match(await docker(["ps", "--quiet", ...couriers, ...cage]), /^[0-9a-f]{12}$/);
  }
  const away = await must(world.sandcage(["destroy", "-y"]), 4);
  assert.match(away.stderr, /Cannot destroy "w\w+"/);
  assert.match(away.stderr, /sandcage destroy w\w+ --force/);
  const [cage] = await list(world);
  const forced = await must(world.sandcage(["destroy", "-y", "--force"]));
  assert.match(forced.stderr, new RegExp(`Kept: volumes sandcage-work-${cage!.id}`));
  assert.deepEqual(await list(world), []);
  const left = await listObjects(cage!.id);
  const containers = await docker([
    ...["ps", "--all", "--quiet", "--filter", `label=${LABEL.cage}=${cage!.id}`],
  ]);
  if (containers !== "") await docker(["rm", "--force", ...containers.split("\n")]);
  await docker([
    "volume",
    "rm",
    ...left.filter((name) => /^sandcage-(work|check|home)/.test(name)),
  ]);
});

Deno.test("at a terminal create opens the cage; what runs there goes with it", async () => {
  await using world = await makeCopyWorld("copyopen");
  await using terminal = await openTerminal(world);
  await terminal.type(`sandcage create --name ${NAME} --service shell; echo ended-$?`);
  await terminal.expect(/\/work\/project/, SLOW_MS);
  await terminal.type("echo mine > made.txt; git status --short");
  await terminal.expect(/\?\? made\.txt/);
  assert.equal((await list(world))[0]?.state, "running");
  await terminal.press("C-a");
  await terminal.press("d");
  await terminal.expect(/Come back: sandcage attach w\w+[^]*ended-0/);
  const [{ id }] = await list(world) as [Listed];
  const refused = await must(world.sandcage(["destroy", NAME, "-y"]), 5);
  assert.match(refused.stderr, /1 change in project that did not come out/);
  assert.equal((await list(world))[0]?.state, "running");
  await must(world.sandcage(["destroy", NAME, "-y", "--force"]));
  assert.deepEqual(await list(world), []);
  assert.deepEqual(await listObjects(id), []);
  assert.equal(await exists(join(world.state, "cages", id)), false);
});

Deno.test("whatever the agent made of its files, they are looked at safely and can go", async () => {
  await using world = await makeCopyWorld("copyhostile");
  await create(world);
  const [{ id }] = await list(world) as [Listed];
  // Its own git runs what its own config says: inside, without a network, without a way to write.
  await inside(
    world,
    "git config core.fsmonitor 'touch /work/canary; sleep 100'; git config core.pager 'touch x'; " +
      "git config alias.rev-parse '!touch /work/canary'; mkdir -p .git/hooks; " +
      "git checkout -q -b side; git commit -q --allow-empty -m more",
  );
  const status = JSON.parse((await must(world.sandcage(["status", "--json"]))).stdout);
  assert.deepEqual([status.git.branch, status.git.ahead], ["side", 1]);
  assert.equal(await inside(world, "ls /work"), "project\n");
  // A history that knows nothing of where it began is all its own.
  await inside(world, "rm -rf .git; git init -q; git add -A; git commit -qm new");
  const refused = await must(world.sandcage(["destroy", "-y"]), 5);
  assert.match(refused.stderr, /1 commit inside that did not|git there cannot say how many/);
  await inside(world, "rm -rf .git; echo 'gitdir: /etc' > .git");
  const broken = await must(world.sandcage(["destroy", "-y"]), 5);
  assert.match(broken.stderr, /commits inside: git there cannot say how many/);
  await inside(world, "cd /work && mv project elsewhere && ln -s /etc project");
  const led = await must(world.sandcage(["status", NAME]));
  assert.match(led.stdout, /^problem +files inside: /m);
  const blind = await must(world.sandcage(["destroy", NAME, "-y"]), 5);
  assert.match(blind.stderr, /files inside: /);
  await must(world.sandcage(["destroy", NAME, "-y", "--force"]));
  assert.deepEqual(await listObjects(id), []);
});

// Every image from nothing takes a minute and more: `deno task soak:copy`.
const IS_LONG = Deno.env.has("SANDCAGE_SOAK_KILLS");
const testLong = (name: string, run: () => Promise<void>) => IS_LONG && Deno.test(name, run);

testLong("rebuild-image builds again from nothing, on another Dockerfile from now on", async () => {
  await using world = await makeCopyWorld("copybuild");
  await create(world);
  const missing = await must(world.sandcage(["rebuild-image", "--dockerfile", "gone"]), 2);
  assert.match(missing.stderr, /there is no such file/);
  await world.write("Dockerfile.cage", "FROM sandcage/base\nRUN echo mine > /etc/mine\n");
  const built = await must(
    world.sandcage(["rebuild-image", NAME, "--dockerfile", "Dockerfile.cage"], {
      timeoutMs: SLOW_MS,
    }),
  );
  assert.match(built.stdout, /^sandcage\/shell\.desk:[0-9a-f]{12}\n$/);
  // What is there already is built all the same.
  assert.match(built.stderr, /Building sandcage\/base:\S+ .*: done/);
  assert.equal(await inside(world, "cat /etc/mine"), "mine\n");
  await must(world.sandcage(["destroy", NAME, "-y"]));
});
