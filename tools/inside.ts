/**
 * What a cage looks like from inside, read by the agent's own means. The tests judge it; the demo
 * shows it.
 */
export type Inside = {
  uid: number;
  gid: number;
  hostname: string;
  home: string;
  /** Lines of /proc/self/status by name: `CapEff`, `NoNewPrivs`, `Seccomp`, … */
  status: Map<string, string>;
  /** Environment by name. */
  env: Map<string, string>;
  mounts: Mount[];
  /** Path and whether a file could be made there. */
  writable: Map<string, boolean>;
  /** `memory`, `pids` and `cpu` as the kernel spells them, whichever cgroup version. */
  limits: { memory: string; pids: string; cpu: string };
  /** Container engine sockets that exist. */
  sockets: string[];
  /** Names below /home, /root and the agent's home. */
  homes: string[];
  /** Network interfaces. */
  interfaces: string[];
  /** Whether anybody answers where the default route leads: in an ordinary network the machine. */
  routed: boolean;
};

/** One line of /proc/self/mountinfo. */
export type Mount = { target: string; options: string[]; type: string; source: string };

/** Shell script that prints everything {@link parseInside} reads; needs only coreutils. */
export const INSIDE_SCRIPT = `
section() { echo "@@$1"; }
section ids; id -u; id -g; hostname 2>/dev/null || cat /etc/hostname; echo "$HOME"
section status; cat /proc/self/status
section env; env -0 | tr '\\n\\0' ' \\n'
section mounts; cat /proc/self/mountinfo
section writable
for dir in / /etc /usr /opt /tmp "$HOME" "$PWD"; do
  if (: > "$dir/.sandcage-probe") 2>/dev/null; then rm -f "$dir/.sandcage-probe"; echo "yes $dir"
  else echo "no $dir"; fi
done
section limits
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max
else
  cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max
  echo "$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us) $(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us)"
fi
section sockets
find / -xdev -name '*.sock' -type s 2>/dev/null
ls -d /var/run/docker.sock /run/docker.sock /run/containerd /run/podman 2>/dev/null
section homes; ls -A /home /root "$HOME" 2>/dev/null
section interfaces; ls /sys/class/net
section routes
# The kernel spells the next hop backwards in hexadecimal. Port 9 is nobody's: "refused" is an answer.
bash -c 'while read -r _ destination hop _; do
  [ "$destination" = 00000000 ] || continue
  hop=$((16#\${hop:6:2})).$((16#\${hop:4:2})).$((16#\${hop:2:2})).$((16#\${hop:0:2}))
  timeout 1 bash -c "exec 3<>/dev/tcp/$hop/9" 2>&1 | grep -q refused && echo answered
done' < /proc/net/route
`;

/** Reads what {@link INSIDE_SCRIPT} printed. */
export function parseInside(text: string): Inside {
  const sections = splitSections(text);
  const of = (name: string) => sections.get(name) ?? [];
  const [uid, gid, hostname, home] = of("ids");
  const [memory, pids, cpu] = of("limits");
  return {
    uid: Number(uid),
    gid: Number(gid),
    hostname: hostname ?? "",
    home: home ?? "",
    status: new Map(of("status").map((line) => splitOnce(line, ":"))),
    env: new Map(of("env").map((line) => splitOnce(line, "="))),
    mounts: of("mounts").map(parseMount),
    writable: new Map(
      of("writable").map((line) => {
        const [answer, path] = splitOnce(line, " ");
        return [path, answer === "yes"];
      }),
    ),
    limits: { memory: memory ?? "", pids: pids ?? "", cpu: cpu ?? "" },
    sockets: of("sockets"),
    homes: of("homes"),
    interfaces: of("interfaces"),
    routed: of("routes").includes("answered"),
  };
}

/** @see {@link https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html} */
function parseMount(line: string): Mount {
  const [before, after] = splitOnce(line, " - ");
  const fields = before.split(" ");
  const [type, source] = after.split(" ");
  return {
    target: fields[4] ?? "",
    options: (fields[5] ?? "").split(","),
    type: type ?? "",
    source: source ?? "",
  };
}

function splitSections(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.replaceAll("\r", "").split("\n")) {
    if (line.startsWith("@@")) sections.set(line.slice(2), lines = []);
    else if (line !== "") lines.push(line);
  }
  return sections;
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + separator.length).trim()];
}
