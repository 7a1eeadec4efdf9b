/** What the kernel says about a cage, read from inside it. */
import assert from "node:assert/strict";
import { lookInside } from "./support/inside.ts";
import { docker, inspect } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { waitForSession } from "./support/session.ts";
import { makeWorld } from "./support/world.ts";

const LIMITS = '[limits]\nmemory = "512m"\ncpus = 0.5\npids = 200\n';

for (const service of ["shell", "claude"]) {
  Deno.test(`the cage of ${service} is hardened`, async (t) => {
    await using world = await makeWorld(`hard-${service}`, { config: LIMITS });
    const inside = await lookInside(world, service);

    for (const line of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      await t.step(`${line} is empty`, () => {
        assert.equal(inside.status.get(line), "0000000000000000");
      });
    }
    await t.step("no new privileges can be gained", () => {
      assert.equal(inside.status.get("NoNewPrivs"), "1");
    });
    await t.step("a seccomp filter is in force", () => {
      assert.equal(inside.status.get("Seccomp"), "2");
    });
    await t.step("the root filesystem is read-only, /tmp is a tmpfs", () => {
      const root = inside.mounts.findLast((mount) => mount.target === "/");
      const tmp = inside.mounts.findLast((mount) => mount.target === "/tmp");
      assert.ok(root?.options.includes("ro"), JSON.stringify(root));
      assert.equal(tmp?.type, "tmpfs");
      assert.ok(tmp?.options.includes("nosuid") && tmp.options.includes("nodev"));
    });
    await t.step("only home, project and /tmp can be written", () => {
      assert.deepEqual(Object.fromEntries(inside.writable), {
        "/": false,
        "/etc": false,
        "/usr": false,
        "/opt": false,
        "/tmp": true,
        "/home/agent": true,
        [world.project]: true,
      });
    });
    await t.step("limits are exact", () => {
      assert.deepEqual(inside.limits, { memory: "536870912", pids: "200", cpu: "50000 100000" });
    });
    await t.step("no socket of a container engine is there", () => {
      assert.deepEqual(inside.sockets, []);
    });
    await t.step("the hostname names nothing of the host", () => {
      assert.equal(inside.hostname, "cage");
    });
    await t.step("environment and mounts name no host path but the project's", () => {
      const env = [...inside.env].map(([name, value]) => `${name}=${value}`);
      const mounts = inside.mounts.map((mount) => mount.target);
      const named = [...env, ...mounts].filter((text) =>
        text.includes(world.root) && !text.includes(world.project)
      );
      assert.deepEqual(named, []);
      assert.ok(!env.some((text) => text.includes(Deno.hostname())), env.join("\n"));
    });
  });
}

Deno.test("probes see what they look for in a container that is not hardened", async () => {
  const status = await docker([
    ...["run", "--rm", "--network", "none", "debian:trixie-slim"],
    ...["sh", "-c", "cat /proc/self/status; touch /probe && echo writable"],
  ]);
  assert.doesNotMatch(status, /CapEff:\t0000000000000000/);
  assert.match(status, /NoNewPrivs:\t0/);
  assert.match(status, /^writable$/m);
});

Deno.test("the engine confirms it: no privilege, no capability, no host namespace, no new mounts", async () => {
  await using world = await makeWorld("inspect");
  const child = world.spawn(["shell", "--", "sleep", "300"]);
  const host = (await inspect(await waitForSession(world))).HostConfig as Record<string, unknown>;
  await child.end("SIGTERM");
  assert.deepEqual(
    {
      privileged: host.Privileged,
      capAdd: host.CapAdd ?? [],
      capDrop: host.CapDrop,
      pid: host.PidMode,
      ipc: host.IpcMode === "host",
      net: host.NetworkMode === "host",
      userns: host.UsernsMode,
      devices: host.Devices ?? [],
      readonly: host.ReadonlyRootfs,
    },
    {
      privileged: false,
      capAdd: [],
      capDrop: ["ALL"],
      pid: "",
      ipc: false,
      net: false,
      userns: "",
      devices: [],
      readonly: true,
    },
  );
});

