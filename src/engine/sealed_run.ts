import { LABEL } from "../names.ts";

/** One program in a container that has what is mounted, and nothing else. */
export type SealedRun = {
  image: string;
  /** The program and its arguments; the image's own entry is left out. */
  command: readonly [string, ...string[]];
  user: { uid: number; gid: number };
  /** Values of `--mount`. */
  mounts: readonly string[];
  /** Most memory, in MiB. */
  memoryMiB: number;
  /** Whose it is: its cage where it has one. */
  cageId?: string | undefined;
  /** Variables, `NAME=VALUE`. */
  env?: readonly string[];
  /** Whether its stdin is the caller's. */
  stdin: "open" | "none";
};

/** Most processes of one. */
const PROCESSES = 64;

/**
 * Arguments of the docker client for a container that is gone with its program: without a network, a
 * capability or anything it may write but its mounts, as what is mounted is an agent's. Pure.
 */
export function planSealedRun(run: SealedRun): string[] {
  const { image, command: [program, ...args], user, cageId } = run;
  const memory = `${run.memoryMiB}m`;
  return [
    ...["run", "--rm", ...(run.stdin === "open" ? ["--interactive"] : [])],
    ...["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"],
    ...["--init", `--pids-limit=${PROCESSES}`, `--memory=${memory}`, `--memory-swap=${memory}`],
    ...["--log-driver=none", `--user=${user.uid}:${user.gid}`, `--label=${LABEL.managed}=true`],
    ...(cageId === undefined
      ? []
      : [`--label=${LABEL.cage}=${cageId}`, `--label=${LABEL.role}=courier`]),
    ...run.mounts.map((mount) => `--mount=${mount}`),
    ...(run.env ?? []).map((variable) => `--env=${variable}`),
    ...[`--entrypoint=${program}`, image, ...args],
  ];
}
