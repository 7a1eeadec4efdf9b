import assert from "node:assert/strict";
import { parseInside } from "../../../tools/inside.ts";

const PRINTED = `@@ids
1000
20
cage
/home/agent
@@status
Name:\tcat
CapEff:\t0000000000000000
NoNewPrivs:\t1
@@env
HOME=/home/agent
A=b=c
@@mounts
900 899 0:50 / / ro,relatime - overlay overlay rw,lowerdir=/x
905 900 0:51 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw
@@writable
no /
yes /tmp
@@limits
8589934592
2048
200000 100000
@@sockets
@@homes
.bashrc
@@interfaces
eth0
lo
@@routes
answered
`;

Deno.test("parseInside() reads every section of what the script prints", () => {
  assert.deepEqual(parseInside(PRINTED), {
    uid: 1000,
    gid: 20,
    hostname: "cage",
    home: "/home/agent",
    status: new Map([
      ["Name", "cat"],
      ["CapEff", "0000000000000000"],
      ["NoNewPrivs", "1"],
    ]),
    env: new Map([["HOME", "/home/agent"], ["A", "b=c"]]),
    mounts: [
      { target: "/", options: ["ro", "relatime"], type: "overlay", source: "overlay" },
      { target: "/tmp", options: ["rw", "nosuid", "nodev"], type: "tmpfs", source: "tmpfs" },
    ],
    writable: new Map([["/", false], ["/tmp", true]]),
    limits: { memory: "8589934592", pids: "2048", cpu: "200000 100000" },
    sockets: [],
    homes: [".bashrc"],
    interfaces: ["eth0", "lo"],
    routed: true,
  });
});
