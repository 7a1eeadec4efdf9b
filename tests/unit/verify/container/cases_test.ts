import assert from "node:assert/strict";
import { LOOKED_AT } from "../../../../src/verify/container/cases.ts";
import type { ContainerFacts } from "../../../../src/verify/container/facts.ts";
import { DOORS, EXPECTED, findBroken, VIEWS } from "./facts.ts";

Deno.test("all is held in a cage as it should be, with working controls", () => {
  for (const each of LOOKED_AT) {
    const found = each.judge({ views: VIEWS, expected: EXPECTED });
    assert.deepEqual(
      "held" in found && [found.held, found.control, found.evidence],
      [true, true, []],
      each.id,
    );
  }
});

Deno.test("every door that is tried belongs to a case, and each case turns red by its own", () => {
  for (const door of DOORS.filter((name) => name !== "write /tmp")) {
    const tries = { ...VIEWS.agent.tries, [door]: "ok" };
    const broken = findBroken({ ...VIEWS, agent: { ...VIEWS.agent, tries } });
    assert.equal(broken.length, 1, `${door}: ${broken.join(" ")}`);
  }
});

const withStatus = (status: Record<string, string>): Partial<ContainerFacts> => ({
  status: { ...VIEWS.agent.status, ...status },
});

for (
  const [what, change, id] of [
    ["a capability is left", withStatus({ CapBnd: "0000000000000400" }), "C01"],
    ["new privileges can be gained", withStatus({ NoNewPrivs: "0" }), "C01"],
    ["no system call is filtered", withStatus({ Seccomp: "0" }), "C01"],
    ["it is root", withStatus({ Uid: "0\t0\t0\t0" }), "C01"],
    ["memory has another limit", { limits: { ...VIEWS.agent.limits, memory: "1" } }, "C01"],
    ["processes have none", { limits: { ...VIEWS.agent.limits, pids: "max" } }, "C01"],
    ["processors have none", { limits: { ...VIEWS.agent.limits, cpu: "-1 100000" } }, "C01"],
    ["an engine listens", { sockets: ["/run/docker.sock"] }, "C02"],
    ["a disk is there", { blockDevices: ["/dev/sda"] }, "C02"],
    ["it is process 1 of the machine", { init: "/lib/systemd/systemd" }, "C02"],
    ["its init only says so", { init: "/lib/systemd/systemd --tini /sbin/tini" }, "C02"],
    ["a variable names the user", { environment: { USER: "ottilie" } }, "C04"],
    ["a mount names the user's home", {
      mounts: [...VIEWS.agent.mounts, "6 1 8:1 /home/Ottilie/.ssh /x rw - ext4 d rw"],
    }, "C04"],
    ["/ can be written", {
      mounts: VIEWS.agent.mounts.map((line) => line.replace("/ ro,", "/ rw,")),
    }, "C17"],
    ["/tmp takes setuid programs", {
      mounts: VIEWS.agent.mounts.map((line) => line.replace("/tmp rw,nosuid,", "/tmp rw,")),
    }, "C17"],
    ["a folder of the machine is open", {
      descriptors: { self: ["/sys/fs/cgroup/"], init: [] },
    }, "C18"],
    ["it stands in a folder without a path", { directory: "(unreachable)/x" }, "C18"],
  ] as const
) {
  Deno.test(`${id} does not hold when ${what}`, () => {
    assert.deepEqual(findBroken({ ...VIEWS, agent: { ...VIEWS.agent, ...change } }), [id]);
  });
}

Deno.test("doors that are closed to everybody prove nothing", () => {
  const open = { ...VIEWS.open, tries: VIEWS.agent.tries };
  const unproved = LOOKED_AT.filter((each) => {
    const found = each.judge({ views: { ...VIEWS, open }, expected: EXPECTED });
    return "control" in found && !found.control;
  }).map(({ id }) => id);
  assert.deepEqual(unproved, ["C02", "C03", "C11", "C12", "C13", "C14", "C15", "C16"]);
});

Deno.test("where every container has the same names nothing can be told", () => {
  const each = LOOKED_AT.find(({ id }) => id === "C04")!;
  const found = each.judge({ views: VIEWS, expected: { ...EXPECTED, marks: [] } });
  assert.ok("notApplicable" in found);
});