Deno.test("nobody inside can do what only root may", async (t) => {
  const attempts = [
    ["mount a filesystem", "mount -t tmpfs none /tmp"],
    ["make a user namespace", "unshare --user --map-root-user true"],
    ["change its own address", "ip link set lo down || exit 1"],
    ["write kernel settings", "echo x > /proc/sys/kernel/core_pattern"],
    ["trigger the kernel", "echo h > /proc/sysrq-trigger"],
    ["read the kernel log", "cat /dev/kmsg"],
    ["make a device", "mknod /tmp/disk b 8 0"],
    ["become root", "su -c true || sudo -n true"],
    ["the control", "true"],
  ] as const;
  await using world = await makeWorld("refused");
  // Each in a shell of its own, whose code is the last thing on its last line.
  const script = attempts.map(([, line]) => `sh -c '(${line}) 2>&1'; echo "=$?"`).join("\n");
  const { code, stdout, stderr } = await world.sandcage(["shell", "--", "sh", "-c", script]);
  assert.equal(code, 0, stderr);
  const ends = [...stdout.matchAll(/=(\d+)\n/g)].map(([, end]) => Number(end));
  assert.equal(ends.length, attempts.length, stdout);
  assert.equal(ends.pop(), 0, "the control works");
  for (const [at, end] of ends.entries()) {
    await t.step(attempts[at]![0], () => {
      // 32 is mount's own; above 125 would be the shell failing to try, but for what is not there.
      assert.ok([1, 2, 32, 127].includes(end), `${end}: ${stdout}`);
    });
  }
});

Deno.test("a memory hog is stopped at its limit and the cage says so", async () => {
  await using world = await makeWorld("hog", { config: '[limits]\nmemory = "128m"\n' });
  const hog = "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))";
  const result = await world.sandcage(["shell", "--", "node", "-e", hog]);
  assert.equal(result.code, 137, result.stderr);
  assert.match(result.stderr, /memory/i);
});

Deno.test("a fork bomb meets the process limit", async () => {
  await using world = await makeWorld("forks", { config: "[limits]\npids = 64\n" });
  const script = "exec 2>&1; for i in $(seq 200); do sleep 20 & done";
  const result = await world.sandcage(["shell", "--", "sh", "-c", script]);
  assert.equal(result.code, 2, result.stdout);
  assert.match(result.stdout, /Resource temporarily unavailable|Cannot fork/i);
});

Deno.test("network: none leaves nothing but the loopback interface", async () => {
  await using world = await makeWorld("nonet", { network: 'mode = "none"' });
  assert.deepEqual((await lookInside(world, "shell")).interfaces, ["lo"]);
});

Deno.test("two cages on the open network cannot reach each other", async () => {
  await using one = await makeWorld("left");
  await using other = await makeWorld("right");
  const listen = "require('net').createServer((s)=>s.end('hi')).listen(9000,'0.0.0.0')";
  const child = one.spawn(["shell", "--", "node", "-e", listen]);
  const name = await waitForSession(one);
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  const address = await waitFor("its address", async () => {
    const text = await docker(["inspect", "--format", format, name]);
    return text === "" ? undefined : text;
  });
  const dial = (host: string) =>
    `const s=require('net').connect(9000,'${host}');s.setTimeout(3000);` +
    `s.on('data',()=>process.exit(0));s.on('error',()=>process.exit(3));` +
    `s.on('timeout',()=>process.exit(4))`;
  // The control: from its own container the server answers, so a silent neighbour is a wall.
  await waitFor("the server", async () => {
    const args = ["exec", name, "node", "-e", dial(address)];
    return await docker(args).then(() => true, () => undefined);
  });
  const result = await other.sandcage(["shell", "--", "node", "-e", dial(address)]);
  await child.end("SIGTERM");
  assert.ok([3, 4].includes(result.code), `${result.code} ${result.stderr}`);
});
