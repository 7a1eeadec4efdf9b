import type { ComposeService } from "../../../../../src/cage/compose_document.ts";
import type { Hole } from "../hole.ts";
import type { Weakened } from "../mutate.ts";

/** What a container loses of what compose is given. */
export type ContainerChange = (service: ComposeService) => Weakened;

const PLAIN_ENTRY = ["sh", "-c", 'exec "$@"', "sh"];

/** Holes in the walls of a container, each made by one change of its service. */
export const CONTAINER_HOLES: readonly Hole<ContainerChange>[] = [
  {
    name: "a capability is kept",
    change: () => ({ cap_add: ["NET_RAW"], user: "0:0" }),
    red: ["C01", "C12", "C19"],
  },
  {
    name: "devices can be made",
    change: () => ({ cap_add: ["MKNOD"], user: "0:0" }),
    red: ["C01", "C14", "C19"],
  },
  {
    name: "a root can be changed",
    change: () => ({ cap_add: ["SYS_CHROOT"], user: "0:0" }),
    red: ["C01", "C13", "C19"],
  },
  {
    // The entry program's own filter would refuse to start.
    name: "privileges can be gained",
    change: () => ({ security_opt: [], entrypoint: PLAIN_ENTRY }),
    red: ["C01", "C11"],
  },
  {
    name: "no system call is filtered",
    change: ({ security_opt }) => ({ security_opt: [...security_opt, "seccomp=unconfined"] }),
    red: ["C01", "C02"],
  },
  {
    name: "what the kernel tells is not covered",
    change: ({ security_opt }) => ({ security_opt: [...security_opt, "systempaths=unconfined"] }),
    red: ["C03", "C15"],
  },
  {
    name: "the system can be written",
    change: () => ({ read_only: false }),
    red: ["C16", "C17", "C19"],
  },
  {
    name: "a temporary folder takes setuid programs",
    change: ({ tmpfs }) => ({ tmpfs: tmpfs.map((line) => line.replace("nosuid", "suid")) }),
    red: ["C17"],
  },
  { name: "the agent is root", change: () => ({ user: "0:0" }), red: ["C01"] },
  {
    name: "no limit is passed on",
    change: () => ({
      pids_limit: undefined,
      mem_limit: undefined,
      memswap_limit: undefined,
      cpus: undefined,
    }),
    red: ["C01", "C05"],
  },
  { name: "processes have no limit", change: () => ({ pids_limit: -1 }), red: ["C01", "C05"] },
  {
    name: "memory has another limit",
    change: () => ({ mem_limit: "1g", memswap_limit: "1g" }),
    red: ["C01", "C05"],
  },
  {
    name: "the engine's socket is mounted",
    change: ({ volumes }) => ({
      volumes: [
        ...volumes,
        { type: "bind", source: "/var/run/docker.sock", target: "/run/docker.sock" },
      ],
    }),
    red: ["C02"],
  },
  {
    name: "a device is passed",
    change: () => ({ devices: ["/dev/null:/dev/net/tun"] }),
    red: ["C02", "C19"],
  },
  {
    // Its blocks may be read, and nobody does.
    name: "a disk is in sight",
    change: () => ({ devices: ["/dev/loop0:/dev/loop0:r"] }),
    red: ["C02", "C19"],
  },
  {
    name: "the host's processes are in sight",
    change: () => ({ pid: "host" }),
    red: ["C02", "C19"],
  },
  { name: "the host's shared memory is in sight", change: () => ({ ipc: "host" }), red: ["C19"] },
  {
    name: "a variable names the user",
    change: ({ environment }) => ({ environment: { ...environment, LOGNAME: "ottilie" } }),
    red: ["C04"],
  },
  {
    name: "a folder is left open",
    change: ({ entrypoint }) => ({
      entrypoint: ["sh", "-c", 'exec 9</ && exec "$@"', "sh", ...entrypoint],
    }),
    red: ["C18"],
  },
  {
    name: "the engine keeps what is printed",
    change: () => ({ logging: { driver: "json-file" } }),
    red: ["C19"],
  },
  {
    name: "the entry program is left out",
    change: () => ({ entrypoint: PLAIN_ENTRY }),
    red: ["C11"],
  },
];
