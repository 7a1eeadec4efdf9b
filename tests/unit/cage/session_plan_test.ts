import assert from "node:assert/strict";
import { planGatewayArgs, planRunArgs, planTerminalEnv } from "../../../src/cage/session_plan.ts";

const spec = {
  cageId: "demo-0123456789ab",
  sessionId: "0a1b2c3d",
  service: "claude",
  composePath: "/s/cages/demo/compose.yml",
  command: ["claude", "-p", "a $b 'c'"],
  workdir: "/home/ada/demo/sub",
  tty: true,
  detached: false,
  publish: false,
  handover: false,
  gateway: false,
  env: { TERM: "xterm-256color" },
};

Deno.test("planRunArgs() in a terminal", () => {
  assert.deepEqual(planRunArgs(spec), [
    "--project-name",
    "demo-0123456789ab",
    "--file",
    "/s/cages/demo/compose.yml",
    "run",
    "--name",
    "demo-0123456789ab-claude-0a1b2c3d",
    "--no-deps",
    "--label",
    "dev.sandcage.session=0a1b2c3d",
    "--workdir",
    "/home/ada/demo/sub",
    "--env",
    "TERM=xterm-256color",
    "claude",
    "claude",
    "-p",
    "a $b 'c'",
  ]);
});

Deno.test("planRunArgs() without a terminal, with ports and a handover", () => {
  const args = planRunArgs({ ...spec, tty: false, publish: true, handover: true, env: {} });
  assert.deepEqual(args.slice(args.indexOf("--workdir") + 2, args.indexOf("claude")), [
    "--no-TTY",
    "--service-ports",
    "--env",
    "CAGE_HANDOVER=1",
  ]);
});

Deno.test("where a gateway is, it is the one that publishes", () => {
  const published = { ...spec, publish: true, gateway: true };
  assert.ok(!planRunArgs(published).includes("--service-ports"));
  const args = planGatewayArgs(published);
  assert.deepEqual(args.slice(args.indexOf("run")), [
    "run",
    "--name",
    "demo-0123456789ab-claude-0a1b2c3d-gateway",
    "--no-deps",
    "--label",
    "dev.sandcage.session=0a1b2c3d",
    "--rm",
    "--no-TTY",
    "--service-ports",
    "claude.gateway",
  ]);
});

Deno.test("planTerminalEnv() passes the terminal's variables and nothing else of the host", () => {
  const env = { TERM: "xterm", COLORTERM: "truecolor", HOME: "/root", SECRET: "x", NO_COLOR: "" };
  assert.deepEqual(planTerminalEnv(env, true), {
    TERM: "xterm",
    COLORTERM: "truecolor",
    NO_COLOR: "",
  });
  assert.deepEqual(planTerminalEnv(env, false), { COLORTERM: "truecolor", NO_COLOR: "" });
});

Deno.test("planTerminalEnv() drops a value that is no plain word", () => {
  assert.deepEqual(planTerminalEnv({ TERM: "x; rm -rf /", COLORTERM: "a\nb" }, true), {});
});
