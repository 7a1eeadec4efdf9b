import type { Finding } from "../case.ts";

/** One program as an editor saw it. */
export type Transcript = { code: number; stdout: Uint8Array; stderr: string };

/** Something that was asked for. */
export type Ask = {
  /** For people. */
  what: string;
  /** It came through to the other side. */
  reached: boolean;
  /** It has to: the control. */
  isAllowed: boolean;
};

/** A message in a spelling of its own. */
export type Spelling = {
  what: string;
  /** Lines that reached the editor. */
  reached: readonly string[];
  /** It asks for nothing that is refused, and has to reach it. */
  isHarmless: boolean;
};

/** What came of an agent and an editor that spoke through the relay. */
export type Conversation = {
  /** What was sent, and what came back of it: through the relay and without one. */
  mirror: { sent: Uint8Array; relayed: Transcript; direct: Transcript };
  /** How the relay of an agent that waits ends when it gets a signal. */
  signals: readonly { name: string; code: number; want: number; lines: readonly string[] }[];
  /** Containers of the project that are there after all of it. */
  left: readonly string[];
  /** What the agent was told that the editor can do. */
  offered: { terminal?: unknown } | undefined;
  asks: readonly Ask[];
  openings: readonly Ask[];
  /** Which tools were told to be missing: one that is, and one that is not. */
  tools: { missing: boolean; present: boolean };
  spellings: readonly Spelling[];
  links: readonly Ask[];
  /** What sandcage said. */
  said: string;
};

/** What the agent that waits says first. */
export const READY = '{"jsonrpc":"2.0","method":"_ready"}';

/** Exit code that the agent which gives all back ends with. */
const MIRROR_CODE = 7;

/** The relay is not there, as far as bytes and exit codes tell. Pure. */
export function judgeBytes({ mirror, signals, left }: Conversation): Finding {
  const { sent, relayed, direct } = mirror;
  const differs = findDifference(relayed.stdout, direct.stdout);
  const evidence = [
    ...(differs === undefined ? [] : [
      `byte ${differs} is another: ${relayed.stdout.length} came, ${direct.stdout.length} directly`,
    ]),
    ...(relayed.code === direct.code
      ? []
      : [`the exit code was ${relayed.code}, ${direct.code} directly`]),
    ...signals.flatMap(({ name, code, want, lines }) => [
      ...(code === want ? [] : [`${name} ended it with ${code} instead of ${want}`]),
      ...lines.slice(1).map((line) => `after ${name} it said ${JSON.stringify(line)}`),
    ]),
    ...left.map((name) => `the container ${name} stayed`),
  ];
  const isWhole = findDifference(direct.stdout.subarray(0, sent.length), sent) === undefined;
  return {
    held: evidence.length === 0,
    control: isWhole && direct.code === MIRROR_CODE && direct.stderr.includes("noise") &&
      signals.length > 0 && signals.every(({ lines }) => lines[0] === READY),
    seen: `${Math.round(sent.length / 1e6)} MB both ways as without it, ` +
      `${signals.length} signals, no container left`,
    evidence,
  };
}

function findDifference(one: Uint8Array, other: Uint8Array): number | undefined {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  if (at >= 0) return at;
  return one.length === other.length ? undefined : Math.min(one.length, other.length);
}

/** Nothing of the editor's machine is lent but files of the project. Pure. */
export function judgeLent({ offered, asks }: Conversation): Finding {
  const { evidence, control, refused } = judgeAsks(asks);
  if (offered?.terminal !== false) evidence.push("the terminal was offered");
  return {
    held: evidence.length === 0,
    control,
    seen: `the terminal not offered, ${refused} requests refused, files of the project passed`,
    evidence,
  };
}

/** Sessions open where the agent can see the files. Pure. */
export function judgeOpenings({ openings, tools }: Conversation): Finding {
  const { evidence, control, refused } = judgeAsks(openings);
  if (!tools.missing) evidence.push("a tool that is not in the cage was not told of");
  return {
    held: evidence.length === 0,
    control: control && !tools.present,
    seen: `${refused} directories refused, one in the project opened, a missing tool told`,
    evidence,
  };
}

/** No link leads out. Pure. */
export function judgeLinks({ links }: Conversation): Finding {
  const { evidence, control, refused } = judgeAsks(links);
  return {
    held: evidence.length === 0,
    control,
    seen: `${refused} ways out refused, a link within the project passed`,
    evidence,
  };
}

function judgeAsks(asks: readonly Ask[]) {
  const [allowed, forbidden] = [true, false].map((is) =>
    asks.filter(({ isAllowed }) => isAllowed === is)
  );
  const evidence = forbidden!.filter(({ reached }) => reached)
    .map(({ what }) => `${what} came through`);
  return {
    evidence,
    control: allowed!.length > 0 && allowed!.every(({ reached }) => reached),
    refused: forbidden!.length,
  };
}

/** What no spelling may bring to an editor. */
export const FORBIDDEN = { method: "fs/write_text_file", path: "/etc/verify" } as const;

/** However a line is read, it does not ask for the file. Pure. */
export function judgeSpellings({ spellings }: Conversation): Finding {
  const evidence = spellings.filter(({ reached }) => reached.some(isForbidden))
    .map(({ what }) => `${what} came through`);
  const harmless = spellings.filter(({ isHarmless }) => isHarmless);
  return {
    held: evidence.length === 0,
    control: harmless.length > 0 && harmless.every(({ reached }) => reached.length > 0),
    seen: `${spellings.length - harmless.length} spellings refused or cut, ` +
      `${harmless.length} harmless ones passed`,
    evidence,
  };
}

/** Whether any reader could find the request in a line. */
function isForbidden(line: string): boolean {
  const plain = line.replace(
    /\\u([0-9a-f]{4})/gi,
    (_, code) => String.fromCharCode(Number.parseInt(code, 16)),
  ).replaceAll("\\/", "/");
  return plain.includes(FORBIDDEN.method) && plain.includes(FORBIDDEN.path);
}

/** What sandcage says acts on no terminal. Pure. */
export function judgeWords({ said }: Conversation): Finding {
  // deno-lint-ignore no-control-regex
  const isActing = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(said);
  return {
    held: !isActing,
    control: said.includes("owned"),
    seen: "methods and paths with escapes were told, without a control character",
    evidence: isActing ? ["a word of the agent's acted on the terminal"] : [],
  };
}
