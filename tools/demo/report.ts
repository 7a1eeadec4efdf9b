import type { Inside } from "../inside.ts";

/** One line of the closing table: what, what was measured, whether it is as it should be. */
export type Fact = { what: string; measured: string; held: boolean };

/** What the demo compares its measurements with. */
export type HostFacts = { home: string; hostname: string; project: string; uid: number };

/** Judges a cage by what was read from inside it. Pure. */
export function judgeInside(inside: Inside, host: HostFacts): Fact[] {
  const caps = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
    .map((line) => inside.status.get(line) ?? "?");
  const root = inside.mounts.findLast((mount) => mount.target === "/");
  const writable = [...inside.writable].filter(([, answer]) => answer).map(([path]) => path);
  const leaked = [...inside.env.values()].filter((value) =>
    value.includes(host.home) && !value.includes(host.project)
  );
  return [
    {
      what: "capabilities",
      measured: caps.every((cap) => /^0+$/.test(cap)) ? "none, in all five sets" : caps.join(" "),
      held: caps.every((cap) => /^0+$/.test(cap)),
    },
    {
      what: "new privileges",
      measured: inside.status.get("NoNewPrivs") === "1" ? "cannot be gained" : "possible",
      held: inside.status.get("NoNewPrivs") === "1",
    },
    {
      what: "system calls",
      measured: inside.status.get("Seccomp") === "2" ? "filtered by seccomp" : "not filtered",
      held: inside.status.get("Seccomp") === "2",
    },
    {
      what: "root filesystem",
      measured: root?.options.includes("ro") ? "read-only" : "writable",
      held: root?.options.includes("ro") === true,
    },
    {
      what: "can write",
      measured: writable.join(", "),
      held: writable.every((path) => ["/tmp", inside.home, host.project].includes(path)),
    },
    {
      what: "user inside",
      measured: `uid ${inside.uid}, home ${inside.home} (a volume, not ${host.home})`,
      held: inside.uid === host.uid && inside.home !== host.home,
    },
    {
      what: "environment",
      measured: `${inside.env.size} variables, none of them from the host's home`,
      held: leaked.length === 0,
    },
    {
      what: "hostname",
      measured: inside.hostname,
      held: inside.hostname !== host.hostname,
    },
    {
      what: "engine socket",
      measured: inside.sockets.length === 0 ? "not there" : inside.sockets.join(", "),
      held: inside.sockets.length === 0,
    },
    {
      what: "limits",
      measured: formatLimits(inside.limits),
      held: !/max|^9223372036854771712/.test(inside.limits.memory + inside.limits.pids),
    },
    {
      what: "network",
      measured: inside.routed
        ? "a route to everywhere"
        : "no route out: the gateway of the session is the only neighbour",
      held: !inside.routed && !inside.interfaces.includes("docker0"),
    },
  ];
}

/** The table as text, one line for each fact. */
export function formatFacts(facts: readonly Fact[]): string {
  const width = Math.max(...facts.map((fact) => fact.what.length));
  return facts.map((fact) =>
    `  ${fact.held ? "✓" : "✗"} ${fact.what.padEnd(width)}  ${fact.measured}`
  ).join("\n");
}

/** One event of Claude Code's `stream-json` in a person's words; `undefined` when it is no news. */
export function formatEvent(line: string): string | undefined {
  let event: { type?: string; subtype?: string; model?: string; message?: { content?: unknown } };
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (event.type === "system" && event.subtype === "init") return `model ${event.model}`;
  if (event.type !== "assistant" || !Array.isArray(event.message?.content)) return undefined;
  return event.message.content.map(formatBlock).filter(Boolean).join("\n") || undefined;
}

type Block = { type?: string; text?: string; name?: string; input?: Record<string, unknown> };

function formatBlock(block: Block): string | undefined {
  if (block.type === "text") return block.text;
  if (block.type !== "tool_use") return undefined;
  return `${block.name}(${String(block.input?.file_path ?? block.input?.command ?? "")})`;
}

function formatLimits(limits: Inside["limits"]): string {
  const gib = Number(limits.memory) / 2 ** 30;
  const [quota, period] = limits.cpu.split(" ").map(Number);
  const cpus = quota !== undefined && period !== undefined && quota > 0 ? quota / period : NaN;
  const memory = Number.isFinite(gib) ? `${gib.toFixed(1)} GiB memory` : `memory ${limits.memory}`;
  const cpu = Number.isFinite(cpus) ? `${cpus} CPUs` : `CPU ${limits.cpu}`;
  return `${memory}, ${cpu}, ${limits.pids} processes`;
}
