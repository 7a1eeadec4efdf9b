/** One mount of a process's mount namespace. */
export type MountInfo = {
  /** Unique while the mount lives; it keeps it when the directory around it is renamed. */
  id: string;
  /** Path in that namespace. */
  target: string;
};

/**
 * Parses `/proc/PID/mountinfo`.
 *
 * @see {@link https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html}
 */
export function parseMountInfo(text: string): MountInfo[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const fields = line.split(" ");
    return { id: fields[0] ?? "", target: unescape(fields[4] ?? "") };
  });
}

/** The kernel escapes blank, tab, newline and backslash as octal bytes. */
function unescape(field: string): string {
  return field.replace(
    /\\([0-7]{3})/g,
    (_, code: string) => String.fromCharCode(parseInt(code, 8)),
  );
}

/**
 * Reads the mounts of a container from outside, by the process id of its first process. Answers
 * `undefined` where that is not possible: not on Linux, an engine in a virtual machine, a process of
 * another user, or one that has ended. So it does for a number that is a stranger's here: an engine
 * in a container counts processes for itself, and numbers are given again.
 *
 * @param first.container The container's full id, as it stands in the process's control groups.
 */
export async function readMountInfo(
  first: { pid: number; container: string },
): Promise<MountInfo[] | undefined> {
  try {
    const mounts = await Deno.readTextFile(`/proc/${first.pid}/mountinfo`);
    const groups = await Deno.readTextFile(`/proc/${first.pid}/cgroup`);
    return groups.includes(first.container) ? parseMountInfo(mounts) : undefined;
  } catch {
    return undefined;
  }
}
