import assert from "node:assert/strict";
import { planDockerRun } from "../../bench/references.ts";

const COMPOSE = `
name: cage
services:
  shell:
    image: sandcage/base:1
    user: "1000:1000"
    entrypoint: [/entry]
    command: [bash]
    working_dir: /p/a$$b
    environment: { A: $$x }
    labels: { l: v }
    volumes:
      - { type: volume, source: home, target: /home/agent }
      - { type: bind, source: /p/a$$b, target: /p/a$$b, read_only: false }
      - { type: bind, source: /p/.git/hooks, target: /p/.git/hooks, read_only: true }
      - { type: tmpfs, target: /p/hidden, read_only: true }
    networks: [egress]
    mem_limit: 8g
    memswap_limit: 8g
    cpus: 2
    pids_limit: 100
    init: true
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    hostname: cage
    tmpfs: ["/tmp:rw"]
    logging: { driver: none }
networks: { egress: { name: sandcage-egress, external: true } }
volumes: { home: { name: home, external: true } }
`;

Deno.test("planDockerRun() starts the container of a compose document", () => {
  assert.deepEqual(
    planDockerRun(COMPOSE, "shell").join(" ").split(" --").join("\n--").split("\n"),
    [
      "run",
      "--rm",
      "--init",
      "--read-only",
      "--user 1000:1000",
      "--workdir /p/a$b",
      "--hostname cage",
      "--log-driver none",
      "--network sandcage-egress",
      "--memory 8g",
      "--memory-swap 8g",
      "--cpus 2",
      "--pids-limit 100",
      "--entrypoint /entry",
      "--cap-drop ALL",
      "--security-opt no-new-privileges:true",
      "--tmpfs /tmp:rw",
      "--env A=$x",
      "--label l=v",
      "--mount type=volume,source=home,target=/home/agent",
      "--mount type=bind,source=/p/a$b,target=/p/a$b",
      "--mount type=bind,source=/p/.git/hooks,target=/p/.git/hooks,readonly",
      "--mount type=tmpfs,target=/p/hidden,readonly sandcage/base:1",
    ],
  );
});

Deno.test("planDockerRun() refuses a service that is not there", () => {
  assert.throws(() => planDockerRun(COMPOSE, "claude"), /No service claude/);
});
