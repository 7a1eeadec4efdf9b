import type { SetupStep } from "./engine_plan.ts";

/**
 * How this machine asks for the way back to whoever sent a packet (`net.ipv4.conf.*.rp_filter`):
 * 0 never, 1 and 2 always. A bridge is made with `fresh`, and the higher of its own value and `all`
 * is in force. Without it the machine takes datagrams to everybody from a bridge on which it has no
 * address, such as a session's.
 *
 * @see {@link https://docs.kernel.org/networking/ip-sysctl.html}
 */
export type ReturnPath = { all: number; fresh: number };

/** The command that asks from now on, until the machine starts again. */
export const ASK_NOW = "sysctl -w net.ipv4.conf.default.rp_filter=2";

const SYSCTL_DIR = "/proc/sys/net/ipv4/conf";
/** Read at each start of the machine, in order of the names; systemd's own is 50. */
const SYSCTL_FILE = "/etc/sysctl.d/60-sandcage.conf";
// Not `all`: containers inherit that, and it would loosen the gateways that are stricter.
const SYSCTL_TEXT =
  `# A session's bridge has no address of this machine. What a cage sends to everybody there
# (broadcasts, multicast) is dropped here only if the kernel asks for the way back to its sender.
# 2: any way will do, as systemd sets it, too.
net.ipv4.conf.default.rp_filter = 2
`;

/** Looks at this machine; null where there is no such thing. */
export async function observeReturnPath(): Promise<ReturnPath | null> {
  const [all, fresh] = await Promise.all(["all", "default"].map(readFilter));
  return all === undefined || fresh === undefined ? null : { all, fresh };
}

/** Whether what a cage calls to everybody can reach this machine. Pure. */
export function isHearing(path: ReturnPath | null): boolean {
  return path !== null && path.all === 0 && path.fresh === 0;
}

/** What makes it deaf to new bridges, now and for good; no steps where it is. Pure. */
export function planReturnPath(path: ReturnPath | null): SetupStep[] {
  if (!isHearing(path)) return [];
  const cause = "what a cage calls to everybody would be heard by this machine";
  const command = ["sh", "-c", `echo 2 >${SYSCTL_DIR}/default/rp_filter`];
  return [
    {
      kind: "write",
      title: "Ask where packets come from, at each start",
      cause,
      path: SYSCTL_FILE,
      text: SYSCTL_TEXT,
      optional: true,
    },
    { kind: "run", title: "Ask where packets come from", cause, command, optional: true },
  ];
}

/** What a user types instead: the same, for good. Pure. */
export function formatReturnPathFix(): string {
  return `sudo sandcage setup engine, or: ` +
    `echo 'net.ipv4.conf.default.rp_filter = 2' | sudo tee ${SYSCTL_FILE} && ` +
    `sudo sysctl -p ${SYSCTL_FILE}; holds for sessions started after it`;
}

async function readFilter(name: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(`${SYSCTL_DIR}/${name}/rp_filter`).catch(() => "");
  const value = Number.parseInt(text, 10);
  return Number.isInteger(value) ? value : undefined;
}
