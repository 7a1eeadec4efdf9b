import type { ContainerFacts, ContainerViews } from "../../../../src/verify/container/facts.ts";
import { LOOKED_AT } from "../../../../src/verify/container/cases.ts";
import type { Expected } from "../../../../src/verify/container/expected.ts";
import look from "../../../../src/verify/container/look.py" with { type: "text" };

/** Every door that look.py tries. */
export const DOORS = [
  ...look.slice(look.indexOf("TRIES = {"), look.indexOf("\n}\n", look.indexOf("TRIES = {")))
    .matchAll(/^ {4}"([^"]+)": (?:lambda|[a-z_]+)/gm),
]
  .map((match) => match[1]!);

export const EXPECTED: Expected = {
  user: { uid: 1000, gid: 1000 },
  memoryBytes: 536_870_912,
  pids: 200,
  cpus: 0.5,
  marks: ["ottilie", "/home/ottilie"],
  insidePath: "/home/ottilie/work/api",
};

const CLOSED: ContainerFacts = {
  status: {
    Uid: "1000\t1000\t1000\t1000",
    Gid: "1000\t1000\t1000\t1000",
    NoNewPrivs: "1",
    Seccomp: "2",
    CapInh: "0000000000000000",
    CapPrm: "0000000000000000",
    CapEff: "0000000000000000",
    CapBnd: "0000000000000000",
    CapAmb: "0000000000000000",
  },
  limits: { memory: "536870912", pids: "200", cpu: "50000 100000" },
  mounts: [
    "1 0 0:1 / / ro,relatime - overlay overlay rw",
    "2 1 0:2 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw",
    "3 1 0:3 / /var/tmp rw,nosuid,nodev - tmpfs tmpfs rw",
    "4 1 0:4 / /run rw,nosuid,nodev,noexec - tmpfs tmpfs rw",
    "5 1 8:1 /home/ottilie/work/api /home/ottilie/work/api rw - ext4 /dev/vda rw",
  ],
  environment: { PATH: "/bin", PWD: "/home/ottilie/work/api" },
  initEnvironment: ["PATH=/bin"],
  hostname: "cage",
  gitConfig: "",
  passwd: "agent:x:1000:1000::/home/agent:/bin/bash",
  hosts: "127.0.0.1 localhost",
  init: "/sbin/docker-init -- bash",
  processes: 3,
  descriptors: { self: ["pipe:[1]", "/dev/null"], init: ["pipe:[1]"] },
  directory: "/home/ottilie/work/api",
  sockets: [],
  blockDevices: [],
  tries: { ...Object.fromEntries(DOORS.map((door) => [door, "EPERM"])), "write /tmp": "ok" },
};

/** A cage as it should be, seen by all three. */
export const VIEWS: ContainerViews = {
  agent: CLOSED,
  root: CLOSED,
  open: {
    ...CLOSED,
    status: { ...CLOSED.status, CapEff: "000001ffffffffff", Seccomp: "0", NoNewPrivs: "0" },
    tries: Object.fromEntries(DOORS.map((door) => [door, "ok"])),
  },
};

/** Ids of the cases that do not hold in a cage that looks so. */
export function findBroken(views: ContainerViews): string[] {
  return LOOKED_AT.filter((each) => {
    const found = each.judge({ views, expected: EXPECTED });
    return "held" in found && !found.held;
  }).map(({ id }) => id);
}
