import type { Case, Finding } from "../case.ts";
import { judgeDoors } from "./doors.ts";
import {
  type ContainerEvidence,
  judgeLeftOpen,
  judgeMounts,
  judgeNeighbours,
  judgeRights,
  judgeTraces,
} from "./judge.ts";

/** A case that is judged from what was seen inside, once for all of them. */
export type ContainerCase = Case & {
  judge(evidence: ContainerEvidence): Finding | { notApplicable: string };
};

const doors = (...names: string[]) => ({ views }: ContainerEvidence) => judgeDoors(names, views);

const SUITE = "container";
const OURS = "sandcage";

/** What the kernel holds an agent back from, seen from inside its container. */
export const LOOKED_AT: readonly ContainerCase[] = [
  {
    id: "C01",
    suite: SUITE,
    title: "no capability, no new privileges, seccomp, limits exactly as configured",
    threat: "an agent with rights left over turns a bug of the kernel into the machine",
    expectation:
      "CapEff 0, NoNewPrivs 1, Seccomp 2, the planned uid, limits to the byte; a container with every right shows other values",
    source: "agentcage",
    brokenBy: "a capability is kept",
    quick: true,
    judge: judgeRights,
  },
  {
    id: "C02",
    suite: SUITE,
    title: "no engine socket, no device, no mount, namespace, bpf or keyring",
    threat: "one of them is enough to leave the container",
    expectation:
      "each is denied or absent, to the agent and to root inside; a container with every right gets through",
    source: "alcatrazer, sandbox-runtime",
    brokenBy: "the engine's socket is mounted",
    quick: true,
    judge(evidence) {
      const tried = doors(
        ...["mount", "user namespace", "network namespace", "setns", "bpf", "keyctl"],
        ...["/dev/kmsg", "/dev/mem", "/dev/fuse", "/dev/net/tun"],
      )(evidence);
      const near = judgeNeighbours(evidence);
      return mergeFindings(tried.seen, [tried, near]);
    },
  },
  {
    id: "C03",
    suite: SUITE,
    title: "no setting of the kernel can be written",
    threat:
      "core_pattern, release_agent and their like run a program of the agent's on the machine",
    expectation:
      "nothing below /proc/sys, /sys and the control groups opens for writing; a temporary folder does",
    source: "agentcage",
    brokenBy: "what the kernel tells is not covered",
    quick: true,
    judge: doors(
      ...["sysrq-trigger", "core_pattern", "modprobe", "uevent_helper", "release_agent"],
      "cgroup limits",
    ),
  },
  {
    id: "C04",
    suite: SUITE,
    title: "nothing inside names you, your machine or the tool",
    threat: "an agent, or whoever it talks to, learns whose machine it is on, and what to break",
    expectation:
      "none of the names in mounts, variables, hostname, accounts, git; the same search finds what is there",
    source: "alcatrazer",
    brokenBy: "a variable names the user",
    quick: true,
    judge: judgeTraces,
  },
  {
    id: "C11",
    suite: SUITE,
    title: "the doors of the kernel that had most holes are shut",
    threat: "io_uring, userfaultfd and perf have been the way into kernels year after year",
    expectation: "none answers; each does in a container without a filter",
    source: OURS,
    brokenBy: "the entry program is left out",
    quick: true,
    judge({ views }) {
      const all = judgeDoors(["userfaultfd", "perf_event_open", "open_by_handle_at"], views);
      // The entry program's filter is the agent's; root inside is only ever somebody of the machine.
      const ring = judgeDoors(["io_uring"], { ...views, root: views.agent });
      return mergeFindings("each refused", [all, ring]);
    },
  },
  {
    id: "C12",
    suite: SUITE,
    title: "no packet can be made by hand, none of a neighbour read",
    threat: "a raw socket forges addresses of the gateway, and hears what others send",
    expectation: "raw and packet sockets are refused; a container with every right gets them",
    source: OURS,
    brokenBy: "a capability is kept",
    quick: true,
    judge: doors("packet socket", "raw socket"),
  },
  {
    id: "C13",
    suite: SUITE,
    title: "no module, no other kernel, no reboot, no other root",
    threat: "code in the kernel, or another view of the file system, ends every other wall",
    expectation: "refused before what was asked for is looked at",
    source: OURS,
    brokenBy: "a root can be changed",
    quick: true,
    judge: doors("kexec", "init_module", "reboot", "pivot_root", "chroot"),
  },
  {
    id: "C14",
    suite: SUITE,
    title: "no device can be made, no user changed",
    threat: "a node with the numbers of the disk is the disk",
    expectation: "mknod and setuid are refused to the agent and to root inside",
    source: OURS,
    brokenBy: "devices can be made",
    quick: true,
    judge({ views }) {
      const nodes = judgeDoors(["device node"], views);
      const users = judgeDoors(["root"], { ...views, root: views.agent });
      return mergeFindings("mknod refused, uid 0 out of reach", [nodes, users]);
    },
  },
  {
    id: "C15",
    suite: SUITE,
    title: "what the kernel tells of the machine is covered",
    threat: "memory, keys and timers of the machine help whoever wants out",
    expectation:
      "kcore, keys, timer_list, firmware and debug files are empty; a container with every right reads some",
    source: OURS,
    brokenBy: "what the kernel tells is not covered",
    quick: true,
    judge: doors(
      "/proc/kcore",
      "/proc/keys",
      "/proc/timer_list",
      "/sys/firmware",
      "/sys/kernel/debug",
    ),
  },
  {
    id: "C16",
    suite: SUITE,
    title: "the system cannot be changed, not even by root inside",
    threat: "a program swapped in the image runs with the next session's secrets",
    expectation: "no file can be made in /, /usr/bin, /etc, /opt; one can in /tmp",
    source: OURS,
    brokenBy: "the system can be written",
    quick: true,
    judge: doors("write /", "write /usr/bin", "write /etc", "write /opt"),
  },
  {
    id: "C17",
    suite: SUITE,
    title: "temporary folders hold no setuid program and no device",
    threat: "what an image's owner forbids comes back through a folder anybody writes to",
    expectation: "nosuid and nodev on each, / read-only",
    source: OURS,
    brokenBy: "a temporary folder takes setuid programs",
    quick: true,
    judge: judgeMounts,
  },
  {
    id: "C18",
    suite: SUITE,
    title: "no descriptor of the machine is left open",
    threat: "one folder of the machine that is still open is a way to all others (CVE-2024-21626)",
    expectation:
      "no folder among the open files of the agent and of process 1; a working directory that has a path",
    source: OURS,
    brokenBy: "a folder is left open",
    quick: true,
    judge: judgeLeftOpen,
  },
];

const LOADS: Case = {
  id: "C05",
  suite: SUITE,
  title: "a fork bomb, a memory hog and a full folder end at the limits",
  threat: "one runaway agent takes the machine down with everybody else's work",
  expectation:
    "the limit is met and named by the kernel, the engine answers meanwhile; less than the limit completes",
  source: "own idea of the list",
  brokenBy: "no limit is passed on",
  quick: false,
};

const RECORD: Case = {
  id: "C19",
  suite: SUITE,
  title: "the engine has no privilege, device or namespace of the host on record",
  threat: "what the inside cannot see may still have been given",
  expectation: "nothing of the host in the engine's own record, no copy of what the agent prints",
  source: OURS,
  brokenBy: "the engine keeps what is printed",
  quick: true,
};

/** Every case of a container, in the order of reports. */
export const CONTAINER_CASES: readonly Case[] = [...LOOKED_AT, LOADS, RECORD]
  .toSorted((a, b) => a.id.localeCompare(b.id));

function mergeFindings(seen: string, findings: readonly Finding[]): Finding {
  return {
    held: findings.every(({ held }) => held),
    control: findings.every(({ control }) => control),
    seen,
    evidence: [...new Set(findings.flatMap(({ evidence }) => evidence))],
  };
}
